// The API server: takes requests, commits them after the write latency, tells the watchers after
// the watch latency. Nobody else touches the store.

import type { EventArgument, EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { Timing } from '../timing';
import type { Effect } from '../timing';
import { later, ZERO } from '../values/time';
import type { Instant } from '../values/time';
import { equalJson, mergePatch } from './json';
import { Informer } from './informer';
import type { InformerOptions } from './informer';
import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { Store } from './store';
import type { Version } from './store';

/** A write as a client asks for it. It is plain data: a fork carries what is under way. */
export interface ApiRequest {
  /** `apply` creates what is not there and merges into what is. */
  readonly verb: 'create' | 'replace' | 'patch' | 'apply' | 'delete';
  readonly kind: string;
  readonly key: ObjectKey;
  /** The whole object, for create and replace; for apply, the manifest. */
  readonly object?: KubeObject;
  /** A JSON merge patch (RFC 7386), for patch. Applied to what stands when it is committed. */
  readonly patch?: Readonly<Record<string, unknown>>;
  /** For delete: seconds of grace; 0 removes at once. */
  readonly grace?: number;
  /** The write is meant for this very object, not for another one that has taken its name. */
  readonly uid?: string;
  /** Who asks, as the journal names it. */
  readonly actor: string;
  /** Whether traffic gains or loses by it; the tutorial profile times the two differently. */
  readonly effect?: Effect;
  /** The event that tells the client how it went; its argument `b` is the ApiResult. */
  readonly answer?: { readonly kind: EventKind; readonly a: EventArgument };
}

/** How a request ended. */
export type ApiResult = 'ok' | 'conflict' | 'not-found' | 'already-exists' | 'invalid';

/** What admission makes of an object before it is stored (defaults, allocation, validation). */
export interface Admission {
  /** The object to store, or the reason why not. */
  admit(object: KubeObject, previous: KubeObject | undefined, store: Store): KubeObject | string;
  /** The object with a name of its own where only `generateName` stands; for create alone. */
  named(object: KubeObject, store: Store): KubeObject;
  /** What a graceful deletion makes of it: the object to keep for now, or undefined to remove. */
  terminate(object: KubeObject, grace: number | undefined, now: Instant): KubeObject | undefined;
  /** Whether nothing keeps it any more: marked for deletion, no grace and no finalizer left. */
  isFinished(object: KubeObject): boolean;
  /** Gives back what was allocated to an object that is removed: addresses, node ports. */
  release(object: KubeObject): void;
  /** The scope by which watchers of this kind may select (Pod: its node). */
  scopeOf(object: KubeObject): string | undefined;
}

interface Watchers {
  readonly all: number[];
  readonly scoped: Map<string, number[]>;
}

export class ApiServer {
  readonly store: Store;
  private readonly kernel: Kernel;
  private readonly timing: Timing;
  private readonly admission: Admission;
  private readonly pending: Map<number, ApiRequest>;
  private nextRequest = 0;
  private readonly informers: Informer[] = [];
  private readonly watchers = new Map<string, Watchers>();
  private readonly commitEvent: EventKind;
  private readonly watchEvent: EventKind;
  private onCommit: (version: Version) => void = () => {};

  constructor(kernel: Kernel, timing: Timing, admission: Admission) {
    this.kernel = kernel;
    this.timing = timing;
    this.admission = admission;
    this.store = new Store();
    this.pending = new Map();
    this.commitEvent = kernel.declare('apiserver.commit', (id) => this.commit(Number(id)));
    this.watchEvent = kernel.declare('apiserver.watch', (id, revision) => {
      this.informers[Number(id)]!.deliver(Number(revision));
    });
  }

  /** Calls `listener` with every version at the instant of its commit. */
  observeCommits(listener: (version: Version) => void): void {
    this.onCommit = listener;
  }

  /** A lagging view for one component. */
  informer(options: InformerOptions): Informer {
    const informer = new Informer(this.store, options);
    const id = this.informers.push(informer) - 1;
    const watchers = this.watchersOf(options.kind);
    if (options.scope === undefined) watchers.all.push(id);
    else watchers.scoped.set(options.scope, [...(watchers.scoped.get(options.scope) ?? []), id]);
    return informer;
  }

  /** Sends a request; it is committed after the write latency. */
  submit(request: ApiRequest): void {
    const id = this.nextRequest++;
    this.pending.set(id, request);
    const delay = this.timing.draw('apiserver.write', request.actor, request.effect);
    this.kernel.after(delay, Phase.api, this.commitEvent, id, 0, 'apiserver.write');
  }

  /** Commits a request at this instant, without latency: for seeding a cluster. */
  commitNow(request: ApiRequest): ApiResult {
    const version = this.apply(request);
    // No version: the request was refused, or it changed nothing.
    if (typeof version === 'string') return version;
    this.publish(request, version);
    return 'ok';
  }

  private commit(id: number): void {
    const request = this.pending.get(id)!;
    this.pending.delete(id);
    const result = this.commitNow(request);
    if (request.answer === undefined) return;
    const { kind, a } = request.answer;
    this.kernel.after(ZERO, Phase.control, kind, a, result);
  }

  private apply(request: ApiRequest): Version | ApiResult {
    const { kind, key, verb } = request;
    if (verb === 'create') return this.create(request, request.object!);
    const current = this.store.get(kind, key);
    if (current === undefined) {
      return verb === 'apply' ? this.create(request, manifestOf(request)) : 'not-found';
    }
    if (request.uid !== undefined && request.uid !== current.metadata.uid) return 'conflict';
    switch (verb) {
      case 'replace':
        if (isStale(request.object!, current)) return 'conflict';
        return this.put(request, request.object!, current);
      case 'apply':
        return this.put(request, mergePatch(current, manifestOf(request)) as KubeObject, current);
      case 'patch':
        return this.put(request, mergePatch(current, request.patch!) as KubeObject, current);
      case 'delete':
        return this.delete(request, current);
    }
  }

  private create(request: ApiRequest, given: KubeObject): Version | ApiResult {
    const object = this.admission.named(given, this.store);
    if (this.store.get(request.kind, keyOf(object)) !== undefined) return 'already-exists';
    return this.put(request, object, undefined);
  }

  private put(
    request: ApiRequest,
    object: KubeObject,
    current: KubeObject | undefined,
  ): Version | 'invalid' | 'ok' {
    const admitted = this.admission.admit(object, current, this.store);
    const key = keyOf(object);
    const subject = `${request.kind}/${key}`;
    if (typeof admitted === 'string') {
      this.kernel.note('apiserver', 'refused', subject, admitted);
      return 'invalid';
    }
    // A write that changes nothing makes no version and wakes nobody.
    // source: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go GuaranteedUpdate
    if (current !== undefined && equalJson(admitted, current)) return 'ok';
    if (this.admission.isFinished(admitted)) return this.remove(request, key, admitted);
    const cause = this.kernel.note(
      'apiserver',
      'stored',
      subject,
      `${request.verb} by ${request.actor}`,
    );
    return this.store.put(admitted, this.kernel.now, cause, this.admission.scopeOf(admitted));
  }

  private delete(request: ApiRequest, current: KubeObject): Version | 'ok' {
    const { kind, key, actor, grace } = request;
    const { now } = this.kernel;
    const kept = this.admission.terminate(current, grace, now);
    if (kept === undefined) return this.remove(request, key, current);
    if (equalJson(kept, current)) return 'ok';
    const cause = this.kernel.note(
      'apiserver',
      'stored',
      `${kind}/${key}`,
      `marked for deletion by ${actor}`,
    );
    return this.store.put(kept, now, cause, this.admission.scopeOf(kept));
  }

  private remove({ kind, actor }: ApiRequest, key: ObjectKey, last: KubeObject): Version {
    this.admission.release(last);
    const cause = this.kernel.note('apiserver', 'removed', `${kind}/${key}`, `by ${actor}`);
    return this.store.remove(kind, key, this.kernel.now, cause, this.admission.scopeOf(last));
  }

  private publish(request: ApiRequest, version: Version): void {
    this.onCommit(version);
    const watchers = this.watchers.get(request.kind);
    if (watchers === undefined) return;
    for (const id of watchers.all) this.notify(id, version, request);
    if (version.scope === undefined) return;
    for (const id of watchers.scoped.get(version.scope) ?? []) this.notify(id, version, request);
  }

  private notify(id: number, version: Version, request: ApiRequest): void {
    // Who is cut off gets nothing, and lists anew when it is back.
    if (this.informers[id]!.isHeld) return;
    const owner = this.informers[id]!.options.owner;
    const delay = this.timing.draw('apiserver.watch', owner, request.effect);
    const at = later(this.kernel.now, delay);
    const phase = owner.includes('@') ? Phase.agent : Phase.control;
    this.kernel.schedule(at, phase, this.watchEvent, id, version.revision, 'apiserver.watch');
  }

  private watchersOf(kind: string): Watchers {
    let watchers = this.watchers.get(kind);
    if (watchers === undefined) {
      watchers = { all: [], scoped: new Map() };
      this.watchers.set(kind, watchers);
    }
    return watchers;
  }
}

/** A manifest says what is wanted; a status that an export left in it is not written. */
function manifestOf({ object }: ApiRequest): KubeObject {
  const { status: _status, ...manifest } = object!;
  return manifest;
}

function isStale(object: KubeObject, current: KubeObject): boolean {
  const { resourceVersion } = object.metadata;
  return resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion;
}
