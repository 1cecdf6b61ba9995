/**
 * `node --import THIS`: the process gets the addon with the simulated GPU (native/build/evalrun_sim.node) wherever it loads the engine's.
 * It is here and not an option of the engine, so that nothing that is installed can load anything but its own addon.
 */
import path from 'node:path';

const open = process.dlopen;
process.dlopen = (module: object, file: string, ...flags: number[]) => {
  const inSimulation = path.basename(file) === 'evalrun.node';
  const chosen = inSimulation ? path.join(path.dirname(file), 'evalrun_sim.node') : file;
  (open as (...parts: unknown[]) => void).call(process, module, chosen, ...flags);
};
