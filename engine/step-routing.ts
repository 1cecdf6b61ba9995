/** Which experts a step's rows went to, with what the rows count for. */
import type { ArchSpec } from './arch-spec.js';
import type { StepRouting } from './engine.js';
import type { NativeStepResult } from './native.js';
import type { StepBuilder } from './step-builder.js';

/** For a step that asked for its experts. */
export function routingOf(arch: ArchSpec, builder: StepBuilder, result: NativeStepResult): StepRouting {
  const { experts = 0, expertsPerToken = 0 } = arch.moe ?? {};
  const layers = Array.from({ length: arch.layers }, (_, layer) => layer).filter(
    (layer) => arch.feedForward[layer] === 'moe',
  );
  return { layers, experts, expertsPerToken, chosen: result.experts, groups: builder.labels, probes: builder.probes };
}
