// Keeps the named pods of a StatefulSet: one after the other, and never two of one name.
// source: pkg/controller/statefulset/{stateful_set,stateful_set_control}.go

import { isPodActive, isPodReady, isPodTerminal } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { StatefulSet } from '../../apiserver/kinds/statefulset';
import type { PodTemplate } from '../../apiserver/kinds/workload';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { between } from '../../values/time';
import { defineController, wallClockOf } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import {
  areForeign,
  controllerReference,
  isControlled,
  NOBODY,
  OwnerIndex,
  ownerKeys,
} from '../owner';
import type { Pass } from '../pass';
import { availableAt, isAvailable, podFromTemplate } from './pod-control';
import { templateHash } from './template-hash';

const REVISION_LABEL = 'controller-revision-hash';
const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index';

export const statefulset = defineController({
  name: 'statefulset',
  kind: 'StatefulSet',
  create: (workplace) => new StatefulSetLogic(workplace),
});

/** What one pass has to know of the set. */
interface Situation {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly byOrdinal: ReadonlyMap<number, Pod>;
  readonly start: number;
  readonly end: number;
  readonly isOrdered: boolean;
  readonly currentRevision: string;
  readonly updateRevision: string;
}

class StatefulSetLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private readonly pods = new OwnerIndex('StatefulSet');

  constructor(workplace: Workplace) {
    this.place = workplace;
    this.watches = {
      ControllerRevision: () => [],
      Pod: (change) => this.onPod(change),
      StatefulSet: ({ key }) => [key],
    };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const set = this.place.view.get('StatefulSet', key) as StatefulSet | undefined;
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const situation = this.situationOf(set);
    this.keepRevision(situation, pass);
    if (this.fillUp(situation, pass) && this.scaleDown(situation, pass))
      this.update(situation, pass);
    this.writeStatus(situation, pass);
  }

  reset(): void {
    this.pods.clear();
  }

  passesOver(kind: string, changes: readonly Change[]): boolean {
    return kind === 'Pod' && areForeign(changes, 'StatefulSet');
  }

  private onPod(change: Change): readonly ObjectKey[] {
    if (!isControlled(change, 'StatefulSet')) return NOBODY;
    this.pods.update(change);
    return ownerKeys(change, 'StatefulSet');
  }

  private situationOf(set: StatefulSet): Situation {
    const { spec, status, metadata } = set;
    const pods = [...this.pods.ownedBy(metadata.uid)] as Pod[];
    const start = spec.ordinals?.start ?? 0;
    const updateRevision = `${metadata.name}-${templateHash(spec.template)}`;
    return {
      set,
      pods,
      byOrdinal: new Map(pods.map((pod) => [ordinalOf(pod), pod])),
      start,
      end: start + (spec.replicas ?? 1),
      isOrdered: spec.podManagementPolicy !== 'Parallel',
      currentRevision: status?.currentRevision ?? updateRevision,
      updateRevision,
    };
  }

  /** The templates of the past are kept: pods below the partition are made from them. */
  private keepRevision({ set, updateRevision }: Situation, pass: Pass): void {
    const { namespace } = set.metadata;
    if (this.revision(set, updateRevision) !== undefined) return;
    pass.create({
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: updateRevision,
        ...(namespace !== undefined && { namespace }),
        ownerReferences: [controllerReference(set)],
      },
      data: { template: set.spec.template },
    });
  }

  private revision({ metadata }: StatefulSet, name: string): KubeObject | undefined {
    return this.place.view.get('ControllerRevision', `${metadata.namespace}/${name}`);
  }

  /** Creates what is missing from the first ordinal up. Returns whether all are there and well. */
  private fillUp(situation: Situation, pass: Pass): boolean {
    const { byOrdinal, start, end, isOrdered } = situation;
    let isComplete = true;
    for (let ordinal = start; ordinal < end; ordinal++) {
      const pod = byOrdinal.get(ordinal);
      if (pod === undefined) {
        this.create(situation, ordinal, pass);
      } else if (isPodTerminal(pod) && isPodActive({ ...pod, status: {} })) {
        // A finished pod makes room for another one of its name.
        pass.delete(pod);
      } else if (this.isHealthy(situation, pod)) {
        continue;
      }
      isComplete = false;
      if (isOrdered) return false;
    }
    return isComplete || !isOrdered;
  }

  private create(situation: Situation, ordinal: number, pass: Pass): void {
    const { set, currentRevision, updateRevision } = situation;
    const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
    const isOld = ordinal < partition && currentRevision !== updateRevision;
    const data = isOld ? this.revision(set, currentRevision)?.['data'] : undefined;
    const template =
      (data as { template?: PodTemplate } | undefined)?.template ?? set.spec.template;
    const name = `${set.metadata.name}-${ordinal}`;
    const { serviceName } = set.spec;
    const pod = podFromTemplate(set, template, {
      name,
      labels: {
        [POD_INDEX_LABEL]: String(ordinal),
        [POD_NAME_LABEL]: name,
        [REVISION_LABEL]: data === undefined ? updateRevision : currentRevision,
      },
      spec: { hostname: name, ...(serviceName && { subdomain: serviceName }) },
    });
    pass.effect = 'gain';
    pass.summary = `creates ${name}`;
    pass.create(pod);
  }

  /** Removes what is too much, the highest ordinal first. Returns whether nothing is. */
  private scaleDown({ pods, start, end, isOrdered }: Situation, pass: Pass): boolean {
    const condemned = pods
      .filter((pod) => ordinalOf(pod) >= end || ordinalOf(pod) < start)
      .sort((a, b) => ordinalOf(b) - ordinalOf(a));
    if (condemned.length === 0) return true;
    for (const pod of condemned) {
      const isGoing = pod.metadata.deletionTimestamp !== undefined;
      if (!isGoing) {
        pass.effect ??= 'loss';
        pass.summary = `removes ${pod.metadata.name}`;
        pass.delete(pod);
      }
      if (isOrdered) return false;
    }
    return false;
  }

  /** Replaces pods of an older template from the highest ordinal down, one at a time. */
  private update(situation: Situation, pass: Pass): void {
    const { set, byOrdinal, start, end, updateRevision } = situation;
    const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
    if (type === 'OnDelete') return;
    const lowest = Math.max(start, rollingUpdate?.partition ?? 0);
    for (let ordinal = end - 1; ordinal >= lowest; ordinal--) {
      const pod = byOrdinal.get(ordinal);
      if (pod === undefined) return;
      const isGoing = pod.metadata.deletionTimestamp !== undefined;
      if (pod.metadata.labels?.[REVISION_LABEL] !== updateRevision && !isGoing) {
        pass.effect ??= 'loss';
        pass.summary = `replaces ${pod.metadata.name}`;
        pass.delete(pod);
        return;
      }
      if (!this.isHealthy(situation, pod)) return;
    }
  }

  private isHealthy({ set }: Situation, pod: Pod): boolean {
    if (!isPodActive(pod) || pod.status?.phase !== 'Running') return false;
    return isAvailable(pod, set.spec.minReadySeconds ?? 0, wallClockOf(this.place));
  }

  private writeStatus(situation: Situation, pass: Pass): void {
    const { set, currentRevision, updateRevision } = situation;
    const now = wallClockOf(this.place);
    const minReady = set.spec.minReadySeconds ?? 0;
    const pods = situation.pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const updated = pods.filter(
      ({ metadata }) => metadata.labels?.[REVISION_LABEL] === updateRevision,
    );
    const ready = pods.filter(isPodReady);
    const isDone = updated.length === set.spec.replicas && ready.length === set.spec.replicas;
    const next = {
      ...set.status,
      observedGeneration: set.metadata.generation ?? 0,
      replicas: pods.length,
      readyReplicas: ready.length,
      availableReplicas: ready.filter((pod) => isAvailable(pod, minReady, now)).length,
      updatedReplicas: updated.length,
      currentRevision: isDone ? updateRevision : currentRevision,
      updateRevision,
    };
    if (!equalJson(next, set.status)) pass.patch(set, { status: next });
    for (const pod of ready) {
      const at = availableAt(pod, minReady)!;
      if (minReady > 0 && at > now) pass.requeueAfter(between(now, at), 'spec.minReadySeconds');
    }
  }
}

/** The number at the end of the pod's name; -1 where there is none. */
function ordinalOf(pod: Pod): number {
  const [digits] = /\d+$/.exec(pod.metadata.name) ?? [];
  return digits === undefined ? -1 : Number(digits);
}
