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
import { sortedBy } from '../values/order';
import { Assumption } from './assumption';
import { areSame, behaviourBy, drawsAtStart } from './behaviour';
import type { Behaviour } from './behaviour';
import { workloadOf } from './behaviour-target';
import type { ObjectName } from './behaviour-target';
import { knownImage } from './known-images';

interface ServiceFields {
  readonly selector?: Labels;
  readonly ports?: readonly {
    readonly port: number;
    readonly targetPort?: number | string;
    readonly protocol?: Protocol;
  }[];
}

/** What there is in one namespace. */
interface Neighbours {
  /** Services by one pair of their selector, so that a pod finds its own without a search. */
  readonly services: Map<string, Map<string, KubeObject[]>>;
  /** Pods with an assumed behaviour by their labels, which a template's pods share. */
  readonly assuming: Map<Labels, Set<ObjectKey>>;
  /** Those labels, by each value among them. */
  readonly assumingBy: Map<string, Set<Labels>>;
}

const NOTHING: ServiceFields = Object.freeze({});
const NO_LABELS: Labels = Object.freeze({});
const NO_PORTS: readonly ListenSpec[] = [];
const NO_SERVICE_PORTS: NonNullable<ServiceFields['ports']> = [];

/** A behaviour that nobody has declared, with all that it was read from beside the Services. */
interface Known {
  readonly namespace: string | undefined;
  readonly labels: Labels | undefined;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[] | undefined;
  readonly volumes: Pod['spec']['volumes'];
  readonly behaviour: Behaviour;
}

interface Alike {
  readonly kind: string;
  readonly namespace: string;
  readonly container: string;
  /** By the name of the workload. */
  readonly all: Map<string, Assumption>;
}

/** A pod whose behaviour is assumed. */
interface Watched {
  readonly key: ObjectKey;
  /** It, or any of its template. */
  readonly pattern: Pod;
}

