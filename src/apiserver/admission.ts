// What the API server makes of an object before it stores it: a name, an identity, defaults,
// allocations, and a verdict.
// source: staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update,delete}.go

import type { Kernel } from '../kernel/kernel';
import type { TimerName, Timing } from '../timing';
import type { ClusterSpec } from '../values/cluster-spec';
import { copyWith, deepFreeze, keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey, ObjectMeta } from '../values/kube-object';
import type { ManifestProblem } from '../values/manifest-problem';
import { later, seconds } from '../values/time';
import type { Instant } from '../values/time';
import type { Admission } from './api-server';
import { FoundRight } from './found-right';
import { exampleName, generatedName, Identities, NameStreams } from './identity';
import { shareParts, storable } from './json';
import { definitionOf, kindNamed } from './kinds';
import { completionOf, fieldPath } from './kinds/define';
import type { KindDefinition } from './kinds/define';
import type { Namespace } from './kinds/namespace';
import { validateMetadata } from './kinds/names';
import { isPodTerminal } from './kinds/pod';
import type { Pod, PodSpec, PodStatus } from './kinds/pod';
import type { Service } from './kinds/service';
import { isThere } from './late-pod';
import { NewSlice, SliceVersion } from './late-slice';
import { LeftDelays } from './left-delays';
import { PodAdmission } from './pod-admission';
import type { DefaultPatience } from './pod-admission';
import { isOfMould, PodMould } from './pod-mould';
import { keepAllocations, ServiceAllocation } from './service-allocation';
import type { Store, Version } from './store';
import type { TakenNames } from './taken-names';

const MICROSECONDS = 1_000_000;

/**
 * The status of every pod that is created, whatever the request says.
 * source: pkg/registry/core/pod/strategy.go podStrategy.PrepareForCreate
 */
const NEW_POD: PodStatus = Object.freeze({ phase: 'Pending' });

export class KindAdmission implements Admission {
  private readonly kernel: Kernel;
  private readonly timing: Timing;
  private readonly services: ServiceAllocation;
  private readonly pods = new PodAdmission();
  private readonly leftDelays: LeftDelays;
  private readonly identities: Identities;
  private readonly names: NameStreams;

  constructor({ kernel, timing, spec }: { kernel: Kernel; timing: Timing; spec: ClusterSpec }) {
    this.kernel = kernel;
    this.timing = timing;
    this.leftDelays = new LeftDelays(timing);
    this.identities = new Identities(kernel.random);
    this.names = new NameStreams(kernel.random);
    this.services = new ServiceAllocation(spec, kernel.random);
  }

  /**
   * The object with a name: the one it has, or its prefix with five letters from the stream of
   * that prefix, so that names do not depend on what else is created.
   */
  named(object: KubeObject, store: Store): KubeObject {
    const { name, generateName, namespace } = object.metadata;
    if (name || generateName === undefined) return object;
    const stream = this.names.of(object.kind, namespace, generateName);
    for (;;) {
      const metadata = copyWith(object.metadata, { name: generatedName(generateName, stream) });
      const named = { ...object, metadata };
      if (store.get(object.kind, keyOf(named)) === undefined) return named;
    }
  }

  /**
   * Pods like this one; undefined where nobody has looked at any yet, or it is a special one.
   * `taken`: the names that pods have had.
   */
  mould(given: KubeObject, store: Store, taken: TakenNames): PodMould | undefined {
    if (!isPod(given) || !isOfMould(given)) return undefined;
    const { generateName = '', namespace } = given.metadata;
    const spec = this.specOfMould(given);
    if (spec === undefined) return undefined;
    const { apiVersion, kind } = given;
    const name = exampleName(generateName);
    const metadata = Object.freeze(copyWith(given.metadata, { name }));
    const pattern = Object.freeze({ apiVersion, kind, metadata, spec, status: NEW_POD });
    if (refusal(validateMetadata(pattern)) !== undefined) return undefined;
    const names = this.names.of('Pod', namespace, generateName);
    const { identities, kernel } = this;
    return new PodMould(pattern, { store, names, identities, kernel, taken });
  }

