import { describe, expect, test } from '@jest/globals';
import {
  chooseDevice,
  type DeviceOption,
  deviceWithoutIndex,
  isDeviceOption,
  renderCudaVersion,
} from '../../engine/device.js';
import { type CudaInfo, cudaInfo } from '../../engine/native.js';
import { EvalrunError } from '../../errors.js';
import { fakeCuda, fakeGpu, NO_DRIVER, NOT_COMPILED, OLD_DRIVER, OLD_GPU } from './fake-cuda.js';

const choose = (asked: DeviceOption, cuda: CudaInfo) => chooseDevice(asked, async () => cuda);

async function refusal(asked: DeviceOption, cuda: CudaInfo): Promise<EvalrunError> {
  try {
    await choose(asked, cuda);
  } catch (error) {
    if (error instanceof EvalrunError) return error;
    throw error;
  }
  throw new Error(`--device ${asked} was not refused`);
}

describe('chooseDevice', () => {
  const second = fakeGpu({ index: 1, name: 'NVIDIA H100' });

  test('does not ask for GPUs where the CPU is asked for', async () => {
    const device = await chooseDevice('cpu', () => Promise.reject(new Error('asked')));
    expect(device).toEqual({ kind: 'cpu', name: 'cpu', reason: 'it was asked for' });
  });

  test('auto takes a GPU that can be used, and names it', async () => {
    const device = await choose('auto', fakeCuda([fakeGpu()]));
    expect(device).toMatchObject({ kind: 'cuda', name: 'cuda:0 NVIDIA H200', reason: 'it can be used' });
  });

  test('auto passes over a GPU that is too old, and says so', async () => {
    const device = await choose('auto', fakeCuda([OLD_GPU, second]));
    expect(device).toMatchObject({ kind: 'cuda', name: 'cuda:1 NVIDIA H100', gpu: { index: 1 } });
    expect(device.reason).toBe(
      'it is the first GPU that can be used; cuda:0 Tesla V100: compute capability 7.0, and the kernels need 8.0',
    );
  });

  test.each<[string, CudaInfo, RegExp]>([
    ['the build has no CUDA', NOT_COMPILED, /^this build has no CUDA engine: no nvcc was found/],
    ['there is no driver', NO_DRIVER, /^no NVIDIA driver is installed$/],
    [
      'the driver is too old',
      OLD_DRIVER,
      /^the NVIDIA driver is too old: it knows CUDA up to 12\.4, .* uses CUDA 13\.0$/,
    ],
    ['the driver finds no GPU', fakeCuda([]), /^there is no NVIDIA GPU$/],
    ['the only GPU is too old', fakeCuda([OLD_GPU]), /^cuda:0 Tesla V100: compute capability 7\.0/],
  ])('where %s, auto takes the CPU and says why, and cuda is refused with the same reason', async (_, cuda, reason) => {
    const device = await choose('auto', cuda);
    expect(device.name).toBe('cpu');
    expect(device.reason).toMatch(reason);
    const error = await refusal('cuda', cuda);
    expect([error.code, error.exitCode]).toEqual(['device/cuda', 3]);
    expect(error.message).toContain(`found ${device.reason}.`);
    expect(error.message).toMatch(/^--device cuda cannot be used\. Expected /);
  });

  test('cuda:N takes the GPU of that number, not the first', async () => {
    const device = await choose('cuda:1', fakeCuda([fakeGpu(), second]));
    expect(device).toMatchObject({ name: 'cuda:1 NVIDIA H100', reason: 'it was asked for', gpu: second });
  });

  test('cuda:N of a GPU that is not there is refused with those that are', async () => {
    const error = await refusal('cuda:2', fakeCuda([fakeGpu(), second]));
    expect(error.message).toContain('found cuda:0 NVIDIA H200, cuda:1 NVIDIA H100.');
  });

  test('cuda:N of a GPU that cannot be used is refused, though another could be', async () => {
    const error = await refusal('cuda:0', fakeCuda([OLD_GPU, second]));
    expect(error.message).toContain('found cuda:0 Tesla V100: compute capability 7.0');
  });

  test('a newer driver within a major version, or an older one that works, is no reason', async () => {
    const device = await choose('auto', fakeCuda([fakeGpu()], { driverVersion: 12_080 }));
    expect(device.kind).toBe('cuda');
  });

  test('says why there is no GPU on this machine, where there is none', async () => {
    const cuda = await cudaInfo();
    const device = await choose('auto', cuda);
    if (cuda.gpus.some(({ reason }) => reason === '')) expect(device.kind).toBe('cuda');
    else
      expect(device.reason).toMatch(
        /^(no NVIDIA driver is installed|this build has no CUDA engine: .+|.*CUDA.*|.*GPU.*)$/,
      );
  });
});

test.each([
  ['auto', true],
  ['cpu', true],
  ['cuda', true],
  ['cuda:0', true],
  ['cuda:12', true],
  ['cuda:', false],
  ['cuda:-1', false],
  ['cuda:x', false],
  ['gpu', false],
  ['', false],
])('"%s" as a device: %s', (text, valid) => {
  expect(isDeviceOption(text)).toBe(valid);
});

test('versions are rendered as CUDA writes them', () => {
  expect([12_040, 13_000, 11_080].map(renderCudaVersion)).toEqual(['12.4', '13.0', '11.8']);
});

test('the number of a GPU is no part of what computes', () => {
  expect(['cuda:1 NVIDIA H200', 'cuda', 'cpu'].map(deviceWithoutIndex)).toEqual(['cuda NVIDIA H200', 'cuda', 'cpu']);
});
