// One kind that a controller watches: what changes of it becomes keys in the queue.

import type { Change, InformerOptions } from '../apiserver/informer';
import { endOfRun, PodRun } from '../apiserver/pod-run';
import { Phase } from '../kernel/phase';
import type { TimerName } from '../timing';
import type { ObjectKey } from '../values/kube-object';
import { ZERO } from '../values/time';
import type { ControllerDefinition, ControllerLogic, Workplace } from './define';
import type { OwnNews } from './own-news';
import { NOBODY } from './owner';

/** Which keys a change concerns. A list that is returned again says the same again. */
export type KeysOf = (change: Change) => readonly ObjectKey[];

/** The same of pods of one series that have come; it is the same for each of them. */
export type KeysOfRun = (run: PodRun) => readonly ObjectKey[];

/** The answer of who watches a kind in order to look its objects up, and for nothing else. */
export const concernsNobody: KeysOf = () => NOBODY;

export class WatchedKind implements InformerOptions {
  readonly kind: string;
  readonly owner: string;
  private readonly place: Workplace;
  private readonly logic: ControllerLogic;
  private readonly keysOf: KeysOf;
  /** The timer for which changes are gathered. */
  private readonly timer: TimerName | undefined;
  /** Whether a key may wait until all that happens to its dependents is there. */
  private readonly mayRest: boolean;
  /** Of the kind of its keys: what it has written itself. */
  private readonly own: OwnNews | undefined;

  constructor(
    kind: string,
    definition: ControllerDefinition,
    logic: ControllerLogic,
    place: Workplace,
    own?: OwnNews,
  ) {
    this.kind = kind;
    this.owner = place.actor;
    this.place = place;
    this.logic = logic;
    this.keysOf = logic.watches[kind]!;
    this.timer = logic.gathers?.[kind];
    this.own = own;
    this.mayRest = kind !== definition.kind || definition.gathersDependents === true;
  }

  onChange(change: Change): void {
    this.observe(change, this.keysOf(change));
  }

  /** Many lists hold nothing for who watches the kind, and many the same keys again and again. */
  onChanges(changes: readonly Change[]): void {
    const { keysOf, kind, logic } = this;
    if (keysOf === concernsNobody) return;
    // Of one that is made late, a look at it would be the making.
    const isWorthAsking = changes.length > 1 || changes[0]?.late !== undefined;
    if (isWorthAsking && logic.passesOver?.(kind, changes) === true) return;
    // From the start on each has a line of its own.
    const keysOfRun = this.place.kernel.isBeforeStart ? logic.comings?.[kind] : undefined;
    let last: readonly ObjectKey[] | undefined;
    for (let index = 0; index < changes.length; index++) {
      const change = changes[index]!;
      const end = keysOfRun && endOfRun(changes, index);
      if (end === undefined) {
        last = this.observe(change, this.keysOf(change), last);
      } else {
        last = this.observe(change, keysOfRun!(new PodRun(changes, index, end)), last);
        index = end - 1;
      }
    }
  }

  /** `last`: what was put into the queue right before. */
  private observe(
    change: Change,
    keys: readonly ObjectKey[],
    last?: readonly ObjectKey[],
  ): readonly ObjectKey[] {
    if (keys.length === 0) return keys;
    if (this.own?.has(change) === true) return NOBODY;
    const isKnown = keys === last;
    // Before the start no lines are written.
    if (isKnown && this.place.kernel.isBeforeStart) return keys;
    this.note(change);
    // What waits already needs not be added again.
    if (isKnown) return keys;
    for (let index = 0; index < keys.length; index++) this.enqueue(keys[index]!);
    return keys;
  }

  private note({ key }: Change): void {
    const { kernel } = this.place;
    if (kernel.leftOut() === undefined) kernel.note(this.owner, 'observed', `${this.kind}/${key}`);
  }

  private enqueue(key: ObjectKey): void {
    const { timer, place } = this;
    const wait = timer === undefined ? ZERO : place.timing.wait(timer, this.owner);
    if (wait === ZERO) place.queue.add(key, this.phase);
    else place.queue.addAfter(key, wait, timer);
  }

  /**
   * Where nothing takes any time (a cluster that settles), what happens to the dependents of a key
   * is looked at once they have all come to rest, not once for each of them.
   */
  private get phase(): Phase {
    return this.mayRest && this.place.timing.profile === 'instant' ? Phase.rest : Phase.control;
  }
}