  /** The first version of what needs no look; undefined where it cannot be that. */
  firstOf(
    given: NewSlice | FoundRight,
    key: ObjectKey,
    cause: number,
    store: Store,
  ): Version | undefined {
    const { kind } = given;
    const previous = store.version(kind, key);
    const at = this.kernel.now;
    const revision = store.nextRevision;
    if (given instanceof NewSlice) {
      if (previous !== undefined) return undefined;
      const uids = this.identities.allOf(kind, store);
      return new SliceVersion(given, { revision, at, cause, uids });
    }
    // What is left to the API server is filled in where the scenario says with what.
    if (!this.leftDelays.isEmpty || isThere(previous)) return undefined;
    const uid = this.identities.next(kind, key, store);
    const first = { uid, generation: 1, creationTimestamp: at, resourceVersion: String(revision) };
    const object = FoundRight.stored(given, first);
    return { revision, at, key, object, previous, cause, scope: undefined };
  }

  admit(
    object: KubeObject,
    previous: KubeObject | undefined,
    store: Store,
    key: ObjectKey = keyOf(object),
  ): KubeObject | string {
    const definition = definitionOf(object.apiVersion, object.kind);
    // What has to be looked at is one like any other.
    const given = object instanceof NewSlice ? object.whole : object;
    if (definition === undefined && kindNamed(object.kind) !== undefined) {
      return `no matches for kind ${object.kind} in version ${object.apiVersion}`;
    }
    const admitted =
      previous === undefined
        ? this.admitNew(given, definition, store, key)
        : this.admitChange(object, previous, definition);
    return typeof admitted === 'string'
      ? `${object.kind} "${object.metadata.name}" ${admitted}`
      : admitted;
  }

  /** source: pkg/registry/apps/deployment/strategy.go deploymentStatusStrategy (keeps the spec) */
  takesStatus(): boolean {
    return true;
  }

  /** source: apiserver/pkg/registry/rest/delete.go; pkg/registry/core/pod/strategy.go */
  terminate(object: KubeObject, grace: number | undefined, now: Instant): KubeObject | undefined {
    const { metadata } = object;
    const seconds = object.kind === 'Pod' ? podGrace(object as Pod, grace) : 0;
    if (seconds > 0) return markForDeletion(object, seconds, now);
    const finalizers = [...(metadata.finalizers ?? []), ...namespaceFinalizers(object)];
    if (finalizers.length === 0) return undefined;
    const marked = markForDeletion(object, 0, now);
    if (object.kind !== 'Namespace') return marked;
    return { ...marked, status: { ...(object as Namespace).status, phase: 'Terminating' } };
  }

  isFinished(object: KubeObject): boolean {
    const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = object.metadata;
    if (deletionTimestamp === undefined || (deletionGracePeriodSeconds ?? 0) > 0) return false;
    return finalizers.length + namespaceFinalizers(object).length === 0;
  }

  release(object: KubeObject): void {
    if (object.kind === 'Service') this.services.release(object as Service);
  }

  scopeOf(object: KubeObject): string | undefined {
    return object.kind === 'Pod' ? (object as Pod).spec.nodeName || undefined : undefined;
  }

  private admitNew(
    given: KubeObject,
    definition: KindDefinition | undefined,
    store: Store,
    key: ObjectKey,
  ): KubeObject | string {
    const object = this.ofTemplate(given) ?? this.completed(given, definition, key);
    if (typeof object === 'string') return object;
    const metadata: ObjectMeta = copyWith(withoutIdentity(object.metadata), {
      uid: this.identities.next(object.kind, key, store),
      generation: 1,
      creationTimestamp: this.kernel.now,
    });
    return copyWith(object, given.kind === 'Pod' ? { metadata, status: NEW_POD } : { metadata });
  }

