/** The lines before a run: which model, where and how it computes, what it is asked. */
import type { RunRecord, SuiteRecord } from '../runner/run-record.js';
import type { RunStart } from '../runner/run-suite.js';
import { renderCount, renderLarge } from './quantity.js';
import { wrapText } from './wrap-text.js';

/** What is about to run, each line at most `columns` wide where words allow. */
export function renderStart({ folder, record, done, total }: RunStart, columns = 80): string[] {
  const rows: [string, string][] = [
    ['model', renderModel(record)],
    ['device', `${record.engine.device}, ${record.engine.threads} threads: ${record.engine.device_reason}`],
    ['dtype', record.engine.dtype],
    ...record.suites.map((suite): [string, string] => [suite.suite, renderSuite(suite)]),
    ['run', done === 0 ? folder : `${folder}, resumed with ${renderCount(done)} of ${renderCount(total)} samples done`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, text]) => wrapText(name.padEnd(width) + text, columns, width));
}

function renderModel({ model }: RunRecord): string {
  const size = `${renderLarge(model.total_parameters)} parameters, ${renderLarge(model.active_parameters)} active`;
  const warning = model.random ? '; random weights: scores mean nothing' : '';
  return `${model.name} (${model.type}, ${size})${warning}`;
}

function renderSuite(suite: SuiteRecord): string {
  const samples = Object.values(suite.groups).reduce((sum, n) => sum + n, 0);
  const { asked, computed } = suite.prompt_tokens;
  const questions = `${suite.protocol}, ${suite.shots} shots, ${renderCount(samples)} questions`;
  const subjects = `${Object.keys(suite.groups).length} subjects`;
  const tokens = `${renderCount(asked)} prompt tokens, ${renderCount(computed)} without repeated prefixes`;
  return `${questions} in ${subjects} from ${renderSources(suite)}; ${tokens}`;
}

function renderSources({ datasets }: SuiteRecord): string {
  const places = datasets.map(({ source }) => (source === 'embedded' ? 'the questions in the box' : source));
  return [...new Set(places)].join(', ');
}
