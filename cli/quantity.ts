/** Numbers as people read them, in a terminal as in a report. */
export { renderBytes, renderCount, renderDuration, renderLarge, renderPercent } from '../reports/quantity.js';
