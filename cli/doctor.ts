/** `evalrun doctor`: what this machine has, what evalrun will use of it, and what to install. */
import { Command } from 'commander';
import { chooseDevice } from '../engine/device.js';
import { type CudaInfo, cudaInfo } from '../engine/native.js';
import { inspectData } from './doctor-data.js';
import { describeGpus } from './doctor-gpu.js';
import { inspectLanguages } from './doctor-languages.js';
import { inspectDisks, inspectMemory, inspectProcessor, inspectVersions } from './doctor-machine.js';
import { inspectSandbox, renderSandboxUse } from './doctor-sandbox.js';
import { askGpuTools, inspectAddon, inspectCompilers } from './doctor-tools.js';
import { wrapText } from './wrap-text.js';

export interface Finding {
  readonly name: string;
  /** `problem`: no run is possible; `note`: something is missing that a run can do without. */
  readonly state: 'ok' | 'note' | 'problem';
  readonly found: string;
  readonly todo?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

export interface Diagnosis {
  /** Whether a run is possible. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** What evalrun will use, each one sentence. */
  readonly uses: readonly string[];
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Prints what this machine has, what evalrun will use and what to install. Exit 0 when a run is possible, 3 when not.',
    )
    .option('--json', 'one JSON object on stdout')
    .action(async ({ json = false }: { json?: boolean }) => {
      const diagnosis = await diagnose();
      process.stdout.write(`${json ? JSON.stringify(diagnosis) : renderDiagnosis(diagnosis)}\n`);
      if (!diagnosis.ok) process.exitCode = 3;
    });
}

/** Looks at the machine; changes nothing. */
export async function diagnose(): Promise<Diagnosis> {
  const addon = inspectAddon();
  // Without an addon nobody can be asked.
  const cuda = addon.state === 'problem' ? NO_ADDON : await cudaInfo();
  const data = inspectData();
  const sandbox = await inspectSandbox();
  const findings = [
    ...inspectVersions(),
    ...inspectProcessor(),
    ...inspectMemory(),
    addon,
    ...(await inspectCompilers(addon.state === 'ok')),
    ...describeGpus(cuda, await askGpuTools()),
    ...(await inspectLanguages()),
    ...(await inspectDisks()),
    ...sandbox,
    ...data,
  ];
  const uses = addon.state === 'problem' ? [] : [await renderDevice(cuda), renderSandboxUse(sandbox)];
  return { ok: findings.every((finding) => finding.state !== 'problem'), findings, uses };
}

const NO_ADDON: CudaInfo = {
  compiled: false,
  reason: 'the native addon does not load',
  runtimeVersion: 0,
  driverVersion: 0,
  gpus: [],
};

/** What --device auto would take. */
export async function renderDevice(cuda: CudaInfo): Promise<string> {
  const device = await chooseDevice('auto', async () => cuda);
  if (device.kind === 'cuda') return `Device: ${device.name}, unless --device asks for another.`;
  return `Device: the processor, because ${device.reason}.`;
}

export function renderDiagnosis({ ok, findings, uses }: Diagnosis, columns = process.stdout.columns ?? 80): string {
  const marks = { ok: ' ', note: '-', problem: '!' };
  const width = Math.max(...findings.map(({ name }) => name.length)) + 4;
  const lines = findings.flatMap(({ name, state, found, todo }) => {
    const text = `${marks[state]} ${name.padEnd(width - 2)}${found}`;
    const advice =
      state === 'ok' || todo === undefined ? [] : wrapText(`${' '.repeat(width)}-> ${todo}`, columns, width + 3);
    return [...wrapText(text, columns, width), ...advice];
  });
  const verdict = ok
    ? 'A run is possible: evalrun --suite mmlu'
    : 'No run is possible until the lines marked ! are mended.';
  return [...lines, '', ...uses, verdict].join('\n');
}
