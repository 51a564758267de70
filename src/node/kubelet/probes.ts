// The probes of a container, counted without running them: ticks whose outcome is known are
// counted in one step, and only the tick at which the result changes is an event.
// source: pkg/kubelet/prober/worker.go doProbe, prober_manager.go

import type { Handler, Probe } from '../../apiserver/kinds/pod';
import { hashText, Stream } from '../../kernel/random';
import type { Random } from '../../kernel/random';
import type { Ratio } from '../../values/ratio';
import { seconds } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

export type ProbeType = 'startup' | 'liveness' | 'readiness';

/** What a tick finds; `none` where it does not look at all. */
export type ProbeOutcome = 'success' | 'failure' | 'none';

/** What chance has to say where a bad line loses packets: each tick fares by itself. */
export interface ProbeLuck {
  readonly random: Random;
  /** The stream of the draws: those of one tick are always the same. */
  readonly name: string;
  readonly odds: Ratio;
}

export interface ProbeState {
  readonly id: number;
  readonly type: ProbeType;
  readonly handler: Handler;
  readonly period: Duration;
  readonly initialDelay: Duration;
  /** How long it waits for an answer. */
  readonly timeout: Duration;
  readonly successThreshold: number;
  readonly failureThreshold: number;
  /** Seconds that a killed container gets, where the probe itself says so. */
  readonly grace: number | undefined;
  /** One of its ticks; undefined until it matters where they are. */
  base: Instant | undefined;
  /** The timing profile for which `base` was chosen. */
  baseProfile: string;
  /** Every tick before this instant is counted. */
  counted: Instant;
  /** What every tick since `counted` finds; of a success chance may make a failure. */
  outcome: ProbeOutcome;
  luck: ProbeLuck | undefined;
  last: ProbeOutcome;
  /** How many times in a row `last` was found. */
  run: number;
  result: 'success' | 'failure' | 'unknown';
  /** A verdict was given that ends the container or the probing. */
  onHold: boolean;
  /** The tick that is scheduled; others that were are stale. */
  due: Instant | undefined;
}

/** How many ticks ahead draws are looked through at a time. */
const FORESIGHT = 200;

const INITIAL_RESULT = { startup: 'unknown', liveness: 'success', readiness: 'failure' } as const;

/** Zero counts as absent, as in the API. source: pkg/apis/core/v1/defaults.go SetDefaults_Probe */
export function newProbe(id: number, type: ProbeType, probe: Probe, now: Instant): ProbeState {
  return {
    id,
    type,
    handler: probe,
    period: seconds(probe.periodSeconds || 10),
    initialDelay: seconds(probe.initialDelaySeconds ?? 0),
    timeout: seconds(probe.timeoutSeconds || 1),
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
    grace: probe.terminationGracePeriodSeconds,
    base: undefined,
    baseProfile: '',
    counted: now,
    outcome: 'none',
    luck: undefined,
    last: 'none',
    run: 0,
    result: INITIAL_RESULT[type],
    onHold: false,
    due: undefined,
  };
}

/** A new process of the container: earlier results do not speak for it. */
export function resetProbe(probe: ProbeState): void {
  probe.result = INITIAL_RESULT[probe.type];
  probe.onHold = false;
}

/**
 * Counts the ticks before `now` with the outcome that they had, and takes down what ticks find
 * from now on.
 */
export function observe(
  probe: ProbeState,
  now: Instant,
  outcome: ProbeOutcome,
  luck?: ProbeLuck,
): void {
  count(probe, probe.counted, now);
  probe.counted = now > probe.counted ? now : probe.counted;
  probe.outcome = outcome;
  probe.luck = luck;
}

/** The tick at `now` itself; every one before is counted already. */
export function tick(probe: ProbeState, now: Instant): void {
  if (probe.counted > now) return;
  count(probe, now, (now + 1) as Instant);
  probe.counted = (now + 1) as Instant;
}

/** A look out of turn, as the kubelet takes one when a container is newly up and not ready. */
export function lookNow(probe: ProbeState, now: Instant): void {
  record(probe, findingAt(probe, now), 1);
}

/** What a tick finds at that instant, which must not be before `counted`. */
export function findingAt({ outcome, luck }: ProbeState, at: number): ProbeOutcome {
  if (luck === undefined || outcome !== 'success') return outcome;
  const { random, name, odds } = luck;
  const draw = new Stream(hashText(`${random.seed}/${name}/${at}`)).below(odds.denominator);
  return draw < odds.numerator ? 'success' : 'failure';
}

/**
 * The next tick that can change the result: the one that reaches a threshold, or the first one
 * after the outcome changes by itself at `changesAt`. Undefined while nothing can change.
 */
export function nextDue(probe: ProbeState, changesAt: Instant | undefined): Instant | undefined {
  if (probe.onHold || probe.base === undefined) return undefined;
  const { outcome, result, run, last, counted, period } = probe;
  const first = firstTick(probe, counted);
  let due: number | undefined;
  if (probe.luck !== undefined && outcome === 'success') {
    due = dueByChance(probe, first);
  } else if (outcome !== 'none' && outcome !== result) {
    const missing = thresholdOf(probe, outcome) - (last === outcome ? run : 0);
    due = first + Math.max(0, missing - 1) * period;
  }
  if (changesAt !== undefined) {
    const changed = firstTick(probe, changesAt > counted ? changesAt : counted);
    due = due === undefined ? changed : Math.min(due, changed);
  }
  return due as Instant | undefined;
}

function thresholdOf(probe: ProbeState, outcome: ProbeOutcome): number {
  return outcome === 'success' ? probe.successThreshold : probe.failureThreshold;
}

/** The first tick whose draw changes the result; where none does for long, one to look again. */
function dueByChance(probe: ProbeState, first: number): number {
  let { last, run } = probe;
  for (let ahead = 0; ahead < FORESIGHT; ahead++) {
    const at = first + ahead * probe.period;
    const found = findingAt(probe, at);
    run = found === last ? run + 1 : 1;
    last = found;
    if (found !== probe.result && run >= thresholdOf(probe, found)) return at;
  }
  return first + FORESIGHT * probe.period;
}

/** Ticks in [from, to), with what each of them finds. */
function count(probe: ProbeState, from: Instant, to: Instant): void {
  const times = ticksIn(probe, from, to);
  if (probe.luck === undefined) {
    record(probe, probe.outcome, times);
    return;
  }
  for (let tick = 0; tick < times; tick++) {
    record(probe, findingAt(probe, firstTick(probe, from) + tick * probe.period), 1);
  }
}

function record(probe: ProbeState, outcome: ProbeOutcome, times: number): void {
  const { type } = probe;
  if (times === 0 || outcome === 'none' || probe.onHold) return;
  probe.run = probe.last === outcome ? probe.run + times : times;
  probe.last = outcome;
  if (probe.run < thresholdOf(probe, outcome)) return;
  probe.result = outcome;
  if (type === 'startup' || (type === 'liveness' && outcome === 'failure')) {
    probe.onHold = true;
    probe.run = 0;
  }
}

/** Ticks in [from, to). */
function ticksIn({ base, period }: ProbeState, from: Instant, to: Instant): number {
  if (base === undefined || to <= from) return 0;
  return Math.ceil((to - base) / period) - Math.ceil((from - base) / period);
}

function firstTick({ base, period }: ProbeState, from: Instant): number {
  return base! + Math.ceil((from - base!) / period) * period;
}
