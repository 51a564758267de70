// The behaviours of all containers of a run, kept up to date with the Services that exist: an
// image that nobody knows is assumed to listen where Services send their traffic.

import type { ApiServer } from '../apiserver/api-server';
import type { Change } from '../apiserver/informer';
import type { Container, Pod } from '../apiserver/kinds/pod';
import type { Kernel } from '../kernel/kernel';
import type { Timing } from '../timing';
import type { BehaviourSpec, ListenSpec } from '../values/cluster-spec';
import type { Protocol } from '../values/flow';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { deepFreeze, keyOf } from '../values/kube-object';
import { matchesLabels } from '../values/labels';
import type { Labels } from '../values/labels';
import { LateMap } from '../values/late-map';
import { sortedBy, sortedKeys } from '../values/order';
import { behaviourOf, drawsAtStart } from './behaviour';
import type { Behaviour } from './behaviour';
import { workloadOf } from './behaviour-target';

interface ServiceFields {
  readonly selector?: Labels;
  readonly ports?: readonly {
    readonly port: number;
    readonly targetPort?: number | string;
    readonly protocol?: Protocol;
  }[];
}

/** The pairs of each set of labels: the pods of a template share one. */
type PairsByLabels = WeakMap<
  Labels,
  { readonly namespace: string | undefined; readonly pairs: readonly string[] }
>;

/** The keys of objects: nearly all of them are entered, and never asked for. */
type Keys = LateMap<ObjectKey, true>;

const NO_LABELS: Labels = Object.freeze({});

/** A behaviour that nobody has declared, with all that it was read from beside the Services. */
interface Known {
  readonly namespace: string | undefined;
  readonly labels: Labels | undefined;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[] | undefined;
  readonly volumes: Pod['spec']['volumes'];
  readonly behaviour: Behaviour;
}

export class Behaviours {
  private readonly kernel: Kernel;
  private readonly timing: Timing;
  private readonly declared: readonly BehaviourSpec[];
  /** Services by one pair of their selector, so that a pod finds its own without a search. */
  private readonly services = new Map<string, Map<ObjectKey, KubeObject>>();
  /** Pods with an assumed behaviour by namespace and labels, which a template's pods share. */
  private readonly assuming = new Map<string | undefined, Map<Labels, Keys>>();
  /** Those labels, by each pair of them. */
  private readonly assumingBy = new Map<string, Set<Labels>>();
  private readonly assumed = new Map<string, string>();
  /** What containers do by the Services that exist: the pods of a template share one entry. */
  private readonly known = new Map<Container, Known>();
  private readonly pairs: PairsByLabels = new WeakMap();
  private onChange: (pod: ObjectKey) => void = () => {};

  constructor(kernel: Kernel, api: ApiServer, timing: Timing, declared: readonly BehaviourSpec[]) {
    this.kernel = kernel;
    this.timing = timing;
    this.declared = declared;
    api.informer({
      kind: 'Service',
      owner: 'workloads',
      onChange: (change) => this.serviceChanged(change),
    });
  }

  /** Calls `listener` with each pod whose containers may listen on other ports than before. */
  observe(listener: (pod: ObjectKey) => void): void {
    this.onChange = listener;
  }

  /** What the process of this container does now. */
  of(pod: Pod, container: Container): Behaviour {
    const known = this.known.get(container);
    if (known !== undefined && isReadFrom(known, pod)) return known.behaviour;
    const { declared, timing } = this;
    const targetPorts = this.targetPortsOf(pod);
    const behaviour = behaviourOf({ pod, container, declared, targetPorts, timing });
    // What may still change is no key, and what takes a time of its own draws it at each start.
    const isKept = Object.isFrozen(container) && !drawsAtStart(container);
    if (declared.length === 0 && isKept) this.keep(pod, container, behaviour);
    return behaviour;
  }

  private keep({ metadata, spec }: Pod, container: Container, behaviour: Behaviour): void {
    const { namespace, labels } = metadata;
    const { containers, initContainers, volumes } = spec;
    // Frozen, so that forks share it instead of having one each.
    deepFreeze(behaviour);
    const known = { namespace, labels, containers, initContainers, volumes, behaviour };
    this.known.set(container, Object.freeze(known));
  }

  /**
   * A process with this behaviour has started. Where it is assumed, that is written down, once for
   * each container of a workload, and the Services of the pod are watched from now on.
   */
  started(pod: Pod, container: Container, behaviour: Behaviour): void {
    if (behaviour.assumed) this.watch(keyOf(pod), pod);
    this.assume(pod, container, behaviour);
  }

  /** Writes an assumption down. `pod`: that one, or any of its template. */
  assume(pod: Pod, container: Container, behaviour: Behaviour): void {
    if (!behaviour.assumed) return;
    const { kind, namespace, name } = workloadOf(pod);
    const subject = `${kind}/${namespace}/${name}`;
    const key = `${subject}/${container.name}`;
    if (this.assumed.has(key)) return;
    const sentence = describe(container, behaviour);
    this.assumed.set(key, `${subject}: ${sentence}`);
    const { cause } = this.kernel;
    this.kernel.note('workloads', 'assumed', subject, sentence);
    // The assumption causes nothing: what follows is caused by what came before it.
    this.kernel.because(cause);
  }

