/** What two runs must have in common, and how it is said when they do not. */
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { baseline, comparer, thrownBy } from './two-runs.js';
import { choiceLines, generation, plainSuite, type WrittenRun } from './write-run.js';

const newFolder = temporaryFolders();
const compare = comparer(newFolder);

describe('what is not comparable is refused by name', () => {
  const written = (parts: Partial<typeof generation>) => ({
    suites: [plainSuite({ n: 1, suite: 'math500', groups: { all: 1 }, generation: { ...generation, ...parts } })],
  });
  const code = (parts: object) => ({
    ...written({ executes: true }),
    sandbox: {
      rung: 'bubblewrap' as const,
      bubblewrap: '0.8',
      python: '3.11.2',
      packages: {},
      defences: [],
      limits: { seconds: 3 },
      ...parts,
    },
  });
  const files = (sha256: string) => [
    { id: 'mmlu', source: '/data', licence: 'MIT', files: [{ path: 'x.csv', sha256, rows: 1 }], deviations: [] },
  ];
  const cases: [
    name: string,
    before: Partial<WrittenRun['record']>,
    after: Partial<WrittenRun['record']>,
    said: RegExp,
  ][] = [
    [
      'protocol',
      { suites: [plainSuite({ n: 1 })] },
      { suites: [plainSuite({ n: 1, protocol: 'lm-eval' })] },
      /mmlu protocol: official -> lm-eval/,
    ],
    [
      'version',
      { suites: [plainSuite({ n: 1 })] },
      { suites: [plainSuite({ n: 1, version: 2 })] },
      /mmlu version: 1 -> 2/,
    ],
    [
      'shots',
      { suites: [plainSuite({ n: 1 })] },
      { suites: [plainSuite({ n: 1, shots: 0 })] },
      /mmlu shots: 5 -> 0.*--allow shots/,
    ],
    [
      'data',
      { suites: [plainSuite({ n: 1, datasets: files('a'.repeat(64)) })] },
      { suites: [plainSuite({ n: 1, datasets: files('b'.repeat(64)) })] },
      /mmlu data mmlu x\.csv: aaaaaaaaaaaa -> bbbbbbbbbbbb/,
    ],
    [
      'questions',
      { suites: [plainSuite({ n: 1 })] },
      { suites: [plainSuite({ n: 3 })] },
      /mmlu questions of anatomy: 1 -> 3/,
    ],
    [
      'suites',
      { suites: [plainSuite({ n: 1 })] },
      { suites: [plainSuite({ n: 1, suite: 'ceval' })] },
      /no suite in common: mmlu -> ceval/,
    ],
    ['max_tokens', written({}), written({ max_tokens: 64 }), /math500 max_tokens: 512 -> 64.*--allow max-tokens/],
    ['temperature', written({}), written({ temperature: 0.8 }), /math500 temperature: 0 -> 0\.8.*--allow sampling/],
    ['chat', written({}), written({ asks: 'completion' }), /math500 asks: chat -> completion.*--allow chat/],
    ['samples', written({}), written({ samples: 2 }), /math500 samples: 1 -> 2/],
    ['Python', code({}), code({ python: '3.12.1' }), /sandbox Python: 3\.11\.2 -> 3\.12\.1.*--allow sandbox/],
    ['limits', code({}), code({ limits: { seconds: 9 } }), /sandbox seconds: 3 -> 9/],
  ];
  test.each(cases)('%s', async (_, before, after, said) => {
    const error = await thrownBy(compare({ record: before ?? {}, lines: [] }, { record: after ?? {}, lines: [] }));
    expect(error).toMatchObject({ code: 'run/not-comparable', exitCode: 3 });
    expect(error.message).toMatch(said);
  });

  const lines = choiceLines(2, () => true);
  const change = (parts: object) => [{ ...lines[0], ...parts }, lines[1]] as typeof lines;
  const samples: [name: string, lines: typeof lines, said: RegExp][] = [
    [
      'a prompt',
      change({ prompt_sha256: '0'.repeat(64) }),
      /mmlu prompts that differ \(prompt_sha256\): 1, the first is mmlu\/anatomy\/0/,
    ],
    ['a key', change({ target: 'C' }), /mmlu keys that differ: 1, the first is mmlu\/anatomy\/0/],
    [
      'a question',
      change({ id: 'mmlu/anatomy/7' }),
      /mmlu questions that only the baseline has: 1, the first is mmlu\/anatomy\/0/,
    ],
  ];
  test.each(samples)('%s of a sample', async (_, changed, said) => {
    const two = { suites: [plainSuite({ n: 2 })] };
    const error = await thrownBy(compare({ record: two, lines }, { record: two, lines: changed }));
    expect(error.message).toMatch(said);
  });

  test('unless the caller says that this is the point, for settings and never for questions', async () => {
    const two = (shots: number) => ({ suites: [plainSuite({ n: 2, shots })] });
    const prompts = lines.map((line) => ({ ...line, prompt_sha256: '0'.repeat(64) }));
    const comparison = await compare(
      { record: two(5), lines },
      { record: two(0), lines: prompts },
      { allow: ['shots'] },
    );
    expect(comparison.differs).toContainEqual({ field: 'mmlu shots', baseline: '5', candidate: '0', allowed: true });
    const error = await thrownBy(
      compare({ record: two(5), lines }, { record: two(0), lines: change({ target: 'C' }) }, { allow: ['shots'] }),
    );
    expect(error.message).toMatch(/keys that differ/);
  });

  test('a margin that is none', async () => {
    for (const margin of [-0.1, 1.5, Number.NaN]) {
      expect(await thrownBy(compare(baseline, baseline, { margin }))).toMatchObject({ code: 'usage/margin' });
    }
  });
});
