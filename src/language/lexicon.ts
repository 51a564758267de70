// What the language is told of the words it may contain. It knows no model: the vocabulary and
// the kinds are handed in.

import type { ClusterSpec } from '../values/cluster-spec';
import type { KindWords, ManifestProblem } from '../values/manifest-problem';
import type { Duration } from '../values/time';
import type { Path } from './tree';

/** A JSON Schema (2020-12) as a literal. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where the bounds of a claim about a stretch of time stand. */
export type StretchBound = 'within' | 'by';

/** A verb, an action or a claim: one key of the language with the schema of its value. */
export interface Word {
  readonly name: string;
  /** One sentence for hover help and the reference pages. */
  readonly summary: string;
  /** Schema of the word's value. Refers to shared forms by `#/$defs/<form>` (json-schema.ts). */
  readonly schema: JsonSchema;
  /** Complete YAML entries that use the word; a spec runs each through the validator. */
  readonly examples: readonly string[];
  /** What a schema cannot say of the word's value: a malformed query, a pattern that is none. */
  check?(args: unknown): readonly ManifestProblem[];
  /** What is wrong with it in a cluster of this kind, whatever happens there. */
  checkIn?(args: unknown, cluster: Machinery): readonly ManifestProblem[];
  /** Of an action: the kinds of objects that can stand at a key. */
  readonly kinds?: Readonly<Record<string, readonly string[]>>;
  /** Of an action: by a key with an object, the path at which containers of it are named. */
  readonly containers?: Readonly<Record<string, readonly string[]>>;
  /** Keys at which the name of a node stands, each with the words that may stand in its place. */
  nodeNames?(args: unknown): Readonly<Record<string, readonly string[]>>;
  /** Of a fault: when it ends by its own parameters (`restart: 20s`), in microseconds. */
  lasts?(args: unknown): number | undefined;
  /** Of an action: that it is an upgrade, which has to fit the versions that are there. */
  readonly isUpgrade?: true;
  /**
   * Of a fault: whether with these arguments it happens at one instant, so that there is nothing
   * to recover from.
   */
  momentary?(args: unknown): boolean;
  /**
   * Of a claim that is about a stretch of time, not about the state at an instant: whether its
   * bounds stand within it, or `by` beside it is the one.
   */
  stretch?(args: unknown): StretchBound | undefined;
}

export type { KindWords, ManifestProblem };

/** A cluster but for its objects, which come and go. */
export type Machinery = Omit<ClusterSpec, 'manifests'>;

/** A setting, by its path below `cluster`, and why nothing reads it. */
export interface IdleSetting {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/** The settings of a plugin or mode: the schema of each by its name. */
export type Settings = Readonly<Record<string, JsonSchema>>;

/** Why `cluster.timing` cannot set a timer, or not so. */
export interface TimerProblem {
  readonly message: string;
  readonly hint: string;
}

export interface Lexicon {
  readonly faults: ReadonlyMap<string, Word>;
  readonly actions: ReadonlyMap<string, Word>;
  readonly claims: ReadonlyMap<string, Word>;
  /** What `when` waits for, by the key that says it. */
  readonly triggers: ReadonlyMap<string, Word>;
  readonly kinds: KindWords;
  /** The processes that faults can name, and single controllers. */
  readonly components: readonly string[];
  /** Names of timers that `cluster.timing` may override. */
  readonly timers: readonly string[];
  /** Of a timer of real clusters that is none of them; undefined for a name that nobody knows. */
  missingTimer(name: string): TimerProblem | undefined;
  /** Why a cluster has no knob for one of them, by its version and its feature gates. */
  timerProblem(
    name: string,
    cluster: Pick<ClusterSpec, 'kubernetes' | 'featureGates'>,
  ): TimerProblem | undefined;
  /** Why a timer cannot be as long as that. */
  delayProblem(name: string, delay: Duration): TimerProblem | undefined;
  readonly profiles: readonly string[];
  /** The network plugins that are modelled, each with the schemas of its settings. */
  readonly cnis: ReadonlyMap<string, Settings>;
  /** The kinds of network policies, and which of them a plugin with these settings enforces. */
  readonly policyKinds: readonly string[];
  enforcedPolicies(cni: string, options: Readonly<Record<string, unknown>>): readonly string[];
  readonly proxyModes: ReadonlyMap<string, Settings>;
  /** With which settings parts of a cluster do not start, by their paths below `cluster`. */
  settingProblems(cluster: Machinery): readonly ManifestProblem[];
  /** What a cluster is told that nothing in it reads. */
  idleSettings(cluster: Machinery): readonly IdleSetting[];
  /** Why nodes cannot begin with the version that they are given, each with its name. */
  versionProblems(
    cluster: ClusterSpec,
  ): readonly { readonly node: string; readonly message: string; readonly hint?: string }[];
  /**
   * Why upgrades cannot be done, each with the position of its step; `steps` are the arguments of
   * all of them, in the order in which they happen.
   */
  upgradeProblems(
    steps: readonly unknown[],
    cluster: ClusterSpec,
  ): readonly { readonly step: number; readonly problem: ManifestProblem }[];
  /** The resolvers of containers (`libc`) that are modelled. */
  readonly resolvers: readonly string[];
  readonly kubernetesVersions: readonly string[];
  /** The feature gates that something in the model depends on. */
  readonly featureGates: readonly string[];
}