  /** The pod is gone from its node. */
  forget(pod: Pod): void {
    const { namespace, labels = NO_LABELS } = pod.metadata;
    this.assuming.get(namespace)?.get(labels)?.delete(keyOf(pod));
  }

  /** One sentence for each assumption that the run rests on, sorted. */
  assumptions(): string[] {
    return sortedBy(this.assumed.values(), (sentence) => sentence);
  }

  /** From now on `observe` tells of the pod, as of any whose behaviour is assumed. */
  watch(key: ObjectKey, pod: Pod): void {
    const { namespace, labels } = pod.metadata;
    if (labels === undefined) return;
    let byLabels = this.assuming.get(namespace);
    if (byLabels === undefined) this.assuming.set(namespace, (byLabels = new Map()));
    let pods = byLabels.get(labels);
    if (pods === undefined) {
      byLabels.set(labels, (pods = new LateMap()));
      for (const pair of this.pairsOf(pod)) {
        const all = this.assumingBy.get(pair);
        if (all === undefined) this.assumingBy.set(pair, new Set([labels]));
        else all.add(labels);
      }
    }
    pods.later(key, true);
  }

  private targetPortsOf(pod: Pod): ListenSpec[] {
    const { labels } = pod.metadata;
    const ports: ListenSpec[] = [];
    for (const pair of this.pairsOf(pod)) {
      for (const service of this.services.get(pair)?.values() ?? []) {
        if (matchesLabels(labels, selectorOf(service))) ports.push(...targetPortsOf(service));
      }
    }
    return ports;
  }

  /** `namespace key=value` for each label of the pod, in order. */
  private pairsOf({ metadata }: Pod): readonly string[] {
    const { namespace, labels = NO_LABELS } = metadata;
    const known = this.pairs.get(labels);
    if (known !== undefined && known.namespace === namespace) return known.pairs;
    const pairs = sortedKeys(labels).map((key) => `${namespace} ${key}=${labels[key]}`);
    if (Object.isFrozen(labels)) this.pairs.set(labels, { namespace, pairs });
    return pairs;
  }

  private serviceChanged({ key, before, after }: Change): void {
    this.known.clear();
    if (before !== undefined) this.services.get(indexOf(before))?.delete(key);
    if (after !== undefined) {
      const index = indexOf(after);
      const services = this.services.get(index) ?? new Map<ObjectKey, KubeObject>();
      this.services.set(index, services.set(key, after));
    }
    // Before the first pod runs nobody can listen on other ports than before.
    if (this.assumingBy.size === 0) return;
    const affected = new Set<ObjectKey>();
    for (const service of [before, after]) {
      if (service === undefined) continue;
      const byLabels = this.assuming.get(service.metadata.namespace);
      for (const labels of this.assumingBy.get(indexOf(service)) ?? []) {
        if (!matchesLabels(labels, selectorOf(service))) continue;
        for (const pod of byLabels?.get(labels)?.keys() ?? []) affected.add(pod);
      }
    }
    for (const pod of sortedBy(affected, (it) => it)) this.onChange(pod);
  }
}

function selectorOf(service: KubeObject): Labels {
  return (service.spec as ServiceFields | undefined)?.selector ?? {};
}

/** `namespace key=value` of the first pair of the selector; Services without one are apart. */
function indexOf(service: KubeObject): string {
  const selector = selectorOf(service);
  const [key] = sortedKeys(selector);
  return key === undefined ? '' : `${service.metadata.namespace} ${key}=${selector[key]}`;
}

function isReadFrom(known: Known, { metadata, spec }: Pod): boolean {
  return (
    known.containers === spec.containers &&
    known.labels === metadata.labels &&
    known.namespace === metadata.namespace &&
    known.initContainers === spec.initContainers &&
    known.volumes === spec.volumes
  );
}

/** Numbers only: a named target port is a declared one. */
function targetPortsOf(service: KubeObject): ListenSpec[] {
  const { ports = [] } = (service.spec ?? {}) as ServiceFields;
  return ports.flatMap(({ port, targetPort = port, protocol = 'TCP' }) =>
    typeof targetPort === 'number' ? [{ port: targetPort, protocol }] : [],
  );
}

function describe(container: Container, { listen }: Behaviour): string {
  const ports = listen.map(({ port, protocol }) => `${port}/${protocol}`).join(', ');
  const place = ports === '' ? 'nothing' : ports;
  return (
    `image "${container.image ?? ''}" of container "${container.name}" is not known; it is taken ` +
    `to listen on ${place}, to answer 200 and to close on SIGTERM at once`
  );
}
