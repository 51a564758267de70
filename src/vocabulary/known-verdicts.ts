// What was said of walks that have come back: the same few states come about again and again, and a
// claim that is told by its walks alone need not judge them twice.

import type { Trace } from '../values/trace';
import type { Observation, ObservationContext } from './define';
import type { Walk, Walks } from './walks';

/** What a claim has said of some walks. */
interface Verdict {
  readonly walks: readonly Walk[];
  readonly denied: boolean;
  readonly observation: Observation;
}

/** Verdicts of one claim by the first trace. */
type Verdicts = Map<Trace, Verdict[]>;

/** Most claims see as many states as there are of a few pods. */
const FIRST_MAX = 64;
const ALIKE_MAX = 16;

/** By the arguments of the claim. Frozen values only: nothing of a cluster lives on in it. */
const verdicts = new WeakMap<object, Verdicts>();

/** What a claim with these arguments says of the walks, unless it has said so before. */
export function verdictOn(
  args: object,
  { walks }: Walks,
  { denied = false }: ObservationContext,
  judge: () => Observation,
): Observation {
  const first = walks[0]?.trace;
  // Only what is frozen comes back, and is what it was.
  if (first === undefined || !Object.isFrozen(first)) return judge();
  let known = verdicts.get(args);
  if (known === undefined) verdicts.set(args, (known = new Map()));
  const alike = known.get(first) ?? [];
  for (const verdict of alike) {
    if (verdict.denied === denied && areSame(verdict.walks, walks)) return verdict.observation;
  }
  const observation = Object.freeze(judge());
  if (!walks.every(({ trace }) => Object.isFrozen(trace))) return observation;
  if (known.size === FIRST_MAX) known.clear();
  if (alike.length === ALIKE_MAX) alike.length = 0;
  alike.push({ walks, denied, observation });
  known.set(first, alike);
  return observation;
}

/** A trace names its sender, so the same traces are those of the same sources. */
function areSame(some: readonly Walk[], others: readonly Walk[]): boolean {
  if (some === others) return true;
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) {
    if (some[index]!.trace !== others[index]!.trace) return false;
  }
  return true;
}
