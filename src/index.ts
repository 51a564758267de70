// The public names. Everything else may change between two releases.

/** Specs in TypeScript or JavaScript: `chai.use(kubedrill)`; see chai/plugin.ts. */
export { kubedrill } from './chai/plugin';
export {
  buildCluster,
  Drill,
  InvalidScenario,
  KeptConnection,
  loadScenario,
  ReturningClient,
  Sender,
  ServiceSubject,
  UndecidedExpectation,
} from './chai/plugin';
export type {
  ClusterOptions,
  FailedExpectation,
  ScenarioOptions,
  Selector,
  Within,
} from './chai/plugin';

/** Scenarios as data: load files, run plans, print what was found. */
export { load as loadScenarios } from './chai/load';
export { runPlan, runPlanUnder } from './chai/model';
export { DISK, formatDiagnostic, formatDiagnostics } from './language/index';
export { failureText } from './runner/failure-text';
export type { Files, FileText, LoadedFile, LoadedScenarios } from './language/index';
export type { Plan, PlannedExpectation, PlannedStep, StepWhen } from './language/plan';
export type { Distribution, Outcome, RunResult, Spread, Status } from './runner/result';
export type { SeedRange } from './runner/seeds';

/** Runs that can be stopped, forked and continued otherwise. */
export { Execution } from './runner/execution';
export type { ExecutionForkOptions } from './runner/execution';
export { judgeAll, outcomesOf } from './runner/judge';
export type { Judgement } from './vocabulary/operator';

/** The model itself. */
export { createCluster } from './cluster/create-cluster';
export type { Cluster, ForkOptions, Handles, OpenConnection } from './cluster/cluster';

/** Words that results are made of. */
export { DISPOSITIONS, outcomeOf } from './values/disposition';
export { formatDuration, formatInstant, later, milliseconds, seconds, START } from './values/time';
export type { ClusterSpec } from './values/cluster-spec';
export type { Diagnostic, Severity, SourceRange } from './values/diagnostic';
export type { Disposition, ReachOutcome } from './values/disposition';
export type { FiveTuple } from './values/flow';
export type { IP } from './values/ip';
export type { KubeObject } from './values/kube-object';
export type { Destination, Origin } from './values/origin';
export type { Resolution } from './values/resolution';
export type { Duration, Instant } from './values/time';
export type { Hop, Step, Trace, TranslatedFlow } from './values/trace';
