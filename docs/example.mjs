// Runs ten questions of MMLU on a model and prints its score: node docs/example.mjs [MODEL_FOLDER] [RUNS_FOLDER]
import { defaultModel, loadEngine, runSuite } from 'evalrun';

const [model = await defaultModel(), out = 'runs'] = process.argv.slice(2);

const engine = await loadEngine({ model, dtype: 'bf16', device: 'cpu' });
try {
  const { folder, metrics } = await runSuite({ engine, suite: 'mmlu', dataDir: 'embedded', shots: 0, limit: 10, out });
  const { accuracy, low, high, n } = metrics.suites.mmlu;
  console.log(`${(accuracy * 100).toFixed(1)} % of ${n} questions, 95 % from ${low.toFixed(3)} to ${high.toFixed(3)}`);
  console.log(folder);
} finally {
  await engine.close();
}
