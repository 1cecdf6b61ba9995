import { describe, expect, test } from '@jest/globals';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { chartConfig, lightColours } from '../../reports/browser/chart-config.js';
import { secondsText, unitText } from '../../reports/browser/units.js';
import { chartFont, shows } from '../../reports/chart-font.js';
import { renderChartPng } from '../../reports/chart-png.js';
import type { ChartSpec, Unit } from '../../reports/chart-spec.js';
import { raw, text } from '../../reports/text.js';

const dictionary = { title: ['Accuracy', '准确率'], time: ['Time', '时间'] } as const;
const spec: ChartSpec = {
  id: 'c',
  kind: 'rows',
  title: text('title'),
  x: { unit: 'number', categories: [raw('STEM'), raw('人文'), raw('🦭 and \u{e123}')] },
  y: { unit: 'ratio', min: 0, max: 1 },
  series: [
    {
      label: text('title'),
      points: [
        { x: 0, y: 0.5, low: 0.4, high: 0.6 },
        { x: 1, y: 0.25 },
        { x: 2, y: 1 },
      ],
    },
  ],
};

async function picture(
  png: Buffer,
): Promise<{ width: number; height: number; pixel: (x: number, y: number) => string; colours: number }> {
  const image = await loadImage(png);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const pixel = (x: number, y: number) =>
    [...data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 3)].join();
  const colours = new Set(
    Array.from({ length: image.width * image.height }, (_, at) => data.subarray(at * 4, at * 4 + 3).join()),
  );
  return { width: image.width, height: image.height, pixel, colours: colours.size };
}

const hasChinese = chartFont('准确率') !== null;
const inChinese = hasChinese ? test : test.skip;

describe('a chart as PNG', () => {
  test('has the size asked for, white paper, and something on it', async () => {
    const { width, height, pixel, colours } = await picture(
      renderChartPng(spec, { dictionary, language: 'en', width: 800, height: 300 }),
    );
    expect([width, height]).toEqual([800, 300]);
    expect(pixel(2, 2)).toBe('255,255,255');
    expect(colours).toBeGreaterThan(20);
  });

  test('grows with its rows', async () => {
    const many = { ...spec, x: { ...spec.x, categories: Array.from({ length: 57 }, (_, at) => raw(`subject ${at}`)) } };
    const { height } = await picture(renderChartPng(many, { dictionary, language: 'en' }));
    expect(height).toBeGreaterThan(57 * 24);
  });

  inChinese(`writes Chinese${hasChinese ? '' : ' (skipped: no font with Chinese characters)'}`, async () => {
    const english = renderChartPng(spec, { dictionary, language: 'en' });
    const chinese = renderChartPng(spec, { dictionary, language: 'zh' });
    expect(chinese.equals(english)).toBe(false);
    expect((await picture(chinese)).colours).toBeGreaterThan(20);
  });

  test('is the same bytes for the same data', () => {
    const [a, b] = [0, 1].map(() => renderChartPng(spec, { dictionary, language: 'en' }));
    expect(a?.equals(b as Buffer)).toBe(true);
  });
});

describe('the font of a chart', () => {
  test('is none where no font has a character, instead of boxes', () => {
    // Not assigned to any character.
    expect(chartFont('a\u0378')).toBeNull();
    expect(chartFont('accuracy 0-9 %')).not.toBeNull();
  });

  test('is tried, not believed', () => {
    const family = chartFont('accuracy') as string;
    expect(shows(family, 'a')).toBe(true);
    expect(shows(family, ' ')).toBe(true);
    expect(shows(family, '\u0378')).toBe(false);
  });
});

