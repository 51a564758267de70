// Rolls the pods of a Deployment from one template to the next, one ReplicaSet per template.
// source: pkg/controller/deployment/{deployment_controller,sync,rolling,recreate}.go

import { vouchFor } from '../../apiserver/kinds/define';
import type { Deployment } from '../../apiserver/kinds/deployment';
import { NAME_MOST } from '../../apiserver/kinds/names';
import type { Condition } from '../../apiserver/kinds/pod';
import type { ReplicaSet } from '../../apiserver/kinds/replicaset';
import type { PodTemplate, ReplicaStatus } from '../../apiserver/kinds/workload';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import { patternAfter } from '../../apiserver/late-pod';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { DeclaredWait } from '../../timing';
import { copyWith } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import type { Labels, LabelSelector } from '../../values/labels';
import type { Instant } from '../../values/time';
import { defineController } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { controllerReference, NOBODY, ownedAmong, OwnerIndex, ownerKey, ownerKeys } from '../owner';
import { deadlineOf, isThrough, progressConditions } from './deployment-progress';
import type { Activity, Counts } from './deployment-progress';
import type { Pass } from '../pass';
import {
  bounds,
  DESIRED_REPLICAS,
  isScaling,
  MAX_REPLICAS,
  nextOfNew,
  replicasOf,
  REVISION,
  scaleAll,
  scaleNew,
  scaleOld,
  wantedReplicas,
} from './rollout';
import type { Scale } from './rollout';
import { templateHash } from './template-hash';

const NO_LABELS: Labels = Object.freeze({});
const NO_SELECTOR: LabelSelector = Object.freeze({});
const HASH_LABEL = 'pod-template-hash';
const DEADLINE: DeclaredWait = 'spec.progressDeadlineSeconds';

/** source: pkg/controller/deployment/deployment_controller.go maxRetries */
const ATTEMPTS = 15;

export const deployment = defineController({
  name: 'deployment',
  kind: 'Deployment',
  attempts: ATTEMPTS,
  create: (workplace) => new DeploymentLogic(workplace),
});

class DeploymentLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private readonly sets = new OwnerIndex('Deployment');
  /** Pods by their ReplicaSet, from the first question on: only who recreates them asks. */
  private pods: OwnerIndex | undefined;
  /** The deadlines that are watched, by Deployment. */
  private readonly watched = new Map<ObjectKey, Instant>();
  private readonly deadlineEvent: EventKind;

  constructor(workplace: Workplace) {
    this.place = workplace;
    // A deadline is no work that is left to do: a cluster is settled while one is watched.
    this.deadlineEvent = workplace.kernel.declare(
      `${workplace.actor}.deadline`,
      (key) => workplace.queue.add(String(key)),
      { background: true },
    );
    this.watches = {
      Deployment: ({ key }) => [key],
      Pod: (change) => this.onPod(change),
      ReplicaSet: (change) => this.onSet(change),
    };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const found = this.place.view.get('Deployment', key) as Deployment | undefined;
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
    const sets = this.setsOf(found);
    const fresh = freshAmong(sets, found.spec.template);
    const old = without(sets, fresh);
    const activity = this.advance(found, sets, fresh, old, pass);
    if (fresh !== undefined && pass.isIdle) this.cleanUp(found, old, pass);
    this.writeStatus(found, sets, fresh, activity, pass);
  }

  /** The oldest one first. */
  private setsOf({ metadata }: Deployment): readonly ReplicaSet[] {
    if (this.sets.countOf(metadata.uid) === 0) return NO_SETS;
    const sets = [...this.sets.ownedBy(metadata.uid)] as ReplicaSet[];
    if (sets.length > 1) sets.sort((a, b) => revisionOf(a) - revisionOf(b));
    return sets;
  }

  private advance(
    owner: Deployment,
    sets: readonly ReplicaSet[],
    fresh: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    pass: Pass,
  ): Activity {
    if (owner.spec.paused || isScaling(owner, sets)) {
      this.scale(owner, scaleAll(owner, fresh, old), pass);
      return 'scales';
    }
    if (fresh === undefined) {
      this.createSet(owner, old, pass);
      return pass.writes.some(({ verb }) => verb === 'create') ? 'creates' : 'rolls out';
    }
    this.rollOut(owner, fresh, old, pass);
    return 'rolls out';
  }

  reset(): void {
    this.sets.clear();
    this.pods = undefined;
    this.watched.clear();
  }

  private onSet(change: Change): readonly ObjectKey[] {
    this.sets.update(change);
    return ownerKeys(change, 'Deployment');
  }

  passesOver(kind: string, changes: readonly Change[]): boolean {
    if (kind !== 'Pod' || this.pods !== undefined) return false;
    for (const change of changes) if (patternAfter(change) === undefined) return false;
    return true;
  }

  /** A Deployment that recreates waits for its last old pod to be gone. */
  private onPod(change: Change): readonly ObjectKey[] {
    this.pods?.update(change);
    const { before, after } = change;
    if (after !== undefined) return NOBODY;
    const key = ownerKey(
      this.place.view.get('ReplicaSet', ownerKey(before, 'ReplicaSet') ?? ''),
      'Deployment',
    );
    return key === undefined ? [] : [key];
  }

  private rollOut(
    owner: Deployment,
    fresh: ReplicaSet,
    old: readonly ReplicaSet[],
    pass: Pass,
  ): void {
    this.bumpRevision(fresh, old, pass);
    if (owner.spec.strategy?.type === 'Recreate') {
      const down = old.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }));
      if (down.length > 0) this.scale(owner, down, pass);
      else if (!this.hasPods(old)) this.scale(owner, scaleNew(owner, fresh, old), pass);
      return;
    }
    const up = scaleNew(owner, fresh, old);
    this.scale(owner, up.length > 0 ? up : scaleOld(owner, fresh, old), pass);
  }

  /** Going back to an earlier template makes its ReplicaSet the newest one. */
  private bumpRevision(fresh: ReplicaSet, old: readonly ReplicaSet[], pass: Pass): void {
    const newest = newestOf(old);
    if (revisionOf(fresh) > newest) return;
    pass.patch(fresh, { metadata: { annotations: { [REVISION]: String(newest + 1) } } });
  }

  private createSet(owner: Deployment, old: readonly ReplicaSet[], pass: Pass): void {
    if (owner.spec.strategy?.type === 'Recreate') {
      const down = old.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }));
      this.scale(owner, down, pass);
      if (down.length > 0 || this.hasPods(old)) return;
    }
    const running = old.reduce((total, set) => total + replicasOf(set), 0);
    const revision = newestOf(old) + 1;
    pass.effect = 'gain';
    pass.summary = `a new template: revision ${revision}`;
    pass.create(setFor(owner, nextOfNew(owner, 0, running), revision));
  }

  private hasPods(sets: readonly ReplicaSet[]): boolean {
    if (sets.length === 0) return false;
    const pods = (this.pods ??= ownedAmong(this.place.view.listVersions('Pod'), 'ReplicaSet'));
    return sets.some(({ metadata }) => pods.countOf(metadata.uid) > 0);
  }

  private scale(owner: Deployment, scales: readonly Scale[], pass: Pass): void {
    for (const { set, replicas } of scales) {
      const change = `${set.metadata.name} from ${replicasOf(set)} to ${replicas}`;
      pass.summary = pass.summary === '' ? change : `${pass.summary}, ${change}`;
      pass.effect ??= replicas > replicasOf(set) ? 'gain' : 'loss';
      pass.patch(set, { metadata: { annotations: sizeAnnotations(owner) }, spec: { replicas } });
    }
    // Sets that keep their size must still say for which number they were sized.
    for (const set of this.sets.ownedBy(owner.metadata.uid) as Iterable<ReplicaSet>) {
      if (replicasOf(set) === 0 || scales.some((scale) => scale.set === set)) continue;
      if (Number(set.metadata.annotations?.[DESIRED_REPLICAS]) === wantedReplicas(owner)) continue;
      pass.patch(set, { metadata: { annotations: sizeAnnotations(owner) } });
    }
  }

  /** Old ReplicaSets without pods stay as history, up to a limit. */
  private cleanUp(owner: Deployment, old: readonly ReplicaSet[], pass: Pass): void {
    const limit = owner.spec.revisionHistoryLimit ?? 10;
    if (old.length <= limit) return;
    const empty = old.filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0);
    for (const set of empty.slice(0, old.length - limit)) pass.delete(set);
  }

  private writeStatus(
    owner: Deployment,
    sets: readonly ReplicaSet[],
    fresh: ReplicaSet | undefined,
    activity: Activity,
    pass: Pass,
  ): void {
    const { kernel } = this.place;
    const next = statusOf(owner, sets, fresh, activity, kernel.now);
    if (!equalJson(next, owner.status)) {
      if (isThrough(owner, next)) pass.conclude(owner, next);
      else pass.patch(owner, { status: next }, pass.key);
      return;
    }
    const deadline = deadlineOf(owner, next);
    if (deadline === undefined || this.watched.get(pass.key) === deadline) return;
    this.watched.set(pass.key, deadline);
    const at = deadline > kernel.now ? deadline : kernel.now;
    kernel.schedule(at, Phase.control, this.deadlineEvent, pass.key, 0, DEADLINE);
  }
}

const NO_SETS: readonly ReplicaSet[] = [];
const NO_CONDITIONS: readonly Condition[] = [];

