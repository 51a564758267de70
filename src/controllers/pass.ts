// One look of a controller at one key: the writes that it asks for, in stages, and how it ends.

import type { ApiRequest } from '../apiserver/api-server';
import type { Effect } from '../timing';
import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { Duration } from '../values/time';

/** A request without its sender. */
export type Write = Omit<ApiRequest, 'actor' | 'answer'>;

export class Pass {
  /** `Service/shop/web`: what is looked at, for the journal. */
  subject: string;
  readonly key: ObjectKey;
  /** Whether traffic gains or loses by what is written. */
  effect: Effect | undefined;
  /** What was found, in words, for the journal. */
  summary = '';
  private readonly asked: Write[] = [];
  /** The numbers of the writes before which something is waited for. */
  private stops: number[] | undefined;
  /** How many writes have gone out. */
  private sent = 0;
  private unanswered = 0;
  private reason: string | undefined;
  private again: { readonly delay: Duration; readonly timer: string } | undefined;

  constructor(kind: string, key: ObjectKey) {
    this.subject = `${kind}/${key}`;
    this.key = key;
  }

  /** `count`: so many like it, each with a name of its own. */
  create(object: KubeObject, count = 1): void {
    const write: Write = { verb: 'create', kind: object.kind, key: keyOf(object), object };
    for (let made = 0; made < count; made++) this.write(write);
  }

  replace(object: KubeObject): void {
    this.write({ verb: 'replace', kind: object.kind, key: keyOf(object), object });
  }

  patch(object: KubeObject, patch: Readonly<Record<string, unknown>>): void {
    const { kind, metadata } = object;
    const { uid } = metadata;
    const key = keyOf(object);
    if (uid === undefined) this.write({ verb: 'patch', kind, key, patch });
    else this.write({ verb: 'patch', kind, key, patch, uid });
  }

  /** Writes into the status of an object, whose conditions it does not know all of. */
  patchStatus(object: KubeObject, status: Readonly<Record<string, unknown>>): void {
    const { uid } = object.metadata;
    const { kind } = object;
    const same = uid === undefined ? {} : { uid };
    const patch = { status };
    this.write({ verb: 'patch', kind, key: keyOf(object), patch, patchType: 'strategic', ...same });
  }

  /** Deletes this very object, not one that has taken its name meanwhile. `grace` in seconds. */
  delete(object: KubeObject, grace?: number): void {
    const { uid } = object.metadata;
    this.write({
      verb: 'delete',
      kind: object.kind,
      key: keyOf(object),
      ...(uid !== undefined && { uid }),
      ...(grace !== undefined && { grace }),
    });
  }

  write(write: Write): void {
    this.asked.push(write);
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

  /** The writes that go out now, by their numbers. */
  nextStage(): readonly number[] {
    const first = this.sent;
    const end = this.stops?.find((stop) => stop > first) ?? this.asked.length;
    const numbers: number[] = [];
    for (let number = first; number < end; number++) numbers.push(number);
    this.sent = end;
    this.unanswered = end - first;
    return numbers;
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

const NONE: readonly Write[] = [];
