/** The heat map of expert loads: a row for each layer, a cell for each expert, darker where more tokens went. */
/// <reference lib="dom" />
import type { ExpertData } from '../page-data.js';
import { loadBalance } from './load-balance.js';
import { onAppearance, say } from './page-state.js';
import { numberText } from './units.js';
import { unpack } from './unpack.js';

const heatCanvas = document.getElementById('expert-heat');
const expertChoice = document.getElementById('expert-choice');
const expertCell = document.getElementById('expert-cell');

/** Pixels left of the map for the numbers of the layers. */
const layerWidth = 34;

function startHeat(canvas: HTMLCanvasElement, choice: HTMLSelectElement, { layers, loads }: ExpertData): void {
  let cell: { layer: number; expert: number } | null = null;
  const counts = () => loads[Number(choice.value)]?.counts ?? [];
  const experts = Math.max(...layers.map((_, at) => loads[0]?.counts[at]?.length ?? 1));
  const sizes = () => {
    const width = canvas.parentElement?.clientWidth ?? 600;
    return {
      width,
      cellWidth: (width - layerWidth) / experts,
      cellHeight: Math.max(7, Math.min(22, 520 / layers.length)),
    };
  };
  const draw = () => {
    const { width, cellWidth, cellHeight } = sizes();
    const height = cellHeight * layers.length;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    context.font = '10px system-ui, sans-serif';
    context.textBaseline = 'middle';
    const everyNth = Math.ceil(11 / cellHeight);
    for (const [at, row] of counts().entries()) {
      const mean = row.reduce((sum, count) => sum + count, 0) / row.length;
      for (const [expert, count] of row.entries()) {
        // Twice the mean and more is strongest: what is uneven shows, whatever the number of experts.
        const share = mean === 0 ? 0 : Math.min(1, count / mean / 2);
        context.fillStyle = `rgba(${style.getPropertyValue('--heat')}, ${(0.04 + 0.96 * share).toFixed(3)})`;
        context.fillRect(
          layerWidth + expert * cellWidth,
          at * cellHeight,
          Math.max(0.5, cellWidth - (cellWidth > 4 ? 1 : 0)),
          cellHeight - 1,
        );
      }
      context.fillStyle = style.getPropertyValue('--muted');
      if (at % everyNth === 0) context.fillText(String(layers[at] ?? ''), 4, (at + 0.5) * cellHeight);
    }
    if (cell !== null) {
      context.strokeStyle = style.getPropertyValue('--ink');
      context.strokeRect(
        layerWidth + cell.expert * cellWidth,
        cell.layer * cellHeight,
        Math.max(2, cellWidth),
        cellHeight,
      );
    }
  };
  const sayCell = () => {
    if (expertCell === null || cell === null) return;
    const row = counts()[cell.layer] ?? [];
    const count = row[cell.expert] ?? 0;
    const total = row.reduce((sum, value) => sum + value, 0);
    const share = total === 0 ? 0 : (100 * count) / total;
    const args = {
      layer: String(layers[cell.layer]),
      expert: cell.expert,
      n: numberText(count),
      share: share.toFixed(2),
    };
    expertCell.textContent = say({ key: 'experts.cell', args });
  };
  const showTable = () => {
    const rows = document.querySelectorAll<HTMLTableRowElement>('#expert-table tbody tr');
    for (const [at, row] of [...rows].entries()) {
      const { maxOverMean, entropy, unused } = loadBalance(counts()[at] ?? []);
      for (const [place, value] of [maxOverMean.toFixed(2), entropy.toFixed(3), String(unused)].entries()) {
        const target = row.cells[place + 1];
        if (target !== undefined) target.textContent = value;
      }
    }
  };
  const show = () => {
    draw();
    sayCell();
    showTable();
  };
  const choose = (layer: number, expert: number) => {
    cell = {
      layer: Math.min(layers.length - 1, Math.max(0, layer)),
      expert: Math.min(experts - 1, Math.max(0, expert)),
    };
    draw();
    sayCell();
  };
  canvas.addEventListener('pointermove', (event) => {
    const { cellWidth, cellHeight } = sizes();
    choose(Math.floor(event.offsetY / cellHeight), Math.floor((event.offsetX - layerWidth) / cellWidth));
  });
  canvas.addEventListener('keydown', (event) => {
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    choose((cell?.layer ?? 0) + (cell === null ? 0 : move[0]), (cell?.expert ?? 0) + (cell === null ? 0 : move[1]));
  });
  choice.addEventListener('input', show);
  addEventListener('resize', draw);
  onAppearance(show);
  show();
}

if (heatCanvas instanceof HTMLCanvasElement && expertChoice instanceof HTMLSelectElement) {
  unpack<ExpertData>('expert-data').then(
    (data) => startHeat(heatCanvas, expertChoice, data),
    (error: unknown) => {
      if (expertCell !== null) expertCell.textContent = say({ key: 'samples.failed', args: { reason: String(error) } });
    },
  );
}
