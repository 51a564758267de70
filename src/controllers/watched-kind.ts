// One kind that a controller watches: what changes of it becomes keys in the queue.

import type { Change, InformerOptions } from '../apiserver/informer';
import type { News } from '../apiserver/news';
import { PodRun } from '../apiserver/pod-run';
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
  onNews(news: News): void {
    const { keysOf, kind, logic } = this;
    if (keysOf === concernsNobody) return;
    // From the start on each has a line of its own.
    const { isBeforeStart } = this.place.kernel;
    const changes = isBeforeStart ? news.gathered : news.changes;
    // Of one that is made late, a look at it would be the making.
    const first = changes[0];
    const isWorthAsking = changes.length > 1 || (first?.late ?? first?.lateSlice) !== undefined;
    if (isWorthAsking && logic.passesOver?.(kind, changes) === true) return;
    const keysOfRun = logic.comings?.[kind];
    let last: readonly ObjectKey[] | undefined;
    for (let index = 0; index < changes.length; index++) {
      const change = changes[index]!;
      if (!(change instanceof PodRun)) last = this.observe(change, this.keysOf(change), last);
      else if (keysOfRun !== undefined) last = this.observe(change, keysOfRun(change), last);
      else last = this.observeEach(change, last);
    }
  }

  private observeEach(
    run: PodRun,
    before: readonly ObjectKey[] | undefined,
  ): readonly ObjectKey[] | undefined {
    let last = before;
    for (let index = 0; index < run.count; index++) {
      const change = run.at(index);
      last = this.observe(change, this.keysOf(change), last);
    }
    return last;
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

  private note(change: Change): void {
    const { kernel } = this.place;
    if (kernel.leftOut() !== undefined) return;
    kernel.note(this.owner, 'observed', `${this.kind}/${change.key}`);
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