export class Behaviours {
  private readonly kernel: Kernel;
  private readonly timing: Timing;
  private readonly declared: readonly BehaviourSpec[];
  private readonly neighbours = new Map<string | undefined, Neighbours>();
  /** Pods that are yet to be entered there: nobody asks for most. */
  private readonly comers: Watched[] = [];
  /** By kind, namespace and container, then by the name of the workload. */
  private readonly assumed = new Map<string, Map<string, Assumption>>();
  /** Where the last one stands. */
  private lastAlike: Alike | undefined;
  /** What containers do by the Services that exist: the pods of a template share one entry. */
  private readonly known = new Map<Container, Known>();
  /** What the last of them does that was read: of most containers nothing special is known. */
  private last: Behaviour | undefined;
  private onChange: (pod: ObjectKey) => void = () => {};
  /** Moves with every change of a Service. */
  turn = 0;

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
    const behaviour = this.read(pod, container);
    if (Object.isFrozen(behaviour)) this.keep(pod, container, behaviour);
    return behaviour;
  }

  /**
   * The same, for who keeps it by himself. What is frozen is what pods of the template do at each
   * start, for as long as the turn stays.
   */
  read(pod: Pod, container: Container): Behaviour {
    const { declared, timing } = this;
    const targetPorts = this.targetPortsOf(pod);
    const image = knownImage(container.image ?? '');
    const behaviour = behaviourBy(image, { pod, container, declared, targetPorts, timing });
    // What may still change is no key, and what takes a time of its own draws it at each start.
    const isLasting = Object.isFrozen(container) && !drawsAtStart(image);
    if (declared.length > 0 || !isLasting) return behaviour;
    const { last } = this;
    return last !== undefined && areSame(behaviour, last)
      ? last
      : (this.last = deepFreeze(behaviour));
  }

  private keep({ metadata, spec }: Pod, container: Container, behaviour: Behaviour): void {
    const { namespace, labels } = metadata;
    const { containers, initContainers, volumes } = spec;
    const known = { namespace, labels, containers, initContainers, volumes, behaviour };
    // Frozen, so that forks share it instead of having one each.
    this.known.set(container, Object.freeze(known));
  }

  /**
   * A process with this behaviour has started. Where it is assumed, that is written down, once for
   * each container of a workload, and the Services of the pod are watched from now on.
   */
  started(pod: Pod, container: Container, behaviour: Behaviour): void {
    if (behaviour.assumed) this.watch({ key: keyOf(pod), pattern: pod });
    this.assume(pod, container, behaviour);
  }

  /** Writes an assumption down. `pod`: that one, or any of its template. */
  assume(pod: Pod, container: Container, behaviour: Behaviour): void {
    if (!behaviour.assumed) return;
    const workload = workloadOf(pod);
    const alike = this.assumedLike(workload, container);
    if (alike.has(workload.name)) return;
    const assumption = new Assumption(workload, container, behaviour.listen);
    alike.set(workload.name, assumption);
    // What follows is caused by what came before it.
    this.kernel.noteAside('workloads', 'assumed', assumption);
  }

  /** Those of containers with the same name in workloads of the same kind: so are most of them. */
  private assumedLike(workload: ObjectName, { name }: Container): Map<string, Assumption> {
    const { kind, namespace } = workload;
    const { assumed, lastAlike: last } = this;
    if (last?.kind === kind && last.namespace === namespace && last.container === name) {
      return last.all;
    }
    const place = `${kind}/${namespace}/${name}`;
    let all = assumed.get(place);
    if (all === undefined) assumed.set(place, (all = new Map()));
    this.lastAlike = { kind, namespace, container: name, all };
    return all;
  }

  /** The pod is gone from its node. */
  forget(pod: Pod): void {
    const { namespace, labels = NO_LABELS } = pod.metadata;
    this.enterComers();
    this.neighbours.get(namespace)?.assuming.get(labels)?.delete(keyOf(pod));
  }

  /** One sentence for each assumption that the run rests on, sorted. */
  assumptions(): string[] {
    const all = [...this.assumed.values()].flatMap((known) => [...known.values()]);
    return sortedBy(
      all.map(({ sentence }) => sentence),
      (sentence) => sentence,
    );
  }

  /** From now on `observe` tells of the pod, as of any whose behaviour is assumed. */
  watch(pod: Watched): void {
    this.comers.push(pod);
  }

  private enterComers(): void {
    const { comers } = this;
    for (const { key, pattern } of comers) {
      const { namespace, labels } = pattern.metadata;
      if (labels === undefined) continue;
      const { assuming, assumingBy } = this.neighboursIn(namespace);
      const known = assuming.get(labels);
      known?.add(key);
      if (known !== undefined) continue;
      assuming.set(labels, new Set([key]));
      for (const value of Object.values(labels)) {
        const all = assumingBy.get(value);
        if (all === undefined) assumingBy.set(value, new Set([labels]));
        else all.add(labels);
      }
    }
    comers.length = 0;
  }

  private neighboursIn(namespace: string | undefined): Neighbours {
    let neighbours = this.neighbours.get(namespace);
    if (neighbours === undefined) {
      neighbours = { services: new Map(), assuming: new Map(), assumingBy: new Map() };
      this.neighbours.set(namespace, neighbours);
    }
    return neighbours;
  }

  /** Where Services send their traffic that select the pod. */
  private targetPortsOf({ metadata }: Pod): readonly ListenSpec[] {
    const { namespace, labels } = metadata;
    const services = this.neighbours.get(namespace)?.services;
    if (labels === undefined || services === undefined) return NO_PORTS;
    const ports: ListenSpec[] = [];
    for (const key of Object.keys(labels)) {
      const some = services.get(key)?.get(labels[key]!);
      if (some === undefined) continue;
      for (const service of some) {
        if (matchesLabels(labels, selectorOf(service))) addTargetPorts(service, ports);
      }
    }
    return ports;
  }

  private serviceChanged({ before, after }: Change): void {
    this.turn++;
    this.known.clear();
    if (before !== undefined) this.removeService(before);
    if (after !== undefined) this.addService(after);
    this.enterComers();
    const { namespace } = (after ?? before)!.metadata;
    const { assuming, assumingBy } = this.neighboursIn(namespace);
    // Before the first pod runs nobody can listen on other ports than before.
    if (assuming.size === 0) return;
    const affected = new Set<ObjectKey>();
    for (const service of [before, after]) {
      if (service === undefined) continue;
      const selector = selectorOf(service);
      const key = firstKeyOf(selector);
      if (key === undefined) continue;
      for (const labels of assumingBy.get(selector[key]!) ?? []) {
        if (!matchesLabels(labels, selector)) continue;
        for (const pod of assuming.get(labels) ?? []) affected.add(pod);
      }
    }
    for (const pod of sortedBy(affected, (it) => it)) this.onChange(pod);
  }

  private addService(service: KubeObject): void {
    const selector = selectorOf(service);
    const label = firstKeyOf(selector);
    if (label === undefined) return;
    const { services } = this.neighboursIn(service.metadata.namespace);
    let byValue = services.get(label);
    if (byValue === undefined) services.set(label, (byValue = new Map()));
    const like = byValue.get(selector[label]!);
    if (like === undefined) byValue.set(selector[label]!, [service]);
    else like.push(service);
  }

  private removeService(service: KubeObject): void {
    const selector = selectorOf(service);
    const label = firstKeyOf(selector);
    if (label === undefined) return;
    const { services } = this.neighboursIn(service.metadata.namespace);
    const like = services.get(label)?.get(selector[label]!) ?? [];
    const place = like.findIndex((it) => it.metadata.name === service.metadata.name);
    if (place >= 0) like.splice(place, 1);
  }
}

function selectorOf(service: KubeObject): Labels {
  return (service.spec as ServiceFields | undefined)?.selector ?? NO_LABELS;
}

function firstKeyOf(selector: Labels): string | undefined {
  return Object.keys(selector)[0];
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
function addTargetPorts(service: KubeObject, all: ListenSpec[]): void {
  const { ports = NO_SERVICE_PORTS } = (service.spec ?? NOTHING) as ServiceFields;
  for (const { port, targetPort = port, protocol = 'TCP' } of ports) {
    if (typeof targetPort === 'number') all.push({ port: targetPort, protocol });
  }
}
