// Rolls the pods of a Deployment from one template to the next, one ReplicaSet per template.
// source: pkg/controller/deployment/{deployment_controller,sync,rolling,recreate}.go

import type { Deployment } from '../../apiserver/kinds/deployment';
import type { ReplicaSet } from '../../apiserver/kinds/replicaset';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import { patternAfter } from '../../apiserver/late-pod';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { DeclaredWait } from '../../timing';
import type { ObjectKey } from '../../values/kube-object';
import type { Instant } from '../../values/time';
import { defineController } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { NOBODY, ownedAmong, ownerKey } from '../owner';
import type { OwnerIndex } from '../owner';
import { deadlineOf, isThrough } from './deployment-progress';
import type { Activity } from './deployment-progress';
import { statusOf } from './deployment-status';
import { freshAmong, setFor, sizeAnnotations } from './new-set';
import type { Pass } from '../pass';
import {
  DESIRED_REPLICAS,
  isScaling,
  nextOfNew,
  replicasOf,
  REVISION,
  scaleAll,
  scaleNew,
  scaleOld,
  wantedReplicas,
} from './rollout';
import type { Scale } from './rollout';
import { NO_SETS, SetIndex } from './set-index';
import { sharedStatus } from './shared-status';

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
  private readonly sets = new SetIndex();
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
      ReplicaSet: (change) => this.sets.update(change),
    };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const found = this.place.view.get('Deployment', key) as Deployment | undefined;
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
    const { spec, metadata } = found;
    const owned = this.sets.of(metadata.uid);
    const settled = owned?.settled(spec);
    if (settled !== undefined) {
      this.writeStatus(found, owned!.sets, settled, 'rolls out', pass);
      return;
    }
    const sets = oldestFirst(owned?.sets ?? NO_SETS);
    const fresh = freshAmong(sets, spec.template);
    const old = without(sets, fresh);
    const activity = this.advance(found, sets, fresh, old, pass);
    if (fresh !== undefined && pass.isIdle) {
      this.cleanUp(found, old, pass);
      // Of a paused one it is said that it scales.
      if (sets.length === 1 && activity === 'rolls out') owned!.settle(spec);
    }
    this.writeStatus(found, sets, fresh, activity, pass);
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
    const { set, key } = setFor(owner, nextOfNew(owner, 0, running), revision);
    pass.create(set, 1, key);
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
    const wanted = wantedReplicas(owner);
    // Sets that keep their size must still say for which number they were sized.
    for (const set of this.sets.of(owner.metadata.uid)?.sets ?? NO_SETS) {
      if (replicasOf(set) === 0 || isSizedFor(wanted, set) || isAmong(scales, set)) continue;
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
    const next = sharedStatus(statusOf(owner, sets, fresh, activity, kernel.now));
    if (next !== owner.status && !equalJson(next, owner.status)) {
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

function oldestFirst(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return sets.length < 2 ? sets : [...sets].sort((a, b) => revisionOf(a) - revisionOf(b));
}

/** The others; most Deployments have one set, which is the new one. */
function without(
  sets: readonly ReplicaSet[],
  fresh: ReplicaSet | undefined,
): readonly ReplicaSet[] {
  if (fresh === undefined) return sets;
  return sets.length === 1 ? NO_SETS : sets.filter((set) => set !== fresh);
}

function isSizedFor(wanted: number, { metadata }: ReplicaSet): boolean {
  return Number(metadata.annotations?.[DESIRED_REPLICAS]) === wanted;
}

function isAmong(scales: readonly Scale[], set: ReplicaSet): boolean {
  return scales.some((scale) => scale.set === set);
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
