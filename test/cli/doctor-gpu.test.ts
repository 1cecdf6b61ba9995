import { describe, expect, test } from '@jest/globals';
import { renderDevice } from '../../cli/doctor.js';
import { describeGpus } from '../../cli/doctor-gpu.js';
import { fakeCuda, fakeGpu, NO_DRIVER, NOT_COMPILED, OLD_DRIVER, OLD_GPU } from '../engine/fake-cuda.js';

const tools = { nvidiaSmi: null, nvcc: null };
const lines = (findings: ReturnType<typeof describeGpus>) =>
  findings.map(({ name, state, found }) => `${state} ${name}: ${found}`);

describe('what evalrun doctor says of GPUs', () => {
  test('lists each GPU with its number, and both versions of CUDA', () => {
    const second = fakeGpu({ index: 1, name: 'NVIDIA H100', freeBytes: 40 * 2 ** 30, totalBytes: 80 * 2 ** 30 });
    expect(lines(describeGpus(fakeCuda([fakeGpu(), second], { driverVersion: 13_010 }), tools))).toEqual([
      'ok CUDA engine: built with the runtime of CUDA 13.0; the driver knows CUDA up to 13.1',
      expect.stringMatching(
        /^ok GPU: cuda:0 NVIDIA H200, compute capability 9\.0, 132 multiprocessors, 139(\.\d+)? GiB free of 139\.8\d* GiB$/,
      ),
      expect.stringMatching(/^ok GPU: cuda:1 NVIDIA H100, .* 40(\.0+)? GiB free of 80(\.0+)? GiB$/),
      'ok CUDA compiler: no nvcc',
    ]);
  });

  test('says why a GPU cannot be used', () => {
    expect(lines(describeGpus(fakeCuda([OLD_GPU]), tools))).toContain(
      'note GPU: cuda:0 Tesla V100 cannot be used: compute capability 7.0, and the kernels need 8.0',
    );
  });

  test('says why there is no CUDA engine, and what to install', () => {
    const [engine, gpu] = describeGpus(NOT_COMPILED, tools);
    expect(engine).toMatchObject({
      state: 'note',
      found: 'not in this build: no nvcc was found (looked on the PATH)',
      todo: expect.stringMatching(/install the CUDA toolkit/),
    });
    expect(gpu?.state).toBe('note');
  });

  test('shows a GPU that only nvidia-smi sees', () => {
    const nvidiaSmi = 'NVIDIA H200, 143771 MiB, 550.54\n';
    expect(lines(describeGpus(OLD_DRIVER, { nvidiaSmi, nvcc: 'release 13.0' }))).toEqual([
      'ok CUDA engine: built with the runtime of CUDA 13.0; the driver knows CUDA up to 12.4',
      expect.stringMatching(/^note GPU: not used: NVIDIA H200, 143771 MiB, 550\.54; the NVIDIA driver is too old/),
      'ok CUDA compiler: nvcc release 13.0',
    ]);
  });

  test.each([
    [fakeCuda([fakeGpu()]), 'Device: cuda:0 NVIDIA H200, unless --device asks for another.'],
    [NO_DRIVER, 'Device: the processor, because no NVIDIA driver is installed.'],
    [
      NOT_COMPILED,
      'Device: the processor, because this build has no CUDA engine: no nvcc was found (looked on the PATH).',
    ],
  ])('ends with what --device auto takes (%#)', async (cuda, sentence) => {
    expect(await renderDevice(cuda)).toBe(sentence);
  });
});
