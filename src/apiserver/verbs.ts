// What each verb makes of the store: a version, or the reason why there is none. Here a request is
// carried out; when that is, and who hears of it, is for the API server to say.
// source: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go

import type { Kernel } from '../kernel/kernel';
import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { evicted, judgeEviction } from './eviction';
import { equalJson } from './json';
import { isStale, manifestOf, patched, replaced, withStatus } from './patch';
import type { Admission, ApiRequest, ApiResult, Refusal } from './request';
import { inPlaceOf, otherUid } from './same-object';
import type { Store, Version } from './store';

export interface VerbsGround {
  readonly kernel: Kernel;
  readonly store: Store;
  readonly admission: Admission;
  /** Carries out another request at this instant, and has its watchers told. */
  commit(request: ApiRequest): ApiResult;
}

/** What the API server itself writes on the way. */
const OWN_PATCH = { verb: 'patch', actor: 'apiserver' } as const;

export class Verbs {
  private readonly ground: VerbsGround;
  private readonly kernel: Kernel;
  private readonly store: Store;
  private readonly admission: Admission;
  private readonly refusalListeners: ((refusal: Refusal) => void)[] = [];

  constructor(ground: VerbsGround) {
    this.ground = ground;
    this.kernel = ground.kernel;
    this.store = ground.store;
    this.admission = ground.admission;
  }

  /** Calls `listener` with every request that is refused for a reason. */
  onRefusal(listener: (refusal: Refusal) => void): void {
    this.refusalListeners.push(listener);
  }

  /** The version that a request makes; where it is refused or changes nothing, how it ended. */
  apply(request: ApiRequest): Version | ApiResult {
    const { kind, key, verb } = request;
    if (verb === 'create') return this.create(request, request.object!);
    const standing = this.store.version(kind, key);
    if (standing?.object === undefined) {
      return verb === 'apply' ? this.create(request, manifestOf(request.object!)) : 'not-found';
    }
    const current = standing.object;
    if (request.uid !== undefined && request.uid !== current.metadata.uid) return 'conflict';
    switch (verb) {
      case 'replace':
        if (isStale(request.object!, current)) return 'conflict';
        return this.change(request, replaced(current, request.object!), standing);
      case 'apply':
        return this.patch(request, manifestOf(request.object!), standing);
      case 'patch':
        return this.patch(request, request.patch, standing);
      case 'delete':
        return this.delete(request, current);
      case 'evict':
        return this.evict(request, current);
    }
  }

  /** Says that a request is not carried out, and why. */
  refuse(request: ApiRequest, result: ApiResult, reason: string): ApiResult {
    const subject = `${request.kind}/${request.key}`;
    const entry = this.kernel.note('apiserver', 'refused', subject, reason);
    for (const tell of this.refusalListeners) tell({ request, result, reason, entry });
    return result;
  }

  private create(request: ApiRequest, given: KubeObject): Version | ApiResult {
    const { admission, store } = this;
    const object = admission.named(given, store);
    // A name that was made up is free.
    if (object !== given) return this.put(request, object, undefined, keyOf(object));
    if (store.get(request.kind, request.key) !== undefined) return 'already-exists';
    return this.put(request, object, undefined, request.key);
  }

  private patch(request: ApiRequest, patch: unknown, standing: Version): Version | ApiResult {
    const current = standing.object!;
    const { patchType } = request;
    if (this.admission.takesStatus?.(current)) {
      const object = withStatus(current, patch, patchType);
      if (object === current) return 'ok';
      if (object !== undefined) return this.write(request, object, standing.key);
    }
    const object = patched(current, patch, patchType);
    if (typeof object === 'string') return this.refuse(request, 'invalid', object);
    return this.change(request, object, standing);
  }

  /** A UID in a manifest that somebody applies is that of the cluster it was read from. */
  private change(request: ApiRequest, object: KubeObject, standing: Version): Version | ApiResult {
    const meant = inPlaceOf(standing.object!, object);
    if (typeof meant === 'string') return this.refuse(request, 'invalid', meant);
    const refused = request.verb === 'patch' ? otherUid(standing.object!, meant) : undefined;
    if (refused !== undefined) return this.refuse(request, 'invalid', refused);
    return this.put(request, meant, standing, standing.key);
  }

  /** The budget that is drawn upon is written first, then why the pod ends, in one request. */
  private evict(request: ApiRequest, pod: KubeObject): Version | ApiResult {
    const verdict = judgeEviction(this.store, pod, this.kernel.now);
    if (verdict.is === 'refused') return this.refuse(request, verdict.result, verdict.reason);
    if (verdict.is === 'counted') {
      const { kind, key, status } = verdict.budget;
      this.ground.commit({ ...OWN_PATCH, kind, key, patch: { status } });
    }
    const { kind, key } = request;
    const status = { conditions: [evicted(this.kernel.now)] };
    this.ground.commit({ ...OWN_PATCH, kind, key, patch: { status }, patchType: 'strategic' });
    return this.delete(request, this.store.get(kind, key) ?? pod);
  }

  private put(
    request: ApiRequest,
    object: KubeObject,
    standing: Version | undefined,
    key: ObjectKey,
  ): Version | ApiResult {
    const current = standing?.object;
    const admitted = this.admission.admit(object, current, this.store, key);
    if (typeof admitted === 'string') return this.refuse(request, 'invalid', admitted);
    // A write that changes nothing makes no version and wakes nobody.
    // source: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go GuaranteedUpdate
    if (admitted === current) return 'ok';
    if (this.admission.isFinished(admitted)) return this.remove(request, key, admitted);
    return this.write(request, admitted, key);
  }

  private write({ kind, verb, actor }: ApiRequest, object: KubeObject, key: ObjectKey): Version {
    const { kernel, store, admission } = this;
    // Before the start nobody reads what is told of it.
    const isRead = !kernel.isBeforeStart;
    const subject = isRead ? `${kind}/${key}` : '';
    const how = isRead ? `${verb} by ${actor}` : '';
    const cause = kernel.noteProgress('apiserver', 'stored', subject, how);
    return store.putAdmitted(object, key, kernel.now, cause, admission.scopeOf(object));
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
}
