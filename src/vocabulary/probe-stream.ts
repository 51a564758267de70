// Streams of probes, computed and not sampled: between two changes the cluster answers every probe
// alike, so the probes that fall into such a stretch are counted, and nothing has to be sent.
//
// A probe to a Service may have several ends, with exact probabilities. What may fail counts as
// failing: the longest gap and the numbers of failures are those of the unluckiest client. The
// expected share of successes is exact.

import type { Disposition, ReachOutcome } from '../values/disposition';
import { add, multiply, NEVER, ratio } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import type { Duration, Instant } from '../values/time';
import type { Sample } from './history';
import type { Stretch } from './stretch';

/** One way in which a probe can end, and how likely that is. */
export interface ProbeEnd {
  readonly outcome: ReachOutcome;
  readonly disposition: Disposition;
  readonly probability: Ratio;
}

/** What the probes of one stream meet while a state lasts. The ends' probabilities add up to 1. */
export interface ProbeState {
  /** Who sends; with connections that are kept, on which of those that were possible. */
  readonly stream: string;
  /** How likely the client is on this stream and not on another one of the same client. */
  readonly share: Ratio;
  readonly client: string;
  readonly ends: readonly ProbeEnd[];
}

/** A row of probes that may all fail: up to the first one that certainly does not. */
export interface Gap {
  readonly stream: string;
  readonly from: Instant;
  /** Absent where the state at the end of the run lasts for ever, or the stretch ends before. */
  readonly to?: Instant;
  /** How long, up to the end of the stretch; Infinity where nothing ends it. */
  readonly length: number;
  readonly probes: number;
  /** What the probes meet, in the order of time. */
  readonly dispositions: readonly Disposition[];
  readonly outcomes: readonly ReachOutcome[];
}

export interface StreamCount {
  readonly stream: string;
  readonly client: string;
  readonly share: Ratio;
  /** Infinity where neither a step nor `hold` ends the stretch. */
  readonly probes: number;
  /** In the worst case, by kind: probes that may end so. */
  readonly failures: ReadonlyMap<ReachOutcome, number>;
  /** Probes that may succeed. */
  readonly hopeful: number;
  /** How many probes succeed on average; meaningful where `probes` is finite. */
  readonly expected: Ratio;
  /** Every gap in the order of time. */
  readonly gaps: readonly Gap[];
}

/** Counts the probes of every stream in a stretch; one leaves at `from`, then one per interval. */
export function countStreams(stretch: Stretch, interval: Duration): readonly StreamCount[] {
  const names = new Map<string, ProbeState>();
  for (const { observation } of stretch.samples) {
    for (const state of observation.probes ?? []) {
      if (!names.has(state.stream)) names.set(state.stream, state);
    }
  }
  return [...names.values()].map((state) => new Counter(state, stretch, interval).count());
}

/** The share of a client's probes that succeed on average, over all streams it may be on. */
export function expectedShare(counts: readonly StreamCount[], client: string): Ratio {
  const own = counts.filter((count) => count.client === client && count.probes > 0);
  return own.reduce((sum, { share, expected, probes }) => {
    return add(sum, multiply(share, multiply(expected, ratio(1, probes))));
  }, NEVER);
}

/** Whether a probe may end otherwise than well. */
function mayFail({ ends }: ProbeState): boolean {
  return ends.some(({ outcome }) => outcome !== 'ok');
}

interface OpenGap {
  readonly from: Instant;
  probes: number;
  readonly dispositions: Set<Disposition>;
  readonly outcomes: Set<ReachOutcome>;
}

class Counter {
  private readonly state: ProbeState;
  private readonly stretch: Stretch;
  private readonly interval: Duration;
  private readonly failures = new Map<ReachOutcome, number>();
  private readonly gaps: Gap[] = [];
  private probes = 0;
  private hopeful = 0;
  private expected = NEVER;
  private open: OpenGap | undefined;

  constructor(state: ProbeState, stretch: Stretch, interval: Duration) {
    this.state = state;
    this.stretch = stretch;
    this.interval = interval;
  }

  count(): StreamCount {
    const { samples } = this.stretch;
    samples.forEach((sample, index) => this.take(sample, samples[index + 1]));
    const { to } = this.stretch;
    if (this.open !== undefined) this.close(undefined, to);
    const { stream, client, share } = this.state;
    const { probes, failures, hopeful, expected, gaps } = this;
    return { stream, client, share, probes, failures, hopeful, expected, gaps };
  }

  /** The probes between a change and the next one. */
  private take({ at, observation }: Sample, next: Sample | undefined): void {
    const end = next?.at ?? this.stretch.to;
    const first = this.indexOf(at);
    const count = end === undefined ? Infinity : this.indexOf(end) - first;
    if (count <= 0) return;
    const leaves = (this.stretch.from + first * this.interval) as Instant;
    const state = observation.probes?.find(({ stream }) => stream === this.state.stream);
    // A client that sends nothing waits for nothing.
    if (state === undefined || !mayFail(state)) {
      if (this.open !== undefined) this.close(leaves, leaves);
    }
    if (state === undefined) return;
    this.probes += count;
    this.add(state.ends, count);
    if (mayFail(state)) this.widen(state.ends, leaves, count);
  }

  /** The position of the first probe that leaves at the instant or after it. */
  private indexOf(instant: Instant): number {
    return Math.ceil((instant - this.stretch.from) / this.interval);
  }

  private add(ends: readonly ProbeEnd[], count: number): void {
    for (const outcome of new Set(ends.map((end) => end.outcome))) {
      if (outcome === 'ok') this.hopeful += count;
      else this.failures.set(outcome, (this.failures.get(outcome) ?? 0) + count);
    }
    if (count === Infinity) return;
    const succeeding = ends
      .filter(({ outcome }) => outcome === 'ok')
      .reduce((sum, { probability }) => add(sum, probability), NEVER);
    this.expected = add(this.expected, multiply(succeeding, ratio(count, 1)));
  }

  private widen(ends: readonly ProbeEnd[], leaves: Instant, count: number): void {
    this.open ??= { from: leaves, probes: 0, dispositions: new Set(), outcomes: new Set() };
    this.open.probes += count;
    for (const { outcome, disposition } of ends) {
      if (outcome === 'ok') continue;
      this.open.dispositions.add(disposition);
      this.open.outcomes.add(outcome);
    }
  }

  /** `over`: when a probe succeeded for certain; `until`: how far the gap is known to go. */
  private close(over: Instant | undefined, until: Instant | undefined): void {
    const { from, probes, dispositions, outcomes } = this.open!;
    this.gaps.push({
      stream: this.state.stream,
      from,
      ...(over !== undefined && { to: over }),
      length: until === undefined ? Infinity : until - from,
      probes,
      dispositions: [...dispositions],
      outcomes: [...outcomes],
    });
    this.open = undefined;
  }
}

/** The longest of the gaps, the first of equal ones. */
export function longestGap(counts: readonly StreamCount[]): Gap | undefined {
  const all = counts.flatMap(({ gaps }) => gaps);
  return all.reduce<Gap | undefined>(
    (best, gap) => (best === undefined || gap.length > best.length ? gap : best),
    undefined,
  );
}
