/** What a thousand questions cost at a price of the reader's choice. */
import type { RunReportData } from '../../runner/report-data.js';
import { renderRate } from '../quantity.js';
import { text } from '../text.js';
import type { RunSection } from './section.js';
import { energyJoules } from './throughput.js';

export function cost({ telemetry }: RunReportData, price: number | null): RunSection {
  const answered = telemetry?.samples.size ?? 0;
  const seconds = telemetry?.seconds ?? 0;
  const perThousand = answered === 0 ? null : (seconds / answered) * 1000;
  const energy = energyJoules(telemetry?.intervals ?? []);
  return {
    id: 'cost',
    title: text('cost.title'),
    view: {
      isRecorded: perThousand !== null,
      secondsPerThousand: perThousand ?? 0,
      price: price === null ? '' : String(price),
      amount: perThousand === null || price === null ? '—' : renderCost((perThousand / 3600) * price),
      time: text('cost.time', { seconds: renderRate(perThousand ?? 0) }),
      energy:
        energy === null || answered === 0
          ? text('cost.no-energy')
          : text('cost.energy', { wattHours: renderRate(((energy / answered) * 1000) / 3600) }),
    },
  };
}

/** Dollars, as many digits as matter. */
export function renderCost(dollars: number): string {
  return dollars >= 1 || dollars === 0 ? dollars.toFixed(2) : dollars.toPrecision(2);
}
