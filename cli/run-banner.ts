/** The lines before a run: which model, where and how it computes, what it is asked. */
import { isGpu } from '../engine/device.js';
import type { GenerationRecord, RunRecord, SandboxRecord, SuiteRecord } from '../runner/run-record.js';
import type { RunStart } from '../runner/run-suite.js';
import { renderCount, renderLarge } from './quantity.js';
import { wrapText } from './wrap-text.js';

/** What is about to run, each line at most `columns` wide where words allow. */
export function renderStart({ folder, record, done, total }: RunStart, columns = 80): string[] {
  const rows: [string, string][] = [
    ['model', renderModel(record)],
    ...renderEngine(record),
    ...record.suites.map((suite): [string, string] => [suite.suite, renderSuite(suite)]),
    ...(record.sandbox === undefined ? [] : [['sandbox', renderSandbox(record.sandbox)] satisfies [string, string]]),
    ['run', done === 0 ? folder : `${folder}, resumed with ${renderCount(done)} of ${renderCount(total)} samples done`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, text]) => wrapText(name.padEnd(width) + text, columns, width));
}

function renderEngine({ engine }: RunRecord): [string, string][] {
  const { remote } = engine;
  if (remote !== undefined) {
    const names = [remote.server ?? 'a server without a name', remote.version, remote.system_fingerprint];
    return [['server', [remote.base_url, ...names.filter((name) => name != null)].join(', ')]];
  }
  return [
    // A GPU's run has threads for little more than loading.
    ['device', `${engine.device}${isGpu(engine.device) ? '' : `, ${engine.threads} threads`}: ${engine.device_reason}`],
    ['dtype', engine.dtype],
  ];
}

function renderModel({ model, engine }: RunRecord): string {
  if (engine.kind === 'remote') return `${model.name}, as the server names it: weights and precision unknown`;
  const size = `${renderLarge(model.total_parameters)} parameters, ${renderLarge(model.active_parameters)} active`;
  const warning = model.random ? '; random weights: scores mean nothing' : '';
  return `${model.name} (${model.type}, ${size})${warning}`;
}

function renderSuite(suite: SuiteRecord): string {
  const samples = Object.values(suite.groups).reduce((sum, n) => sum + n, 0);
  const { asked, computed } = suite.prompt_tokens;
  const { generation } = suite;
  const how = generation === undefined ? `${suite.shots} shots` : renderGeneration(generation);
  const repeats = generation?.samples ?? 1;
  const sampled = repeats === 1 ? '' : `, ${renderCount(repeats)} samples of each question,`;
  const questions = `${suite.protocol}, ${how}, ${renderCount(samples / repeats)} questions`;
  const groups = Object.keys(suite.groups).length;
  const subjects = groups === 1 ? '' : ` in ${groups} subjects`;
  const tokens =
    asked === 0
      ? 'prompt tokens not counted'
      : `${renderCount(asked)} prompt tokens, ${renderCount(computed)} without repeated prefixes`;
  return `${questions}${subjects}${sampled} from ${renderSources(suite)}; ${tokens}`;
}

function renderGeneration(generation: GenerationRecord): string {
  const { asks, chat_template_sha256, endpoint, temperature, max_tokens } = generation;
  const plain = asks === 'chat' ? 'plain text instead of a chat' : 'continuation';
  const how = temperature === 0 ? 'greedy' : `temperature ${temperature}`;
  const form =
    endpoint === 'chat' ? "the server's chat template" : chat_template_sha256 === null ? plain : 'chat template';
  return `${form}, ${how}, up to ${renderCount(max_tokens)} tokens`;
}

function renderSandbox({ rung, bubblewrap, pyodide, python, toolchains = {} }: SandboxRecord): string {
  const languages = [`Python ${python}`, ...Object.values(toolchains)].join('; ');
  if (rung === 'unsafe') return `NONE (--unsafe-exec): generated programs run as you, ${languages}`;
  return `${[rung, bubblewrap ?? pyodide].filter((part) => part !== null).join(' ')}, ${languages}`;
}

function renderSources({ datasets }: SuiteRecord): string {
  const places = datasets.map(({ source }) => (source === 'embedded' ? 'the questions in the box' : source));
  return [...new Set(places)].join(', ');
}