function statusOf(
  owner: Deployment,
  sets: readonly ReplicaSet[],
  fresh: ReplicaSet | undefined,
  activity: Activity,
  now: Instant,
): ReplicaStatus {
  let sized = 0;
  let replicas = 0;
  let readyReplicas = 0;
  let availableReplicas = 0;
  for (const set of sets) {
    sized += replicasOf(set);
    replicas += set.status?.replicas ?? 0;
    readyReplicas += set.status?.readyReplicas ?? 0;
    availableReplicas += set.status?.availableReplicas ?? 0;
  }
  const isAvailable = availableReplicas >= wantedReplicas(owner) - bounds(owner).unavailable;
  const next: Counts & { conditions: readonly Condition[] } = {
    observedGeneration: owner.metadata.generation ?? 0,
    replicas,
    updatedReplicas: fresh?.status?.replicas ?? 0,
    readyReplicas,
    availableReplicas,
    unavailableReplicas: Math.max(0, sized - availableReplicas),
    conditions: NO_CONDITIONS,
  };
  next.conditions = progressConditions(owner, next, isAvailable, activity, now);
  return next;
}

function freshAmong(sets: readonly ReplicaSet[], template: PodTemplate): ReplicaSet | undefined {
  for (const set of sets) if (isSameTemplate(set.spec.template, template)) return set;
  return undefined;
}

/** The others; most Deployments have one set, which is the new one. */
function without(
  sets: readonly ReplicaSet[],
  fresh: ReplicaSet | undefined,
): readonly ReplicaSet[] {
  if (fresh === undefined) return sets;
  return sets.length === 1 ? NO_SETS : sets.filter((set) => set !== fresh);
}

/** The set of the template of now, frozen part by part, so that nobody has to walk through it. */
function setFor(owner: Deployment, replicas: number, revision: number): KubeObject {
  const { namespace } = owner.metadata;
  const { template, selector, minReadySeconds } = owner.spec;
  const hash = templateHash(template);
  const label = { [HASH_LABEL]: hash };
  const labels: Labels = Object.freeze(copyWith(template.metadata?.labels ?? NO_LABELS, label));
  const matchLabels = Object.freeze(copyWith(selector?.matchLabels ?? NO_LABELS, label));
  const annotations = sizeAnnotations(owner);
  annotations[REVISION] = String(revision);
  Object.freeze(annotations);
  const ownerReferences = Object.freeze([controllerReference(owner)]);
  const name = `${owner.metadata.name}-${hash}`;
  const own = withLabels(template, labels);
  // Nobody has to look: it differs in the label alone that makes it another one.
  compared.set(own, { wanted: template, isSame: true });
  const metadata =
    namespace === undefined
      ? { name, labels, annotations, ownerReferences }
      : { name, namespace, labels, annotations, ownerReferences };
  const ofSet = Object.freeze(copyWith(selector ?? NO_SELECTOR, { matchLabels }));
  const spec = { replicas, minReadySeconds, selector: ofSet, template: own };
  const set: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: Object.freeze(metadata),
    spec: Object.freeze(spec),
  };
  // All else that could be wrong with it was found right with its owner.
  const isRight = name.length <= NAME_MOST && selector?.matchExpressions === undefined;
  return isRight ? vouchFor(set) : set;
}

function sizeAnnotations(owner: Deployment): Record<string, string> {
  const wanted = wantedReplicas(owner);
  return {
    [DESIRED_REPLICAS]: String(wanted),
    [MAX_REPLICAS]: String(wanted + bounds(owner).surge),
  };
}

/** The revision of the newest of them, 0 for none. */
function newestOf(sets: readonly ReplicaSet[]): number {
  let newest = 0;
  for (const set of sets) newest = Math.max(newest, revisionOf(set));
  return newest;
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.[REVISION] ?? 0);
}

/** The answer about the last template that each one was compared with: both hardly ever change. */
const compared = new WeakMap<PodTemplate, { wanted: PodTemplate; isSame: boolean }>();

function isSameTemplate(ofSet: PodTemplate, wanted: PodTemplate): boolean {
  let last = compared.get(ofSet);
  if (last?.wanted !== wanted) {
    last = { wanted, isSame: haveSameContent(ofSet, wanted) };
    compared.set(ofSet, last);
  }
  return last.isSame;
}

/** source: pkg/controller/deployment/util/deployment_util.go EqualIgnoreHash */
function haveSameContent(ofSet: PodTemplate, wanted: PodTemplate): boolean {
  return equalJson(withoutHash(ofSet), withoutHash(wanted));
}

function withoutHash(template: PodTemplate): PodTemplate {
  const { [HASH_LABEL]: _hash, ...labels } = template.metadata?.labels ?? NO_LABELS;
  return withLabels(template, labels);
}

function withLabels(template: PodTemplate, labels: Labels): PodTemplate {
  const metadata = Object.freeze(copyWith(template.metadata ?? {}, { labels }));
  return Object.freeze(copyWith(template, { metadata }));
}
