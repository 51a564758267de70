// One expectation under observation: when its claim is looked at, and what was seen.

import type { Cluster } from '../cluster/cluster';
import { answerOf, noteFleeting, noteReading, stillHolds } from '../kernel/readings';
import type { Answer, Readable } from '../kernel/readings';
import type { PlannedExpectation } from '../language/plan';
import type { Instant } from '../values/time';
import type { Claim, Observation } from '../vocabulary/define';
import { History } from '../vocabulary/history';
import type { Span } from '../vocabulary/history';
import { claimNamed, operatorNamed } from '../vocabulary/index';
import { FOREVER } from '../vocabulary/operator';
import type { Demand, Instants, Operator } from '../vocabulary/operator';

/** What was seen last of one question, with all that it was read from. */
interface Sight {
  seen: Answer<Observation> | undefined;
}

/** The last sights of one run: expectations that ask the same of the same look once for all. */
export class Sights {
  private readonly byQuestion = new Map<string, Sight>();

  of(expectation: PlannedExpectation): Sight {
    const { question } = termsOf(expectation);
    let sight = this.byQuestion.get(question);
    if (sight === undefined) this.byQuestion.set(question, (sight = { seen: undefined }));
    return sight;
  }
}

/** What an expectation comes to whenever it is watched. */
interface Terms {
  readonly claim: Claim;
  readonly operator: Operator;
  /** Equal for expectations that ask the same. */
  readonly question: string;
  /** What is wrong with it. */
  readonly problem: string | undefined;
}

/** As old as the plan, of which there is one for all seeds and forks. */
const known = new WeakMap<PlannedExpectation, Terms>();

function termsOf(expectation: PlannedExpectation): Terms {
  let terms = known.get(expectation);
  if (terms === undefined) {
    const claim = claimNamed(expectation.claim);
    const operator = operatorNamed(expectation.operator);
    const { args } = expectation;
    const question = JSON.stringify([expectation.claim, args, isDenied(expectation.operator)]);
    terms = { claim, operator, question, problem: claim.check?.(args)[0]?.message };
    known.set(expectation, terms);
  }
  return terms;
}

export class Watch {
  readonly expectation: PlannedExpectation;
  readonly claim: Claim;
  readonly operator: Operator;
  readonly history = new History();
  /** Instants at which it must be looked at even if nothing has changed. */
  marks: readonly Instant[] = [];
  /** What was seen at the instant that was asked for, with its explanation. */
  explained: Observation | undefined;
  /** Why the claim could not be observed at all. */
  broken: string | undefined;
  /** What was seen from the start on, also before its time, up to the instant of `explainAt`. */
  private readonly past = new History();
  /** At no instant outside of it does `prepare` or `look` do anything. */
  time: Span = NO_TIME;
  private span: Span | undefined;
  private prepareAt: Instant | undefined;
  private readonly explainAt: Instant | undefined;
  private prepared: unknown;
  private readonly own: Sight = { seen: undefined };
  private readonly common: Sight;

  /**
   * `sights`: those of the run. `explainAt`: the instant whose observation is to be explained, in
   * a repeated run.
   */
  constructor(
    expectation: PlannedExpectation,
    instants: Instants,
    sights: Sights,
    explainAt?: Instant,
  ) {
    this.expectation = expectation;
    const { claim, operator, problem } = termsOf(expectation);
    this.claim = claim;
    this.operator = operator;
    this.common = sights.of(expectation);
    this.explainAt = explainAt;
    this.broken = problem;
    this.follow(instants);
  }

  /** Takes in what has become known of the timeline. */
  follow(instants: Instants): void {
    const { expectation, operator, claim } = this;
    this.span = operator.span(expectation, instants);
    this.prepareAt = claim.preparedAt?.(expectation.args, this.span);
    const { prepareAt, explainAt } = this;
    let marks = operator.marks(expectation, instants);
    if (prepareAt !== undefined) marks = [...marks, prepareAt];
    if (explainAt !== undefined) marks = [...marks, explainAt];
    this.marks = marks;
    this.time = this.timeIn(marks);
  }

  /** The last instant that the expectation names. */
  get lastNamed(): Instant {
    const marks = greatest(this.marks, 0 as Instant);
    const end = this.span?.to ?? marks;
    return end === FOREVER || end < marks ? marks : end;
  }

  /** What the claim demands, for the operator's sentences. */
  get demand(): Demand {
    const { claim, expectation } = this;
    const { args } = expectation;
    const isStretch = claim.stretch?.(args) !== undefined;
    return {
      expected: claim.expected(args),
      expectedNever: claim.expectedNever(args),
      judgesChange: claim.judgesChange ?? false,
      ...(isStretch && { stretch: (stretch) => claim.judgeStretch!(args, stretch) }),
    };
  }

  /** Does what must be done at this instant so that the claim can be observed later. */
  prepare(cluster: Cluster): void {
    if (this.prepareAt !== cluster.kernel.now || this.prepared !== undefined) return;
    if (this.broken !== undefined) return;
    try {
      this.prepared = this.claim.prepare?.(cluster, this.expectation.args);
    } catch (error) {
      this.breakBy(error);
    }
  }

