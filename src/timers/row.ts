// The form of a row in the table of delays (index.ts).

import { formatDuration, seconds, ZERO } from '../values/time';
import type { Duration } from '../values/time';

/** Whether traffic gains or loses a destination by the change; only `tutorial` tells them apart. */
export type Effect = 'gain' | 'loss';

/** A delay: `least`, plus a whole number of microseconds drawn evenly from [0, extra]. */
export interface Delay {
  readonly least: Duration;
  readonly extra: Duration;
}

/** How most fields that count in seconds do it. */
export const WHOLE_SECONDS: Bounds = { least: seconds(1), isWhole: true };

/** Since when the components of Kubernetes have a knob. */
export interface KnobSince {
  /** The first version that has it by default. */
  readonly version: string;
  /** The feature gate that it stands behind, and the first version that has this gate. */
  readonly gate?: { readonly name: string; readonly from: string };
  readonly source: string;
}

/** What its knob takes. */
export interface Bounds {
  readonly least?: Duration;
  readonly most?: Duration;
  /** Whether zero, which is less, stands for none. */
  readonly orNone?: true;
  /** Whether it counts in whole seconds. */
  readonly isWhole?: true;
}

/** So many times the least of another timer. */
export interface Multiple {
  readonly times: number;
  readonly of: string;
}

export interface TimerRow {
  readonly kind: 'latency' | 'quantiser' | 'wait';
  /** What waits for it, as a sentence for people. */
  readonly delays: string;
  /** The delay of the newest version. */
  readonly value: Delay;
  /** Older values: `below` is the first version to which the row no longer applies. */
  readonly older?: readonly { readonly below: string; readonly value: Delay }[];
  /** The value in the classic tutorial timelines (service live at +40 ms, pod death +350 ms). */
  readonly tutorial?: Delay | { readonly gain: Delay; readonly loss: Delay };
  /**
   * The flag or field of the real component that sets it. Where that is a field of an object or a
   * word of a Corefile, the row is what holds for those that do not say it.
   */
  readonly knob?: string;
  /** Where not every duration can be set. */
  readonly bounds?: Bounds;
  /**
   * What the real component works it out from: the shortest of these. Whoever says one of them
   * moves it, unless somebody says how long it is itself.
   */
  readonly follows?: readonly Multiple[];
  /** Where not all modelled versions have the knob; to the others the delay is a constant. */
  readonly since?: KnobSince;
  readonly source: string;
}

/** `since 1.35, with the feature gate X since 1.32`. */
export function sinceText({ version, gate }: KnobSince): string {
  if (gate === undefined) return `since ${version}`;
  return `since ${version}, with the feature gate ${gate.name} since ${gate.from}`;
}

/** `4 x metallb.probeInterval`; of several, the shortest. */
export function followsText(follows: readonly Multiple[]): string {
  const all = follows.map(({ times, of }) => (times === 1 ? of : `${times} x ${of}`));
  return all.length === 1 ? all.join('') : `the shortest of ${all.join(', ')}`;
}

/** `whole seconds, from 1s to 1h`, `0s or from 1s`. Empty where there are no bounds. */
export function boundsText({ least, most, orNone, isWhole }: Bounds): string {
  const none = orNone ? '0s or' : '';
  const from = least === undefined ? '' : `from ${formatDuration(least)}`;
  const to = most === undefined ? '' : `to ${formatDuration(most)}`;
  const span = [none, from, to].filter((it) => it !== '').join(' ');
  return [isWhole ? 'whole seconds' : '', span].filter((it) => it !== '').join(', ');
}

/** Whether a delay is one that its knob takes. */
export function isWithin(value: Duration, { least, most, orNone, isWhole }: Bounds): boolean {
  if (orNone && value === ZERO) return true;
  if (isWhole && value % seconds(1) !== 0) return false;
  return (least === undefined || value >= least) && (most === undefined || value <= most);
}

/** A delay that is always the same. */
export function fixed(value: Duration): Delay {
  return { least: value, extra: ZERO };
}

/** A delay that is drawn evenly from the span, both ends included. */
export function spread(least: Duration, most: Duration): Delay {
  return { least, extra: (most - least) as Duration };
}