  /** A pod of a known template: its spec was completed and found right with the first of them. */
  private ofTemplate(given: KubeObject): KubeObject | string | undefined {
    const spec = given.kind === 'Pod' ? this.pods.known(given.spec, this.patience) : undefined;
    if (spec === undefined) return undefined;
    const object = storable(given, { spec: given.spec });
    return refusal(validateMetadata(object)) ?? copyWith(object, { spec });
  }

  /** What its spec comes to, where it was found right before: with its template, or with a pod. */
  private specOfMould({ spec }: Pod): PodSpec | undefined {
    const { patience } = this;
    // What is left to the API server is filled in anew each time.
    const right = this.leftDelays.isEmpty ? this.pods.ofTemplate(spec, patience) : undefined;
    return right ?? this.pods.known(spec, patience);
  }

  private completed(
    given: KubeObject,
    definition: KindDefinition | undefined,
    key: ObjectKey,
  ): KubeObject | string {
    const known = this.leftDelays.isEmpty ? completionOf(given) : undefined;
    const completed = known ?? this.judged(given, definition);
    if (typeof completed === 'string') return completed;
    const allocated = this.allocate(completed, undefined, key);
    if (typeof allocated === 'string') return allocated;
    deepFreeze(allocated.spec);
    if (given.kind === 'Pod') {
      this.pods.learn(given.spec, (allocated as Pod).spec, this.patience);
    }
    return allocated;
  }

  /** An object that nobody has read as a manifest, with its defaults, or what is wrong with it. */
  private judged(given: KubeObject, definition: KindDefinition | undefined): KubeObject | string {
    const said = this.leftDelays.complete(storable(given));
    const completed = deepFreeze(definition?.defaults(said) ?? said);
    return refusal((definition?.validate ?? validateMetadata)(completed)) ?? completed;
  }

  private admitChange(
    object: KubeObject,
    previous: KubeObject,
    definition: KindDefinition | undefined,
  ): KubeObject | string {
    const kept = keepIdentity(object, previous);
    if (isSameSpec(kept, previous)) {
      const isSame = kept.metadata === previous.metadata && kept.status === previous.status;
      return isSame ? previous : (refusal(validateMetadata(kept, previous)) ?? kept);
    }
    const known =
      kept.kind === 'Service' ? keepAllocations(kept as Service, previous as Service) : kept;
    const said = this.leftDelays.complete(known);
    const completed = definition?.defaults(said) ?? said;
    const problems = (definition?.validate ?? validateMetadata)(completed, previous);
    const changes = definition?.validateChange?.(completed, previous);
    const refused = refusal(problems, changes);
    if (refused !== undefined) return refused;
    const allocated = this.allocate(completed, previous);
    if (typeof allocated === 'string') return allocated;
    // What nobody has added anything to is as different as it was.
    const shared = allocated === kept ? kept : shareParts(allocated, previous);
    if (shared !== kept && isSameSpec(shared, previous)) return shared;
    const generation = (previous.metadata.generation ?? 0) + 1;
    return copyWith(shared, { metadata: copyWith(shared.metadata, { generation }) });
  }

  private allocate(
    object: KubeObject,
    previous: KubeObject | undefined,
    key?: ObjectKey,
  ): KubeObject | string {
    if (object.kind === 'Pod') {
      const standing = (previous as Pod | undefined)?.spec.tolerations;
      // What stands was given its tolerations.
      if (standing !== undefined && (object as Pod).spec.tolerations === standing) return object;
      return this.pods.admit(object as Pod, this.patience);
    }
    if (object.kind !== 'Service') return object;
    const before = previous as Service | undefined;
    const service = this.services.allocate(object as Service, before, key);
    return typeof service === 'string' ? `is invalid: ${service}` : service;
  }

  private get patience(): DefaultPatience {
    return {
      notReady: this.secondsOf('apiserver.defaultNotReadyToleration'),
      unreachable: this.secondsOf('apiserver.defaultUnreachableToleration'),
    };
  }

  private secondsOf(timer: TimerName): number {
    return Math.round(this.timing.delay(timer).least / MICROSECONDS);
  }
}

function isPod(object: KubeObject): object is Pod {
  return object.kind === 'Pod';
}