  /** Looks at the claim, if this instant is in its time. */
  look(cluster: Cluster): void {
    const { now } = cluster.kernel;
    if (!this.isEarly && !this.isInTime(now)) {
      this.lookBefore(cluster);
      return;
    }
    if (this.broken !== undefined) return;
    try {
      const explain = now === this.explainAt;
      const observation = explain ? this.observe(cluster, true) : this.observeUnlessKnown(cluster);
      if (explain) this.explained = observation;
      this.history.add(now, observation);
      if (this.isPast(now)) this.past.add(now, observation);
    } catch (error) {
      this.breakBy(error);
    }
  }

  /**
   * Since when it has been so at the instant that was explained: the last turn from true to false
   * or back. Where there was none, the last change of what was found, if `otherwise` asks for it;
   * undefined where it was so from the start.
   */
  since(otherwise: boolean): Instant | undefined {
    const { samples } = this.past;
    const turn = samples.findLast(
      ({ observation }, index) =>
        index > 0 && this.truthOf(observation) !== this.truthOf(samples[index - 1]!.observation),
    );
    if (turn !== undefined) return turn.at;
    return otherwise && samples.length > 1 ? samples.at(-1)!.at : undefined;
  }

  /** What the operator asks of an observation. */
  private truthOf({ holds, possible, vacuous }: Observation): boolean | undefined {
    if (vacuous !== undefined) return undefined;
    return ['never', 'sometimes'].includes(this.operator.name) ? possible : holds;
  }

  private isPast(now: Instant): boolean {
    return this.explainAt !== undefined && now <= this.explainAt;
  }

  /** What is to be explained is looked at before its time, too: it may have been so for long. */
  private lookBefore(cluster: Cluster): void {
    const { now } = cluster.kernel;
    if (!this.isPast(now) || this.prepareAt !== undefined) return;
    try {
      this.past.add(now, this.observeUnlessKnown(cluster));
    } catch (error) {
      // What it is about was not there yet: no fault of a claim about a later time.
      if ((error as { code?: unknown }).code !== 'UNKNOWN_TARGET') throw error;
    }
  }

  /** The same as last time where nothing that it was read from has moved. */
  private observeUnlessKnown(cluster: Cluster): Observation {
    // What a claim prepares for itself is its own, and so is what it sees by it.
    const sight = this.prepareAt === undefined ? this.common : this.own;
    const { seen } = sight;
    return (seen !== undefined && stillHolds(seen) ? seen : this.seeAnew(cluster, sight)).value;
  }

  private seeAnew(cluster: Cluster, sight: Sight): Answer<Observation> {
    sight.seen = answerOf(() => {
      // What was prepared may keep a memory of its own.
      if (!isReadable(cluster) || this.prepared !== undefined) noteFleeting();
      else noteReading(cluster, '');
      return this.observe(cluster, false);
    });
    return sight.seen;
  }

  private observe(cluster: Cluster, explain: boolean): Observation {
    const { args, operator } = this.expectation;
    const context = { explain, denied: isDenied(operator), prepared: this.prepared };
    return this.claim.observe(cluster, args, context);
  }

  private isInTime(now: Instant): boolean {
    return this.span !== undefined && now >= this.span.from && now <= this.span.to;
  }

  /** A claim about a change is looked at before the change, too: that may be at any instant. */
  private get isEarly(): boolean {
    return this.span === undefined && this.claim.judgesChange === true;
  }

  /** From the first instant to the last; `marks` are in it. */
  private timeIn(marks: readonly Instant[]): Span {
    if (this.isEarly) return ALWAYS;
    const { from, to } = this.span ?? NO_TIME;
    return {
      from: this.explainAt === undefined ? least(marks, from) : ALWAYS.from,
      to: greatest(marks, to),
    };
  }

  /** A reference that means nothing is the scenario's mistake and concerns this claim alone. */
  private breakBy(error: unknown): void {
    if ((error as { code?: unknown }).code !== 'UNKNOWN_TARGET') throw error;
    this.broken = (error as Error).message;
  }
}

const ALWAYS: Span = Object.freeze({ from: Number.NEGATIVE_INFINITY as Instant, to: FOREVER });
const NO_TIME: Span = Object.freeze({ from: FOREVER, to: ALWAYS.from });

function least(instants: readonly Instant[], first: Instant): Instant {
  return instants.reduce((a, b) => (a < b ? a : b), first);
}

function greatest(instants: readonly Instant[], first: Instant): Instant {
  return instants.reduce((a, b) => (a > b ? a : b), first);
}

/** Whether the claim is to be false: what is told of it is told from that side. */
function isDenied(operator: string): boolean {
  return operator === 'never';
}

function isReadable(cluster: Cluster): cluster is Cluster & Readable {
  return cluster.standing !== undefined;
}
