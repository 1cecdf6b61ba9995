/**
 * What evaluation costs as work grows: model size, prompt length, shared prefix, number of questions, threads.
 *
 *     node dist/bench/scaling.js [--data DIR] [--minutes 8] [--repeats 3] [--threads 2] [--only AXIS,..] [--largest 14042] [--json FILE]
 *     node dist/bench/scaling.js --draw
 *
 * Measures into bench/results/scaling.json and writes docs/scaling.md and its pictures from that; --draw does only the latter. --data
 * holds MMLU as `evalrun data pull mmlu` lays it out; without it there is no axis of questions. Every point is a process of its own.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { packageRoot } from '../package-root.js';
import { MIDDLE, makeModel, SIZES, SMALL } from './scaling/models.js';
import { writeScalingPage } from './scaling/page.js';
import type { PointTask } from './scaling/point.js';
import type { AxisId, ScalingPoint, ScalingResult } from './scaling/result.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    minutes: { type: 'string', default: '8' },
    repeats: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    only: { type: 'string' },
    largest: { type: 'string', default: '14042' },
    json: { type: 'string', default: path.join(packageRoot, 'bench/results/scaling.json') },
    docs: { type: 'string', default: path.join(packageRoot, 'docs') },
    draw: { type: 'boolean', default: false },
  },
});
const [threads, repeats, largest] = [Number(values.threads), Number(values.repeats), Number(values.largest)];
const upTo = (sizes: readonly number[], most: number) => sizes.filter((size) => size <= most);

if (!values.draw) {
  const result = await measure();
  mkdirSync(path.dirname(values.json), { recursive: true });
  writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
}
writeScalingPage(JSON.parse(readFileSync(values.json, 'utf8')) as ScalingResult, values.docs);

async function measure(): Promise<ScalingResult> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'evalrun-scaling-'));
  const begun = performance.now();
  const isLate = () => performance.now() - begun > Number(values.minutes) * 60_000;
  const axes: Partial<Record<AxisId, ScalingPoint[]>> = {};
  let cut = false;
  const axis = async (id: AxisId, points: readonly (() => Promise<ScalingPoint>)[]) => {
    if (values.only !== undefined && !values.only.split(',').includes(id)) return;
    const done: ScalingPoint[] = [];
    axes[id] = done;
    for (const point of points) {
      if (isLate()) {
        cut = true;
        return;
      }
      const measured = await point();
      done.push(measured);
      const rates = Object.entries(measured.rates).map(([name, { median }]) => `${name} ${median.toPrecision(4)}/s`);
      process.stderr.write(
        `${id} ${measured.size}: ${rates.join(', ')}; ${((performance.now() - begun) / 60_000).toFixed(1)} minutes\n`,
      );
    }
  };
  try {
    const middle = makeModel(scratch, MIDDLE);
    const small = makeModel(scratch, SMALL);
    const on = (task: Omit<PointTask, 'model' | 'threads' | 'repeats'> & Partial<PointTask>) => () =>
      measurePoint({ model: middle.folder, threads, repeats, ...task });
    if (values.data !== undefined) {
      await axis(
        'questions',
        upTo([100, 1000, 14_042], largest).map((size) => () => askQuestions(small.folder, size)),
      );
    }
    await axis(
      'threads',
      upTo([1, 2, 4, 8, 16, 32, 64, 128], threads).map((size) => on({ size, threads: size, prompt: 512, decode: 32 })),
    );
    await axis(
      'prompt-length',
      upTo([64, 256, 1024, 4096], largest).map((size) => on({ size, prompt: size })),
    );
    await axis(
      'shared-prefix',
      upTo([64, 256, 1024], largest).map((size) => on({ size, shared: { prompts: 16, prefix: size, own: 64 } })),
    );
    await axis(
      'model-size',
      SIZES.map((size) => () => {
        const { folder, parameters } = makeModel(scratch, size);
        return on({ size: parameters, model: folder, prompt: 256, decode: 8 })();
      }),
    );
    return {
      schema: 1,
      created: new Date().toISOString(),
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
      threads,
      dtype: 'bf16',
      repeats,
      parameters: middle.parameters,
      smallParameters: small.parameters,
      axes,
      cut,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function measurePoint(task: PointTask): Promise<ScalingPoint> {
  const script = fileURLToPath(new URL('./scaling/point.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(task)]);
  return JSON.parse(stdout) as ScalingPoint;
}

/** A whole run of MMLU as everybody makes it, from the start of the process to its end. */
async function askQuestions(model: string, questions: number): Promise<ScalingPoint> {
  const out = mkdtempSync(path.join(os.tmpdir(), 'evalrun-scaling-run-'));
  try {
    const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));
    const what = ['--suite', 'mmlu', '--model', model, '--data', values.data ?? '', '--limit', String(questions)];
    const how = ['--dtype', 'bf16', '--threads', String(threads), '--out', out, '--quiet', '--no-report'];
    const begin = performance.now();
    const child = spawn(process.execPath, [main, ...what, ...how], { stdio: ['ignore', 'ignore', 'inherit'] });
    let peakResidentBytes = 0;
    const watch = setInterval(() => {
      peakResidentBytes = Math.max(peakResidentBytes, peakOf(child.pid));
    }, 20);
    const code = await new Promise((resolve) => child.once('close', resolve));
    clearInterval(watch);
    if (code !== 0) throw new Error(`evalrun ended with ${code}`);
    const rate = questions / ((performance.now() - begin) / 1000);
    return {
      size: questions,
      rates: { questions: { median: rate, least: rate, most: rate, repeats: 1 } },
      peakResidentBytes,
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** Linux's own mark of the most that a process ever had; 0 once it is gone, and on other systems. */
function peakOf(pid: number | undefined): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