/** The errors as one text in the manner of the API server; undefined without any. */
function refusal(
  problems: readonly ManifestProblem[],
  changes: readonly ManifestProblem[] = NO_PROBLEMS,
): string | undefined {
  // Nearly every write is right.
  if (problems.length === 0 && changes.length === 0) return undefined;
  const errors = [...problems, ...changes].filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return undefined;
  return `is invalid: ${errors.map((it) => `${fieldPath(it.path)}: ${it.message}`).join('; ')}`;
}

const NO_PROBLEMS: readonly ManifestProblem[] = [];

/** Whether nothing but metadata and status differs: no defaults, no rules, no new generation. */
function isSameSpec(object: KubeObject, previous: KubeObject): boolean {
  return holdsSpecOf(object, previous) && holdsSpecOf(previous, object);
}

function holdsSpecOf(object: KubeObject, other: KubeObject): boolean {
  for (const field of Object.keys(other)) {
    if (field === 'metadata' || field === 'status') continue;
    if (object[field] !== other[field]) return false;
  }
  return true;
}

/** What a client may not write, as it was. A write without a status leaves the status alone. */
function keepIdentity(object: KubeObject, previous: KubeObject): KubeObject {
  const status = object.status ?? previous.status;
  // A patch of another part leaves the metadata alone.
  const metadata =
    object.metadata === previous.metadata ? previous.metadata : identified(object, previous);
  if (metadata === object.metadata && status === object.status) return object;
  return copyWith(object, status === undefined ? { metadata } : { metadata, status });
}

function identified(object: KubeObject, previous: KubeObject): ObjectMeta {
  const { metadata: given } = object;
  const { metadata: known } = previous;
  const { uid, creationTimestamp, generation, deletionTimestamp, resourceVersion } = known;
  const { deletionGracePeriodSeconds } = known;
  const isWhole =
    given.uid === uid &&
    given.creationTimestamp === creationTimestamp &&
    given.generation === generation &&
    given.resourceVersion === resourceVersion &&
    given.deletionTimestamp === deletionTimestamp &&
    given.deletionGracePeriodSeconds === deletionGracePeriodSeconds;
  // Who changes what he has read gives all of it back.
  if (isWhole) return given;
  const metadata = {
    ...withoutIdentity(given),
    uid,
    generation,
    creationTimestamp,
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
  } as ObjectMeta;
  return shareParts(metadata, known);
}

function withoutIdentity(metadata: ObjectMeta): ObjectMeta {
  // So it is with nearly everything that is created.
  if (!holdsIdentity(metadata)) return metadata;
  const {
    uid: _uid,
    generation: _generation,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    resourceVersion: _version,
    ...rest
  } = metadata;
  return rest;
}

/** Field by field, by their names: it is asked of everything that is created. */
function holdsIdentity(metadata: ObjectMeta): boolean {
  return (
    metadata.uid !== undefined ||
    metadata.generation !== undefined ||
    metadata.creationTimestamp !== undefined ||
    metadata.deletionTimestamp !== undefined ||
    metadata.deletionGracePeriodSeconds !== undefined ||
    metadata.resourceVersion !== undefined
  );
}

function podGrace(pod: Pod, asked: number | undefined): number {
  // Where no kubelet has the pod there is nobody to wait for.
  if (!pod.spec.nodeName || isPodTerminal(pod)) return 0;
  return asked ?? pod.spec.terminationGracePeriodSeconds ?? 0;
}

/** A second deletion may shorten the grace, never lengthen it. */
function markForDeletion(object: KubeObject, grace: number, now: Instant): KubeObject {
  const { metadata } = object;
  const before = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp !== undefined && (before ?? 0) <= grace) return object;
  const deletionTimestamp = later(now, seconds(grace));
  return {
    ...object,
    metadata: { ...metadata, deletionTimestamp, deletionGracePeriodSeconds: grace },
  };
}

function namespaceFinalizers(object: KubeObject): readonly string[] {
  return object.kind === 'Namespace' ? ((object as Namespace).spec?.finalizers ?? []) : [];
}
