// How the words of the language are defined: one literal for each, with schema, documentation,
// examples and behaviour together. The type of a word's arguments follows from its schema.
//
// A claim is observed here and judged elsewhere: it says what is the case at one settled instant;
// an operator (operators/) says what a history of such observations has to look like.

import type { Cluster } from '../cluster/cluster';
import type { FromSchema } from '../language/json-schema';
import type {
  JsonSchema,
  Machinery,
  ManifestProblem,
  StretchBound,
  Word,
} from '../language/lexicon';
import type { KubeObject } from '../values/kube-object';
import type { Instant } from '../values/time';
import type { Trace } from '../values/trace';
import type { Agreement } from './agreement/view';
import { agreeing } from './sentence';
import type { ProbeState } from './probe-stream';
import type { Span } from './history';
import type { Stretch, StretchVerdict } from './stretch';

/** A word with its provenance. */
export interface DocumentedWord extends Word {
  /** What the model does for this word, in full sentences. */
  readonly models: string;
  /** The upstream places that say so. */
  readonly source: string;
}

/** What a claim finds at one instant. */
export interface Observation {
  /** Whether the claim is true of every source and every possible path; undefined: unknown. */
  readonly holds: boolean | undefined;
  /**
   * Whether any possible path from any source makes the claim true: what `never` and `.not` deny.
   * Undefined: unknown.
   */
  readonly possible: boolean | undefined;
  /** What happened, as short as `refused`. */
  readonly actual: string;
  /** To which part it happened: `for 1 of 3 possible backends`. */
  readonly among?: string;
  /** Why, in sentences; empty unless an explanation was asked for. */
  readonly why: readonly string[];
  /** The walks that decided, the failing ones first; empty unless an explanation was asked for. */
  readonly traces: readonly Trace[];
  /** Objects (`EndpointSlice/shop/web-x7k`) and agents (`kube-proxy@worker-1`) that decided. */
  readonly blames: readonly string[];
  /** What the answer depends on that the model does not know. */
  readonly notModelled?: string;
  /** Why there was nothing to judge: no source, no such Service, no such name. */
  readonly vacuous?: string;
  /** What ruled the claim out before it came to the question: the name does not resolve. */
  readonly precluded?: string;
  /** What a probe would meet now, for claims about streams of them. */
  readonly probes?: readonly ProbeState[];
  /** What all places should live by and what each does, for claims about changes of that. */
  readonly agreement?: Agreement;
  /** Equal for observations that are equal in what the claim can tell apart. */
  readonly key: string;
}

export interface ObservationContext {
  /** Whether `why`, `traces` and `blames` are wanted: they are collected only where it matters. */
  readonly explain: boolean;
  /**
   * Whether the question is if the claim is possible (`never`, `.not`): where it is, `actual`,
   * `among`, `traces` and `why` then tell of what makes it so.
   */
  readonly denied?: boolean;
  /** What the claim's `prepare` returned. */
  readonly prepared?: unknown;
}

