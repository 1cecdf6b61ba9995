/** Starts what a page with charts has: the switches and the charts. */
import './plain-page.js';
import { startCharts } from './draw-charts.js';

startCharts();
