// Which pods a workload ever had, in the order of creation: `shop/backend#1` is the first. The
// number stays with its pod, also when the pod is gone, so that a scenario may speak of it.

import { isThere, patternOf } from '../../apiserver/late-pod';
import type { Store, Version } from '../../apiserver/store';
import { isReading, noteReading } from '../../kernel/readings';
import type { Place, Readable } from '../../kernel/readings';
import type { KubeObject, ObjectKey, OwnerReference } from '../../values/kube-object';

/** What forks call it, and what was never there. */
const PLACE: Place = Object.freeze({ room: 'pod ordinals', name: '' });
const NOTHING = 'nothing';
const NO_PODS: readonly ObjectKey[] = [];
const NO_METADATA: Partial<KubeObject['metadata']> = {};

/** A workload with all pods that it ever had, in the order of creation. */
interface Workload {
  readonly kind: string;
  readonly key: ObjectKey;
  readonly pods: ObjectKey[];
  /** `shop/backend#1` by pod, of so many as were there when somebody asked last. */
  readonly names: Map<ObjectKey, string>;
  named: number;
}

/** A workload, and what it had said of its own owners when those above it were looked up. */
interface Link {
  readonly workload: Workload;
  readonly owners: readonly OwnerReference[] | undefined;
}

export class PodOrdinals implements Readable {
  readonly place = PLACE;
  private readonly store: Store;
  /** How many pods there have been. */
  private count = 0;
  /** By `Deployment/shop/backend`. */
  private readonly workloads = new Map<string, Workload>();
  /** The topmost workload of each pod, which it is called by. */
  private readonly topmost = new Map<ObjectKey, Workload>();
  /** The workloads above a pod, nearest first, by the UID of the nearest. */
  private readonly lines = new Map<string, readonly Link[]>();
  /** First versions of pods that have come since somebody asked last. */
  private late: Version[] = [];

  constructor(store: Store) {
    this.store = store;
  }

  /** Takes notice of a write; a pod's first version gives it its numbers. */
  observe(version: Version, kind: string): void {
    if (kind !== 'Pod' || !isThere(version) || isThere(version.previous)) return;
    this.count++;
    this.late.push(version);
  }

  /** The name of a pod, or how many pods a workload had: their list only grows. */
  standing(reading: string): unknown {
    return this.known(reading) ?? this.workload(reading)?.pods.length;
  }

  whole(): number {
    return this.count;
  }

  /** A name says all; how many pods there were does not tell which. */
  common(reading: string): string | undefined {
    return this.known(reading) ?? (this.workload(reading) === undefined ? NOTHING : undefined);
  }

  /** How people call a pod: by its topmost workload and number, or by its own name. */
  nameOf(pod: string): string {
    if (isReading()) noteReading(this, pod);
    return this.known(pod) ?? pod;
  }

  /** Keys of the pods of a workload: of a ReplicaSet, or of the Deployment that owns it. */
  podsOf(kind: string, key: string): readonly string[] {
    if (isReading()) noteReading(this, `${kind}/${key}`);
    return this.workload(`${kind}/${key}`)?.pods ?? NO_PODS;
  }

  private workload(name: string): Workload | undefined {
    if (this.late.length > 0) this.number();
    return this.workloads.get(name);
  }

  /** Numbers the pods that nobody has asked about so far, in the order in which they came. */
  private number(): void {
    const { late } = this;
    this.late = [];
    for (const version of late) {
      const { key, revision } = version;
      const line = this.lineOf(patternOf(version)!, revision);
      for (const { workload } of line) workload.pods.push(key);
      const top = line.at(-1);
      if (top !== undefined) this.topmost.set(key, top.workload);
    }
  }

  private known(pod: string): string | undefined {
    if (this.late.length > 0) this.number();
    const workload = this.topmost.get(pod);
    return workload && nameIn(workload, pod);
  }

  /** The line of a pod as it was when the pod came. */
  private lineOf(pod: KubeObject, revision: number): readonly Link[] {
    const owner = controllerOf(pod);
    if (owner === undefined) return [];
    let line = this.lines.get(owner.uid);
    if (line === undefined || !this.holds(line, revision)) {
      line = this.lookUp(pod, revision);
      this.lines.set(owner.uid, line);
    }
    return line;
  }

  /** Whether each workload of the line still says the same of its owners. */
  private holds(line: readonly Link[], revision: number): boolean {
    for (const { workload, owners } of line) {
      const { kind, key } = workload;
      const { ownerReferences } = this.store.get(kind, key, revision)?.metadata ?? NO_METADATA;
      if (ownerReferences !== owners) return false;
    }
    return true;
  }

  private lookUp(pod: KubeObject, revision: number): readonly Link[] {
    const namespace = pod.metadata.namespace ?? '';
    const line: Link[] = [];
    let reference = controllerOf(pod);
    while (reference !== undefined) {
      const { kind } = reference;
      const key = `${namespace}/${reference.name}`;
      const owner = this.store.get(kind, key, revision);
      const owners = owner?.metadata.ownerReferences;
      line.push({ workload: this.workloadOf(kind, key), owners });
      reference = owner && controllerOf(owner);
    }
    return line;
  }

  private workloadOf(kind: string, key: ObjectKey): Workload {
    const name = `${kind}/${key}`;
    let workload = this.workloads.get(name);
    if (workload === undefined) {
      workload = { kind, key, pods: [], names: new Map(), named: 0 };
      this.workloads.set(name, workload);
    }
    return workload;
  }
}

/** Pods get their names only when somebody asks; of two pods of one key the newer one counts. */
function nameIn(workload: Workload, pod: ObjectKey): string {
  const { key, pods, names } = workload;
  while (workload.named < pods.length) {
    const own = pods[workload.named]!;
    workload.named++;
    names.set(own, `${key}#${workload.named}`);
  }
  return names.get(pod)!;
}

function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  if (metadata.ownerReferences === undefined) return undefined;
  for (const reference of metadata.ownerReferences) if (reference.controller) return reference;
  return undefined;
}