/** One thing that happened, as the journal has it. */
export interface JournalLine {
  readonly at: Instant;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

/** A claim as parts of a sentence: subject and predicate, affirmed and denied. */
export interface Phrase {
  readonly subject: string;
  /** `reaches backend:80`. */
  readonly predicate: string;
  /** `does not reach backend:80`. */
  readonly negated: string;
  /** Whether the sentence is about a stretch of time. */
  readonly isStretch?: boolean;
}

export interface Claim<Args = unknown> extends DocumentedWord {
  /** True where an `after` needs a change to judge: with none, the claim has said nothing. */
  readonly judgesChange?: boolean;
  phrase(args: Args): Phrase;
  /** What must be the case, as short as `ok`. */
  expected(args: Args): string;
  /** What `never` and `.not` demand: `never ok`. */
  expectedNever(args: Args): string;
  /**
   * Whether a line of the journal may tell of a change of the answer, where the answer itself
   * names no objects and agents that decided.
   */
  mayBeChangedBy?(args: Args, line: JournalLine): boolean;
  /** What a schema cannot say: a malformed path, a pattern that is none. */
  check?(args: Args): readonly ManifestProblem[];
  /** See Word.nodeNames. */
  nodeNames?(args: Args): Readonly<Record<string, readonly string[]>>;
  /**
   * An earlier instant at which `prepare` has to run, for claims about what was begun then.
   * `span`: when the claim will be looked at, as far as that is known.
   */
  preparedAt?(args: Args, span?: Span): Instant | undefined;
  prepare?(cluster: Cluster, args: Args): unknown;
  observe(cluster: Cluster, args: Args, context: ObservationContext): Observation;
  /** See Word.stretch; a claim that is ever about a stretch has `judgeStretch`. */
  stretch?(args: Args): StretchBound | undefined;
  /** What the observations of a whole stretch come to. */
  judgeStretch?(args: Args, stretch: Stretch): StretchVerdict;
}

/** What is wrong with the argument at `path`. */
export function problem(path: string, message: string): ManifestProblem {
  return { path, severity: 'error', message };
}

/** What a step did: the names of what it hit, and the effects that last until its recovery. */
export interface Injection {
  /** `pod shop/web-x7k`, `node worker-2`; empty where it hit nothing, which is an error. */
  readonly hits: readonly string[];
  /** Plain texts. Two faults with one effect share it: it ends with the last of them. */
  readonly effects: readonly string[];
}

/** What a step did that hit nothing. */
export const NOTHING: Injection = { hits: [], effects: [] };

export interface InjectionContext {
  /** Which step did it, as the journal names it: `crash`, `crash#2`. */
  readonly step: string;
  /** Whether the scenario says when the fault ends. */
  readonly recovers: boolean;
}

export interface Fault<Args = unknown> extends DocumentedWord {
  /** See Word.checkIn. */
  checkIn?(args: Args, cluster: Machinery): readonly ManifestProblem[];
  inject(cluster: Cluster, args: Args, context: InjectionContext): Injection;
  /**
   * Hits what has come to match since the injection, if the fault's members are live. `held` are
   * the fault's effects so far; the answer has the new ones alone.
   */
  extend?(
    cluster: Cluster,
    args: Args,
    context: InjectionContext,
    held: ReadonlySet<string>,
  ): Injection;
  /** When the fault ends by its own parameters (`restart: 20s`), counted in microseconds. */
  lasts?(args: Args): number | undefined;
  /** See Word.momentary. */
  momentary?(args: Args): boolean;
  /** Undoes one effect. */
  undo(cluster: Cluster, effect: string): void;
}

export interface Action<Args = unknown> extends DocumentedWord {
  /** See Word.checkIn. */
  checkIn?(args: Args, cluster: Machinery): readonly ManifestProblem[];
  /** Does it and names what it hit. */
  perform(cluster: Cluster, args: Args): readonly string[];
}

/** A trigger at work: which changes concern it, and whether an object is as it waits for. */
export interface TriggerWatch {
  /** The kinds of objects whose changes it looks at. */
  readonly kinds: readonly string[];
  concerns(kind: string, key: string): boolean;
  /** Whether the object is so; undefined where there is none. */
  isMet(object: KubeObject | undefined): boolean;
}

/**
 * What the `when` of a step waits for: the change by which an object becomes as it was not
 * before, in the API or as one component sees it.
 */
export interface Trigger<Args = unknown> extends DocumentedWord {
  /** What it waits for, as a sentence goes on after "that": `deployment/shop/web is complete`. */
  phrase(args: Args): string;
  /** Throws UnknownTargetError for a reference that means nothing. */
  watch(cluster: Cluster, args: Args): TriggerWatch;
  check?(args: Args): readonly ManifestProblem[];
}

type Literal<S extends JsonSchema, Definition> = Definition & { readonly schema: S };

/** Defines a fault; the type of `args` comes from the schema of the same literal. */
export function defineFault<const S extends JsonSchema>(
  literal: Literal<S, Fault<FromSchema<S>>>,
): Fault<FromSchema<S>> {
  return Object.freeze(literal);
}

/** What every action may say beside its own words. */
const FAILS = {
  description:
    'A part of the reason for which the command must fail. Without it a failure is an error of ' +
    'the scenario.',
  type: 'string',
  minLength: 1,
} as const;

/** Defines an action of `do`. Its schema and arguments are those of the whole `do` mapping. */
export function defineAction<const S extends JsonSchema>(
  literal: Literal<S, Action<FromSchema<S>>>,
): Action<FromSchema<S>> {
  const own = literal.schema['properties'] as JsonSchema;
  const schema = { ...literal.schema, properties: { ...own, fails: FAILS } };
  return Object.freeze({ ...literal, schema });
}

/** Defines a trigger. Its schema and arguments are those of the whole `when` mapping. */
export function defineTrigger<const S extends JsonSchema>(
  literal: Literal<S, Trigger<FromSchema<S>>>,
): Trigger<FromSchema<S>> {
  return Object.freeze(literal);
}

/** Defines a claim. */
export function defineClaim<const S extends JsonSchema>(
  literal: Literal<S, Claim<FromSchema<S>>>,
): Claim<FromSchema<S>> {
  return Object.freeze(literal);
}

/** `shop/frontend reaches backend:80`, or `shop/frontend does not reach backend:80`. */
export function titleOf<Args>(claim: Claim<Args>, args: Args, denied = false): string {
  const { subject, predicate, negated } = agreeing(claim.phrase(args));
  return `${subject} ${denied ? negated : predicate}`;
}
