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
  private readonly stages: Write[][] = [[]];
  private readonly sent: Write[] = [];
  private stage = -1;
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
    const { uid } = object.metadata;
    const same = uid === undefined ? {} : { uid };
    this.write({ verb: 'patch', kind: object.kind, key: keyOf(object), patch, ...same });
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
    this.stages.at(-1)!.push(write);
  }

  /** What is written from here on waits until what stands before has succeeded. */
  then(): void {
    if (this.stages.at(-1)!.length > 0) this.stages.push([]);
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
    return this.stages.flat();
  }

  get isIdle(): boolean {
    return this.stages.every((writes) => writes.length === 0);
  }

  get isFirstStage(): boolean {
    return this.stage < 0;
  }

  get hasMore(): boolean {
    return (this.stages[this.stage + 1]?.length ?? 0) > 0;
  }

  /** The writes that go out now, by their numbers. */
  nextStage(): readonly number[] {
    const stage = this.stages[++this.stage]!;
    this.unanswered = stage.length;
    const first = this.sent.length;
    this.sent.push(...stage);
    return stage.map((_write, index) => first + index);
  }

  /** A write that has gone out, by its number. */
  writeAt(number: number): Write {
    return this.sent[number]!;
  }

  /** Counts an answer; returns how many are still to come. */
  answered(): number {
    return --this.unanswered;
  }

  /** Writes that never went out because an earlier stage failed. */
  skipped(): readonly Write[] {
    return this.stages.slice(this.stage + 1).flat();
  }
}