describe('the look of a chart', () => {
  const look = { colours: lightColours, translate: () => 'x', fontFamily: 'f', fontSize: 12, showTitle: false };
  const line = (points: ChartSpec['series'][number]['points'], unit: Unit = 'number'): ChartSpec => ({
    id: 'c',
    kind: 'line',
    title: text('title'),
    x: { unit },
    y: { unit: 'bytes' },
    series: [{ label: text('title'), points }],
  });

  test('never moves, so that it is whole when it is there', () => {
    expect(chartConfig(spec, look).options?.animation).toBe(false);
  });

  test('has a gap where nothing was measured', () => {
    const config = chartConfig(
      line([
        { x: 0, y: 1 },
        { x: 1, y: null },
        { x: 2, y: 3 },
      ]),
      look,
    );
    expect(config.data.datasets[0]).toMatchObject({
      spanGaps: false,
      data: [
        { x: 0, y: 1 },
        { x: 1, y: null },
        { x: 2, y: 3 },
      ],
    });
  });

  test('draws values that do not count as rings', () => {
    const config = chartConfig(
      line([
        { x: 0, y: 1 },
        { x: 1, y: 2, hollow: true },
      ]),
      look,
    );
    const [solid, ring] = (config.data.datasets[0] as unknown as { pointBackgroundColor: string[] })
      .pointBackgroundColor;
    expect(solid).not.toBe(ring);
    expect(ring).toBe(lightColours.paper);
  });

  const steps: [seconds: number, step: number][] = [
    [1, 0.1],
    [45, 5],
    [600, 60],
    [5400, 600],
    [86_400, 14_400],
    [2_000_000, 259_200],
  ];
  test.each(steps)('%i seconds are told in steps of %d', (seconds, step) => {
    const config = chartConfig(
      line(
        [
          { x: 0, y: 1 },
          { x: seconds, y: 2 },
        ],
        'seconds',
      ),
      look,
    );
    expect(config).toHaveProperty('options.scales.x.ticks.stepSize', step);
  });

  test('leaves room for whiskers', () => {
    const config = chartConfig(
      line([
        { x: 0, y: 1, low: 0.5, high: 7 },
        { x: 1, y: 2 },
      ]),
      look,
    );
    expect(config).toHaveProperty('options.scales.y.suggestedMax', 7);
  });

  test('writes powers of ten alone along a logarithmic axis', () => {
    const points = [
      { x: 0, y: 10 },
      { x: 1, y: 2000 },
    ];
    const config = chartConfig({ ...line(points), y: { unit: 'number', logarithmic: true } }, look);
    expect(config).toHaveProperty('options.scales.y.type', 'logarithmic');
    const options = config.options as unknown as {
      scales: { y: { ticks: { callback: (value: number) => string | null } } };
    };
    const written = [1, 10, 20, 50, 1000, 3000].map((value) => options.scales.y.ticks.callback(value));
    expect(written).toEqual(['1', '10', null, null, '1,000', null]);
  });

  test('bytes are told in steps of powers of two', () => {
    const config = chartConfig(
      line([
        { x: 0, y: 3e9 },
        { x: 1, y: 5e9 },
      ]),
      look,
    );
    expect(config).toHaveProperty('options.scales.y.ticks.stepSize', 2 ** 30);
  });
});

test('units are written as people read them', () => {
  const cases: [unit: Unit, value: number, written: string][] = [
    ['ratio', 0.5, '50 %'],
    ['ratio', 0.8715, '87.2 %'],
    ['points', -0.013, '-1.3'],
    ['points', 0.013, '+1.3'],
    ['points', 0, '0'],
    ['bytes', 0, '0 B'],
    ['bytes', 1536, '1.5 KiB'],
    ['bytes', 64 * 2 ** 30, '64 GiB'],
    ['number', 1_234_567, '1,234,567'],
    ['number', 12.345, '12.3'],
    ['seconds', 59.9, '59.9 s'],
    ['seconds', 60, '1:00'],
  ];
  for (const [unit, value, written] of cases)
    expect([unit, value, unitText(unit, value)]).toEqual([unit, value, written]);
  expect(secondsText(7325)).toBe('2:02:05');
});
