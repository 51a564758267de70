// Makes the pods of a Job, counts how they end, and says when it is over.
// source: pkg/controller/job/job_controller.go

import type { Change } from '../../apiserver/informer';
import { equalJson } from '../../apiserver/json';
import type { Job, JobStatus } from '../../apiserver/kinds/job';
import { conditionOf, withCondition } from '../../apiserver/kinds/pod';
import type { Condition, Pod } from '../../apiserver/kinds/pod';
import type { ObjectKey } from '../../values/kube-object';
import { isAtLeast } from '../../values/kube-version';
import { between } from '../../values/time';
import type { Instant } from '../../values/time';
import { defineController, wallClockOf } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { Expectations } from '../workloads/expectations';
import { BACKOFF, JobBackoff, nextAttempt } from './job-backoff';
import type { Failures } from './job-backoff';
import { conditionAt, deadlineOf, decidedOf, finishCondition, isFinished } from './job-conditions';
import { hasFailed, judgeFailure } from './job-failure-policy';
import { formatIndexes, indexOf, isIndexed, pendingIndexes, surplusPods } from './job-indexes';
import { podOfJob, withoutTracking } from './job-pods';
import { isTracked, tallyOf, withCounted } from './job-tally';
import type { Tally } from './job-tally';
import { areForeign, controllerOf, NOBODY, ownerKey } from '../owner';
import type { Pass, Write } from '../pass';
import { rankForDeletion } from '../workloads/pod-control';

/** At most so many pods are made, removed or counted in one pass. */
const BURST = 500;
const BATCH = 'controller-manager.job.syncBatchPeriod';

export const job = defineController({
  name: 'job',
  kind: 'Job',
  retry: 'controller-manager.job.retry',
  retryMax: 'controller-manager.job.retryMax',
  create: (workplace) => new JobLogic(workplace),
});

/** One look at one Job. */
interface Look {
  readonly key: ObjectKey;
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly tally: Tally;
  readonly now: Instant;
  readonly pass: Pass;
}

/** What is there when the writes of a look are through. */
interface Managed {
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
}

class JobLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private readonly expectations = new Expectations();
  private readonly backoff = new JobBackoff();
  /** Failures of the look whose status is being written, by Job. */
  private readonly unwritten = new Map<ObjectKey, Failures>();
  /** Pods by the key of their Job, then by their own. */
  private readonly pods = new Map<ObjectKey, Map<ObjectKey, Pod>>();
  /** Pods by identity whose finalizer was taken away and is still to be seen, by Job. */
  private readonly released = new Map<ObjectKey, Set<string>>();

  constructor(workplace: Workplace) {
    this.place = workplace;
    this.watches = { Job: (change) => this.onJob(change), Pod: (change) => this.onPod(change) };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const found = this.place.view.get('Job', key) as Job | undefined;
    const all = [...(this.pods.get(key)?.values() ?? [])];
    const isOwn = (pod: Pod) => controllerOf(pod)?.uid === found?.metadata.uid;
    const isOver = found === undefined || isFinished(found);
    // Pods without a Job to count them are let go of.
    this.release(key, isOver ? all : all.filter((pod) => !isOwn(pod)), pass);
    if (isOver) {
      this.backoff.forget(key);
      if (found === undefined) this.expectations.forget(key);
      return;
    }
    const pods = all.filter(isOwn);
    const tally = tallyOf(found, pods, this.released.get(key) ?? new Set());
    this.sync({ key, job: found, pods, tally, now: wallClockOf(this.place), pass });
  }

  answered(write: Write, result: string): void {
    if (write.kind === 'Job' && write.verb === 'replace') this.keepFailures(write.key, result);
    if (result === 'ok' || write.kind !== 'Pod') return;
    const pod = write.object ?? this.place.view.get('Pod', write.key);
    const key = ownerKey(pod, 'Job');
    if (key === undefined) return;
    // What was not done will not be shown.
    if (write.verb === 'create') this.expectations.created(key);
    else if (write.verb === 'delete') this.expectations.deleted(key, write.uid);
    else this.released.get(key)?.delete(write.uid ?? '');
  }

  reset(): void {
    this.expectations.clear();
    this.backoff.clear();
    this.unwritten.clear();
    this.pods.clear();
    this.released.clear();
  }

  /** A change of the spec is looked at at once; one of the status is not urgent. */
  private onJob({ key, before, after }: Change): readonly ObjectKey[] {
    const isSame = before?.metadata.generation === after?.metadata.generation;
    if (before === undefined || after === undefined || !isSame) return [key];
    this.place.queue.addAfter(key, this.place.timing.delay(BATCH).least, BATCH);
    return [];
  }

  /** Changes of pods are looked at together, a second after the first of them. */
  passesOver(kind: string, changes: readonly Change[]): boolean {
    return kind === 'Pod' && areForeign(changes, 'Job');
  }

  private onPod({ key, before, after }: Change): readonly ObjectKey[] {
    const owner = ownerKey(after, 'Job') ?? ownerKey(before, 'Job');
    if (owner === undefined) return NOBODY;
    const own = this.pods.get(owner) ?? new Map<ObjectKey, Pod>();
    this.pods.set(owner, own);
    if (after === undefined) own.delete(key);
    else own.set(key, after as Pod);
    const uid = (after ?? before)!.metadata.uid ?? '';
    if (before === undefined) this.expectations.created(owner);
    if (after === undefined || after.metadata.deletionTimestamp !== undefined) {
      this.expectations.deleted(owner, uid);
    }
    if (after === undefined || !isTracked(after as Pod)) this.released.get(owner)?.delete(uid);
    if (this.place.view.get('Job', owner) === undefined) return [owner];
    this.place.queue.addAfter(owner, this.place.timing.delay(BATCH).least, BATCH);
    return [];
  }

  private sync(look: Look): void {
    const { key, tally, now, pass } = look;
    const isSettled = this.expectations.areMet(key);
    const started = this.startedStatus(look);
    const failures = this.backoff.with(key, tally.newlySucceeded, tally.newlyFailed);
    const job: Job = { ...look.job, status: started };
    let decided = decidedOf(job, look.pods, tally, now);
    let managed: Managed;
    if (decided !== undefined) {
      for (const pod of tally.active) pass.delete(pod);
      managed = { active: 0, ready: 0, terminating: tally.terminating + tally.active.length };
      // Pods that are not to be seen yet could still come.
      if (!isSettled) decided = undefined;
    } else {
      const deadline = deadlineOf(job);
      if (deadline !== undefined) {
        pass.requeueAfter(between(now, deadline), 'spec.activeDeadlineSeconds');
      }
      managed = isSettled
        ? this.manage(look, nextAttempt(failures, this.place.timing))
        : tallied(tally);
      const { completions } = job.spec;
      const isEnough = tally.succeeded >= (completions ?? 1) && managed.active === 0;
      if (isEnough) decided = conditionAt(now, 'SuccessCriteriaMet', 'CompletionsReached');
    }
    pass.then();
    this.writeStatus(look, started, managed, decided);
    this.unwritten.set(key, failures);
  }

  /** Failures are known once the status that counts them is written, and not before. */
  private keepFailures(key: ObjectKey, result: string): void {
    const failures = this.unwritten.get(key);
    if (failures !== undefined && result === 'ok') this.backoff.keep(key, failures);
    this.unwritten.delete(key);
  }

  /** The status with the start of the Job, and with whether it is suspended. */
  private startedStatus({ job: found, now }: Look): JobStatus {
    const { status = {}, spec } = found;
    const known = conditionOf(status.conditions, 'Suspended');
    if (spec.suspend === true) {
      if (known?.status === 'True') return status;
      const condition = conditionAt(now, 'Suspended', 'JobSuspended', 'Job suspended');
      return { ...status, conditions: withCondition(status.conditions, condition) };
    }
    if (known?.status === 'True') {
      const condition: Condition = {
        ...conditionAt(now, 'Suspended', 'JobResumed', 'Job resumed'),
        status: 'False',
      };
      // The deadline counts from when it goes on.
      return {
        ...status,
        startTime: now,
        conditions: withCondition(status.conditions, condition),
      };
    }
    return status.startTime === undefined ? { ...status, startTime: now } : status;
  }

  /** Makes or removes pods; never both in one look. */
  private manage(look: Look, notBefore: Instant | undefined): Managed {
    const { job: found, tally, now, pass } = look;
    const wanted = wantedPods(found, tally);
    const surplus = isIndexed(found) ? surplusPods(found, tally.active) : [];
    const excess = Math.max(0, tally.active.length - wanted, surplus.length);
    if (excess > 0) return this.remove(look, surplus, excess);
    const awaited = found.spec.podReplacementPolicy === 'Failed' ? tally.terminating : 0;
    const missing = Math.min(BURST, wanted - awaited - tally.active.length);
    if (missing <= 0 || found.metadata.deletionTimestamp !== undefined) return tallied(tally);
    if (notBefore !== undefined && notBefore > now) {
      pass.requeueAfter(between(now, notBefore), BACKOFF);
      return { ...tallied(tally), active: 0 };
    }
    const made = this.create(look, missing);
    return { ...tallied(tally), active: tally.active.length + made };
  }

  private remove({ key, tally, now, pass }: Look, surplus: readonly Pod[], count: number): Managed {
    const others = tally.active.filter((pod) => !surplus.includes(pod));
    const ranked = rankForDeletion(others, () => 0, now);
    const condemned = [...surplus, ...ranked].slice(0, Math.min(count, BURST));
    this.expectations.expectDeletions(
      key,
      condemned.map(({ metadata }) => metadata.uid ?? ''),
    );
    pass.effect = 'loss';
    pass.summary = `removes ${condemned.length} of ${tally.active.length} pods`;
    // Pods that are not wanted any more are not counted.
    this.release(key, condemned, pass);
    pass.then();
    for (const pod of condemned) pass.delete(pod);
    const going = tally.terminating + condemned.length;
    const ready = tally.active.filter((pod) => !condemned.includes(pod)).length;
    return {
      active: tally.active.length - condemned.length,
      ready: Math.min(ready, tally.ready),
      terminating: going,
    };
  }

  /** One pod, then two, then four, as ReplicaSets do. Returns how many. */
  private create({ key, job: found, tally, pods, pass }: Look, missing: number): number {
    const waits = found.spec.podReplacementPolicy === 'Failed';
    const busy = waits
      ? pods.filter(({ status }) => !/^(Succeeded|Failed)$/.test(status?.phase ?? ''))
      : tally.active;
    const indexes = isIndexed(found)
      ? pendingIndexes(found, busy, tally.done, missing)
      : Array.from({ length: missing }, () => undefined);
    this.expectations.expectCreations(key, indexes.length);
    pass.effect = 'gain';
    pass.summary = `${tally.active.length} of ${tally.active.length + indexes.length} pods`;
    for (let at = 0, batch = 1; at < indexes.length; at += batch, batch *= 2) {
      pass.then();
      for (const index of indexes.slice(at, at + batch)) pass.create(podOfJob(found, index));
    }
    return indexes.length;
  }

  /**
   * First the identities of finished pods are written, then their finalizers go, then they are
   * numbers: so that none is counted twice, nor forgotten.
   */
  private writeStatus(look: Look, started: JobStatus, managed: Managed, decided?: Condition): void {
    const { key, job: found, pods, pass, now } = look;
    const released = this.released.get(key) ?? new Set<string>();
    const held = pods.filter((it) => isTracked(it) && !released.has(it.metadata.uid ?? ''));
    const isOver = decided !== undefined;
    const ended = held.filter(
      (pod) => isOver || pod.status?.phase === 'Succeeded' || hasFailed(found, pod),
    );
    const leaving = ended.slice(0, BURST);
    const uids = new Set(held.map(({ metadata }) => metadata.uid ?? ''));
    const first = {
      ...noted(look, withCounted(started, uids), leaving, decided),
      ...managed,
      ...(decided &&
        this.saysInterim(decided) && {
          conditions: withCondition(started.conditions, decided),
        }),
    };
    if (!equalJson(first, found.status ?? {})) pass.replace({ ...found, status: first });
    pass.then();
    this.release(key, leaving, pass);
    pass.then();
    for (const { metadata } of leaving) uids.delete(metadata.uid ?? '');
    const counted = withCounted(first, uids);
    const isAllCounted = leaving.length === ended.length;
    const isQuiet = managed.terminating === 0 || !this.waitsForTerminating;
    const last = isOver && isAllCounted && isQuiet ? finished(counted, decided, now) : counted;
    if (finishCondition(last.conditions) !== undefined) pass.summary ||= 'the Job is over';
    if (!equalJson(last, first)) pass.patch(found, { status: last });
  }

  /** source: job_controller.go delayTerminalCondition, since Kubernetes 1.31 */
  private get waitsForTerminating(): boolean {
    const { timing, actor } = this.place;
    return isAtLeast(timing.versions.of(actor), '1.31');
  }

  /** Before that, the condition of the end alone is written, but for policies. */
  private saysInterim({ reason }: Condition): boolean {
    return this.waitsForTerminating || reason === 'PodFailurePolicy';
  }

  private release(key: ObjectKey, pods: readonly Pod[], pass: Pass): void {
    const released = this.released.get(key) ?? new Set<string>();
    for (const pod of pods) {
      if (!isTracked(pod) || released.has(pod.metadata.uid ?? '')) continue;
      released.add(pod.metadata.uid ?? '');
      pass.patch(pod, { metadata: { finalizers: withoutTracking(pod) } });
    }
    if (released.size > 0) this.released.set(key, released);
  }
}

