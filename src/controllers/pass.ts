// One look of a controller at one key: the writes that it asks for, in stages, and how it ends.

import type { ApiRequest, ApiResult } from '../apiserver/api-server';
import type { Store } from '../apiserver/store';
import type { Effect } from '../timing';
import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { Duration } from '../values/time';

/** A request of which nobody is told how it went. */
export type Write = Omit<ApiRequest, 'answer'>;

/** Who knows the newest version of what was to be written; that of a deletion says so. */
export type Stored = Pick<Store, 'version'>;

const NONE: readonly Write[] = Object.freeze([]);
export const NO_RESULTS: readonly ApiResult[] = Object.freeze([]);

export class Pass {
  readonly kind: string;
  readonly key: ObjectKey;
  /** Who writes, as the journal names it. */
  readonly actor: string;
  /** Whether traffic gains or loses by what is written. */
  effect: Effect | undefined;
  /** What was found, in words, for the journal. */
  summary = '';
  /** What became of the writes of a stage that took no time. */
  results: readonly ApiResult[] = NO_RESULTS;
  private asked: readonly Write[] = NONE;
  /** The numbers of the writes before which something is waited for. */
  private stops: number[] | undefined;
  /** How many writes have gone out. */
  private sent = 0;
  private unanswered = 0;
  private reason: string | undefined;
  private again: { readonly delay: Duration; readonly timer: string } | undefined;
  private named: string | undefined;
  private last: KubeObject | undefined;

  constructor(kind: string, key: ObjectKey, actor: string) {
    this.kind = kind;
    this.key = key;
    this.actor = actor;
  }

  /** `Service/shop/web`: what is looked at, for the journal. */
  get subject(): string {
    return this.named ?? `${this.kind}/${this.key}`;
  }

  set subject(name: string) {
    this.named = name;
  }

  /** `count`: so many like it, each with a name of its own. `key`: the object's, if at hand. */
  create(object: KubeObject, count = 1, key = keyOf(object)): void {
    const { actor } = this;
    const write: Write = { verb: 'create', kind: object.kind, key, object, actor };
    for (let made = 0; made < count; made++) this.ask(write);
  }

  replace(object: KubeObject): void {
    const { actor } = this;
    this.ask({ verb: 'replace', kind: object.kind, key: keyOf(object), object, actor });
  }

  /** `key`: the object's, where it is at hand. */
  patch(
    object: KubeObject,
    patch: Readonly<Record<string, unknown>>,
    key: ObjectKey = keyOf(object),
  ): void {
    const { actor } = this;
    const { kind, metadata } = object;
    const { uid } = metadata;
    if (uid === undefined) this.ask({ verb: 'patch', kind, key, patch, actor });
    else this.ask({ verb: 'patch', kind, key, patch, uid, actor });
  }

  /**
   * Writes the status of what is looked at, where another look would find nothing to do: unless
   * somebody else writes as well, or it wants to look again later, to hear of that is no reason
   * for one.
   */
  conclude(object: KubeObject, status: object): void {
    this.patch(object, { status }, this.key);
    if (this.asked.length === 1) this.last = object;
  }

  /** Writes into the status of an object, whose conditions it does not know all of. */
  patchStatus(object: KubeObject, status: Readonly<Record<string, unknown>>): void {
    const { actor } = this;
    const { kind, metadata } = object;
    const { uid } = metadata;
    const key = keyOf(object);
    const same = uid === undefined ? {} : { uid };
    const patch = { status };
    this.ask({ verb: 'patch', kind, key, patch, patchType: 'strategic', ...same, actor });
  }

  /** Deletes this very object, not one that has taken its name meanwhile. `grace` in seconds. */
  delete(object: KubeObject, grace?: number): void {
    const { uid } = object.metadata;
    this.ask({
      verb: 'delete',
      kind: object.kind,
      key: keyOf(object),
      ...(uid !== undefined && { uid }),
      ...(grace !== undefined && { grace }),
      actor: this.actor,
    });
  }

  /** Most passes write one thing alone: a list that has grown keeps room for many more. */
  private ask(write: Write): void {
    if (this.asked === NONE) this.asked = [write];
    else (this.asked as Write[]).push(write);
  }

  /** What is written from here on waits until what stands before has succeeded. */
  then(): void {
    const { length } = this.asked;
    if (length === 0) return;
    if (this.stops === undefined) this.stops = [length];
    else if (this.stops.at(-1) !== length) this.stops.push(length);
  }

  /** The pass counts as failed when its writes are through: it is tried again after a back-off. */
  fail(reason: string): void {
    this.reason ??= reason;
  }

  /** Looks at the key again after `delay`. */
  requeueAfter(delay: Duration, timer: string): void {
    if (this.again === undefined || delay < this.again.delay) this.again = { delay, timer };
  }

  /** What it has looked at, where its one write leaves nothing to do, not even later. */
  get concluded(): KubeObject | undefined {
    return this.again === undefined ? this.last : undefined;
  }

  get failure(): string | undefined {
    return this.reason;
  }

  get requeue(): { readonly delay: Duration; readonly timer: string } | undefined {
    return this.again;
  }

  /** Every write that was asked for, in order. */
  get writes(): readonly Write[] {
    return this.asked;
  }

  get isIdle(): boolean {
    return this.asked.length === 0;
  }

  get isFirstStage(): boolean {
    return this.sent === 0;
  }

  get hasMore(): boolean {
    return this.sent < this.asked.length;
  }

  /** Sends the next stage: the writes from the number that is returned up to `stageEnd`. */
  nextStage(): number {
    const first = this.sent;
    const end = this.stops?.find((stop) => stop > first) ?? this.asked.length;
    this.sent = end;
    this.unanswered = end - first;
    return first;
  }

  /** The number after that of the last write that has gone out. */
  get stageEnd(): number {
    return this.sent;
  }

  /** A write that has gone out, by its number. */
  writeAt(number: number): Write {
    return this.asked[number]!;
  }

  /** Counts an answer; returns how many are still to come. */
  answered(): number {
    return --this.unanswered;
  }

  /** Writes that never went out because an earlier stage failed. */
  skipped(): readonly Write[] {
    return this.hasMore ? this.asked.slice(this.sent) : NONE;
  }
}
