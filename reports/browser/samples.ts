/** The list of samples: loads them after the page is painted, and filters and sorts what is asked for. */
/// <reference lib="dom" />
import type { SampleData } from '../page-data.js';
import { element } from './elements.js';
import { onAppearance, say } from './page-state.js';
import { sampleDetails } from './sample-details.js';
import { type SampleFilter, SampleSearch } from './sample-filter.js';
import { SampleList } from './sample-list.js';
import { numberText } from './units.js';
import { unpack } from './unpack.js';

const filterForm = document.getElementById('sample-filters');
const sampleCount = document.getElementById('sample-count');

function readFilter(form: HTMLFormElement): SampleFilter {
  const values = new FormData(form);
  const textValue = (name: string) => String(values.get(name) ?? '');
  const numeric = (name: string) => (textValue(name) === '' ? null : Number(textValue(name)));
  const status = textValue('status');
  return {
    status: status === 'not-correct' || status === 'unanswered' ? status : numeric('status'),
    suite: numeric('suite'),
    group: numeric('group'),
    minMargin: numeric('minMargin'),
    maxMargin: numeric('maxMargin'),
    text: textValue('text'),
    sort: textValue('sort') as SampleFilter['sort'],
  };
}

/** Subjects of the chosen suite; the chosen one stays where it still is one. */
function fillGroups(form: HTMLFormElement, data: SampleData): void {
  const select = form.elements.namedItem('group');
  if (!(select instanceof HTMLSelectElement)) return;
  const { suite } = readFilter(form);
  const chosen = select.value;
  const options = data.groups.flatMap((group, at) => {
    if (suite !== null && group.suite !== suite) return [];
    const option = element(
      'option',
      '',
      suite === null ? `${data.suites[group.suite] ?? ''} · ${group.name}` : group.name,
    );
    option.value = String(at);
    return [option];
  });
  const any = select.options[0];
  select.replaceChildren(...(any === undefined ? [] : [any]), ...options);
  select.value = options.some(({ value }) => value === chosen) ? chosen : '';
}

function startSamples(form: HTMLFormElement, data: SampleData): void {
  const container = document.getElementById('sample-list');
  const details = document.getElementById('sample-details');
  if (container === null || details === null || sampleCount === null) return;
  const search = new SampleSearch(data);
  let shown: number | null = null;
  const showDetails = () => details.replaceChildren(...(shown === null ? [] : sampleDetails(data, shown)));
  const list = new SampleList(container, data, (sample) => {
    shown = sample;
    showDetails();
  });
  let found = 0;
  const showCount = () => {
    const args = { n: numberText(found), all: numberText(data.id.length) };
    sampleCount.textContent = say({ key: 'samples.count', args });
  };
  const apply = () => {
    const rows = search.filter(readFilter(form));
    found = rows.length;
    list.show(rows);
    showCount();
  };
  form.addEventListener('input', (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.name === 'suite') fillGroups(form, data);
    apply();
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => {
    // The fields change after this event.
    setTimeout(() => {
      fillGroups(form, data);
      apply();
    });
  });
  onAppearance(() => {
    list.draw();
    showCount();
    showDetails();
  });
  fillGroups(form, data);
  apply();
  const prepare = () => {
    if (!search.prepare(12)) setTimeout(prepare);
  };
  setTimeout(prepare);
}

if (filterForm instanceof HTMLFormElement) {
  unpack<SampleData>('sample-data').then(
    (data) => startSamples(filterForm, data),
    (error: unknown) => {
      if (sampleCount !== null)
        sampleCount.textContent = say({ key: 'samples.failed', args: { reason: String(error) } });
    },
  );
}