function tallied({ active, ready, terminating }: Tally): Managed {
  return { active: active.length, ready, terminating };
}

/** source: job_controller.go manageJob */
function wantedPods({ spec }: Job, { active, succeeded }: Tally): number {
  const { parallelism = 1, completions, suspend } = spec;
  if (suspend === true) return 0;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** The status with the identities of pods that leave, or with their indexes. */
function noted(
  { job: found, tally }: Look,
  status: JobStatus,
  leaving: readonly Pod[],
  decided: Condition | undefined,
): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const uncounted = { succeeded: [...succeeded], failed: [...failed] };
  const fails = decided?.type === 'FailureTarget';
  for (const pod of leaving) {
    const uid = pod.metadata.uid ?? '';
    const hasIndex = !isIndexed(found) || indexOf(found, pod) !== undefined;
    if (!hasIndex || uncounted.succeeded.includes(uid) || uncounted.failed.includes(uid)) continue;
    if (pod.status?.phase === 'Succeeded') {
      if (!isIndexed(found)) uncounted.succeeded.push(uid);
    } else if ((fails || hasFailed(found, pod)) && judgeFailure(found, pod).counts) {
      // Of a Job that has failed, every pod that has not succeeded has failed.
      uncounted.failed.push(uid);
    }
  }
  const indexes = isIndexed(found)
    ? { completedIndexes: formatIndexes(tally.done), succeeded: tally.done.size }
    : {};
  return { ...status, ...indexes, uncountedTerminatedPods: uncounted };
}

function finished(status: JobStatus, decided: Condition, now: Instant): JobStatus {
  const isSuccess = decided.type === 'SuccessCriteriaMet';
  const { reason, message } = decided;
  const condition = conditionAt(now, isSuccess ? 'Complete' : 'Failed', reason, message);
  return {
    ...status,
    conditions: withCondition(status.conditions, condition),
    ...(isSuccess && { completionTime: now }),
  };
}
