// Runs the op tests of the GPU kernels (native/cuda/test) on the simulated GPU, one jest test for each that the executable lists.
import { describe } from '@jest/globals';
import { declareOpTests } from './op-tests.js';
import { TestProgram } from './test-program.js';

describe('GPU kernels in the simulation', () => declareOpTests(new TestProgram('evalrun_cuda_sim_test')));
