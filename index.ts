/** The public interface of evalrun: everything that the command line does, for programs. */
export type {
  DType,
  Engine,
  EngineInfo,
  GenerateOptions,
  GenerateRequest,
  GenerateResult,
  MemoryUse,
  OpeningEngine,
  ScoreOptions,
  ScoreRequest,
  ScoreResult,
  StepStats,
  TokenIds,
  Tokenizer,
} from './engine/engine.js';
export { type EngineOptions, loadEngine, openEngine } from './engine/load-engine.js';
export { openRemoteEngine, type RemoteEngineOptions } from './engine/remote/open-remote-engine.js';
export { loadTokenizer } from './engine/tokenizer/load-tokenizer.js';
export { type ErrorCode, EvalrunError } from './errors.js';
export { defaultModel } from './models/default-model.js';
export { version } from './package-root.js';
export { renderRunMarkdown } from './reports/run-markdown.js';
export { type RunReportOptions, renderRunReport } from './reports/run-report.js';
export { type Allowance, allowances } from './runner/compare/comparable.js';
export { type CompareOptions, compareRuns } from './runner/compare/compare-runs.js';
export type { Comparison, SuiteComparison, Verdict } from './runner/compare/comparison.js';
export type { Drafting } from './runner/drafting.js';
export type { GateResult } from './runner/gate/gate-result.js';
export { type GateOptions, gateRun } from './runner/gate/gate-run.js';
export type { ChangePoint, History, HistoryPoint, HistorySeries } from './runner/history/history-data.js';
export { type HistoryOptions, historyOf } from './runner/history/history-of.js';
export { type MergedRun, mergeRuns } from './runner/merge-runs.js';
export type { Progress } from './runner/progress.js';
export { loadRunReport } from './runner/read-run.js';
export type { RunReportData } from './runner/report-data.js';
export { type Rescored, type RescoreOptions, rescoreRun } from './runner/rescore.js';
export type { RunRecord, RunSettings, SuiteRecord } from './runner/run-record.js';
export type { RunRequest } from './runner/run-settings.js';
export { type RunResult, type RunStart, type RunSuiteOptions, type RunWork, runSuite } from './runner/run-suite.js';
export type {
  Estimate,
  LanguageGap,
  PairedLanguageGap,
  PassAtK,
  RunMetrics,
  SampleStatus,
  SuiteMetrics,
  WrittenMetrics,
} from './runner/run-summary.js';
export type { ChoiceLine, GenerativeLine, SampleLine } from './runner/sample-line.js';
export { type EvalServer, openServer, type ServeOptions } from './serve/open-server.js';
export { getSuite, listSuites } from './suites/registry.js';
export type {
  ChoicePlan,
  ChoiceSample,
  GenerativePlan,
  GenerativeSample,
  Suite,
  SuiteOptions,
  SuitePlan,
} from './suites/suite.js';
