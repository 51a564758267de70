// Pods of a cluster that starts settled. They have been running for long when anybody looks, so a
// kubelet has them in one step instead of through a dozen events: a sandbox for each, in the order
// in which the pods come, and processes for those whose start takes no time and cannot fail. Every
// other pod lives through its start in that sandbox. Where nothing can come of a pod by itself, it
// rests. How the pods of a template stand is read from the first one, or from its records, where
// only who has run it can tell.

import { conditionOf } from '../../apiserver/kinds/pod';
import type { Pod, PodStatus } from '../../apiserver/kinds/pod';
import type { LatePod, OwnOfPod } from '../../apiserver/late-pod';
import type { TimerName } from '../../timing';
import type { ListenSpec } from '../../values/cluster-spec';
import type { IP } from '../../values/ip';
import { deepFreeze, keyOf } from '../../values/kube-object';
import type { ObjectKey } from '../../values/kube-object';
import type { PodHost } from '../../values/pod-host';
import { ZERO } from '../../values/time';
import type { Instant } from '../../values/time';
import type { Behaviour } from '../../workloads/index';
import { isLasting, standingOf, uptimeFrom } from './first-pod';
import type { Uptime } from './first-pod';
import { rejectionOf } from './kubelet-admission';
import type { KubeletGround } from './kubelet-ground';
import { isReady } from './kubelet-state';
import type { ContainerRecord, NodeAgent, PodWorker } from './kubelet-state';
import type { PodLifecycle } from './pod-lifecycle';
import { statusWith } from './pod-status';
import type { CommonStatus } from './pod-status';
import { newWorker } from './pod-worker';
import type { ProbeState } from './probes';
import { keepNumbers, layToRest, letRest, RestingPod, sandboxFor } from './resting-pods';
import type { RestingTemplate } from './resting-pods';
import type { StatusManager } from './status-manager';

/** What a start waits for; a scenario may set any of them. */
const WAITS: readonly TimerName[] = [
  'kubelet.volumesReady',
  'kubelet.sandboxStart',
  'kubelet.containerStart',
];

/** A pod that comes to a node, and is about to be stored. */
export interface Comer {
  readonly node: string;
  /** What its scheduler knows the node by: at any time no other node has that number. */
  readonly number?: number;
  readonly key: ObjectKey;
  readonly uid: string;
  /** Whether nobody has ever had the name. */
  readonly isNew: boolean;
  /** It, or any of its template: but for its name, its identity, its node and its status. */
  readonly pattern: Pod;
  /** Its status so far. */
  readonly status: PodStatus | undefined;
  /** The pod with that status, for who has to look at it before it is stored. */
  whole(): Pod;
  /** Of one of a series: how those before it stand, where they rest. It is kept with the series. */
  standing?: RestingTemplate | undefined;
  /** It is new, and rests: whoever asks for its object has it made from this (LatePod). */
  rest?(host: PodHost, place: OwnOfPod['place'], status: CommonStatus): LatePod;
}

/** A pod that comes by itself. */
export function comerOf(pod: Pod): Comer {
  const { uid = '' } = pod.metadata;
  const { status, spec } = pod;
  const node = spec.nodeName ?? '';
  const [key, pattern] = [keyOf(pod), pod];
  return { node, key, uid, isNew: false, pattern, status, whole: () => pod };
}

export class SettledPods {
  private readonly ground: KubeletGround;
  private readonly lifecycle: PodLifecycle;
  private readonly statuses: StatusManager;
  /** Of pods that come by themselves, by their containers, which those of a template share. */
  private readonly templates = new WeakMap<Pod['spec']['containers'], RestingTemplate>();
  /** A status that says what that of any pod does which was bound at that instant. */
  private bound: { readonly status: PodStatus; readonly at: Instant } | undefined;
  /** What those pods say that came up last. */
  private uptime: Uptime | undefined;

  constructor(ground: KubeletGround, lifecycle: PodLifecycle, statuses: StatusManager) {
    this.ground = ground;
    this.lifecycle = lifecycle;
    this.statuses = statuses;
  }

  /**
   * The pod, bound to the agent's node and about to be stored, is there. Returns the status that
   * it is to be stored with; undefined where it has yet to come up.
   */
  take(agent: NodeAgent, comer: Comer): PodStatus | undefined {
    const { touch, state, kernel } = this.ground;
    const { isNew, pattern } = comer;
    const isKnown = !isNew && state.byPod.has(comer.key);
    if (isKnown || !this.isTaken(agent, pattern)) return undefined;
    const known = this.templateOf(agent, comer);
    if (known !== undefined && this.comesNext(agent, comer, known)) return undefined;
    const { key } = comer;
    const attachment = this.lifecycle.attach(agent, key, pattern, isNew);
    if (!attachment.ok) return undefined;
    const { addresses } = attachment;
    if (known !== undefined) return this.letRest(agent, comer, addresses, known);
    const behaviours = isBound(comer.status) ? this.plainBehavioursOf(pattern) : undefined;
    const template = behaviours && this.templateFrom(agent, comer, behaviours);
    if (template !== undefined) return this.letRest(agent, comer, addresses, template);
    const pod = comer.whole();
    const worker = newWorker(state, { agent, key, pod, now: kernel.now });
    this.lifecycle.occupy(worker, addresses);
    touch?.(agent.node);
    if (behaviours === undefined) {
      this.lifecycle.sync(worker);
      return undefined;
    }
    worker.stored = false;
    this.lifecycle.runAtOnce(worker);
    worker.stored = true;
    const status = this.statuses.initial(worker);
    this.layToRest(worker, status, comer);
    return status;
  }

  /** Whether all that the pod needs to be there as those before it are is its addresses. */
  private comesNext(agent: NodeAgent, comer: Comer, template: RestingTemplate): boolean {
    if (!comer.isNew || comer.rest === undefined) return false;
    const place = this.lifecycle.attachNext(agent);
    if (place === undefined) return false;
    this.arrive(agent, comer.rest(agent.machine.host, place, template), template);
    return true;
  }

  /** Nothing is made of it before somebody asks. */
  private arrive(agent: NodeAgent, late: LatePod, template: RestingTemplate): void {
    const { behaviours, touch, state } = this.ground;
    if (template.isAssumed) behaviours.watch(late);
    // While others wait to be entered nobody has looked since they came.
    if (state.arrivals.isEmpty) touch?.(agent.node);
    state.arrivals.add(late, template, keepNumbers(state, template));
  }

  /** The pod is there as the first of its template is. */
  private letRest(
    agent: NodeAgent,
    comer: Comer,
    addresses: readonly IP[],
    template: RestingTemplate,
  ): PodStatus | undefined {
    const { behaviours, touch, state } = this.ground;
    const { host } = agent.machine;
    if (comer.isNew && comer.rest !== undefined) {
      this.arrive(agent, comer.rest(host, addresses, template), template);
      return undefined;
    }
    const { key, pattern } = comer;
    if (template.isAssumed) behaviours.watch({ key, pattern });
    touch?.(agent.node);
    // Pods stand in the order of their coming.
    state.arrivals.enter();
    const sandbox = sandboxFor(agent, key, comer.uid, addresses, template);
    const sent = statusWith(template, host.addresses, addresses);
    const resting = new RestingPod(agent, key, template, sandbox, comer.whole(), sent);
    letRest(state, keepNumbers(state, template), resting);
    return sent;
  }

  /** Nothing needs to be kept of the first one either, where those after it can rest. */
  private layToRest(worker: PodWorker, sent: PodStatus, comer: Comer): void {
    const { agent, key, uid } = worker;
    const { addresses } = worker.sandbox!;
    const template = this.templateBy(worker, sent);
    if (template === undefined) return;
    this.learn(comer, template);
    const sandbox = sandboxFor(agent, key, uid, addresses, template);
    layToRest(this.ground.state, worker, { template, sandbox, sent });
  }

  /** What the pod is like another one in; undefined where something of it is its own. */
  private templateOf({ actor }: NodeAgent, comer: Comer): RestingTemplate | undefined {
    const { kernel, timing, behaviours } = this.ground;
    const { pattern: pod, status } = comer;
    const template = comer.standing ?? this.templates.get(pod.spec.containers);
    if (template === undefined || template.turn !== behaviours.turn) return undefined;
    const { since } = template;
    if (kernel.now !== since || timing.clocks.reading(actor, since) !== since) return undefined;
    // All pods of a series say of themselves what its first one says.
    if (comer.standing === undefined && !isLike(pod, template)) return undefined;
    return this.isStatusOfAll(status, since) ? template : undefined;
  }

  /** The same as of the last one, where that was given the very same. */
  private isStatusOfAll(status: PodStatus | undefined, now: Instant): boolean {
    if (status !== undefined && this.bound?.status === status && this.bound.at === now) return true;
    if (!isStatusOfAll(status, now)) return false;
    this.bound = Object.freeze({ status: status!, at: now });
    return true;
  }

  /** A series keeps by itself what its pods are like. */
  private learn(comer: Comer, template: RestingTemplate): void {
    if (comer.rest === undefined) this.templates.set(comer.pattern.spec.containers, template);
    else comer.standing = template;
  }

  /** How pods like this one stand, without a look at any; undefined where it takes one. */
  private templateFrom(
    { actor }: NodeAgent,
    comer: Comer,
    behaviours: readonly Behaviour[],
  ): RestingTemplate | undefined {
    const { kernel, state, timing } = this.ground;
    const { key, pattern: pod, status } = comer;
    const { turn } = this.ground.behaviours;
    const { now } = kernel;
    const { containers, readinessGates } = pod.spec;
    if (timing.clocks.reading(actor, now) !== now || state.podFailures.fails(key)) return undefined;
    if (!Object.isFrozen(containers) || !isStatusOfAll(status, now)) return undefined;
    if (readinessGates !== undefined) return undefined;
    if (this.uptime?.since !== now) this.uptime = uptimeFrom(now);
    const template = standingOf(pod, { behaviours, turn }, this.uptime);
    if (template === undefined) return undefined;
    for (let index = 0; index < containers.length; index++) {
      this.ground.behaviours.assume(pod, containers[index]!, behaviours[index]!);
    }
    this.learn(comer, template);
    return template;
  }

  /** The same by the records of one; undefined where they may not rest. */
  private templateBy(
    { agent, key, pod, containers, failures }: PodWorker,
    { phase, conditions, startTime, containerStatuses }: PodStatus,
  ): RestingTemplate | undefined {
    const { kernel, network, timing } = this.ground;
    const { now } = kernel;
    if (timing.clocks.reading(agent.actor, now) !== now || failures.size > 0) return undefined;
    if (!Object.isFrozen(pod.spec.containers) || !isStatusOfAll(pod.status, now)) return undefined;
    if (pod.spec.readinessGates !== undefined) return undefined;
    if (!containers.every(isAtRest)) return undefined;
    const isProbed = containers.some(({ probes }) => probes.length > 0);
    const copies = (all: readonly ProbeState[]) => all.map((probe) => ({ ...probe }));
    const probes = isProbed ? containers.map((it) => copies(it.probes)) : undefined;
    // On a bad line probes fare as chance has it.
    if (isProbed && network.callPod(agent.node, key, 0) !== undefined) return undefined;
    if (phase === undefined || conditions === undefined) return undefined;
    if (startTime === undefined || containerStatuses === undefined) return undefined;
    const { labels, namespace, ownerReferences: owners } = pod.metadata;
    const behaviours = containers.map(({ behaviour }) => behaviour!);
    const processes = containers.map(({ spec, behaviour }) => {
      return { container: spec.name, listen: behaviour!.listen };
    });
    return deepFreeze({
      labels,
      namespace,
      owners,
      volumes: pod.spec.volumes,
      since: now,
      processes,
      behaviours,
      turn: this.ground.behaviours.turn,
      probes,
      isAssumed: behaviours.some(({ assumed }) => assumed),
      phase,
      conditions,
      startTime,
      containerStatuses,
    });
  }

  private isTaken(agent: NodeAgent, pod: Pod): boolean {
    const isUp = agent.running && !agent.stopping && !agent.booting;
    return isUp && this.isInNoTime(agent) && rejectionOf(this.ground, agent, pod) === undefined;
  }

  private isInNoTime({ actor }: NodeAgent): boolean {
    const { timing } = this.ground;
    if (timing.areFree(WAITS)) return true;
    for (let index = 0; index < WAITS.length; index++) {
      if (timing.draw(WAITS[index]!, actor) !== ZERO) return false;
    }
    return true;
  }

  /**
   * What its containers do, where they come up all at once, without a look at anything but
   * themselves.
   */
  private plainBehavioursOf(pod: Pod): readonly Behaviour[] | undefined {
    // On the network of the host, others may have the port already.
    if (pod.spec.hostNetwork === true) return undefined;
    if (pod.spec.initContainers !== undefined || isInRow(pod)) return undefined;
    const behaviours = pod.spec.containers.map((it) => this.ground.behaviours.read(pod, it));
    for (const { ending } of behaviours) if (ending !== undefined) return undefined;
    const [first] = behaviours;
    const ports = behaviours.length === 1 ? first!.listen : behaviours.flatMap((it) => it.listen);
    return areApart(ports) ? behaviours : undefined;
  }
}

/** Whether it is up, and so it will stay until something happens. */
function isAtRest(container: ContainerRecord): boolean {
  const { role, process, probes, behaviour, restarts } = container;
  if (role !== 'main' || process?.state !== 'running' || !probes.every(isSteady)) return false;
  return behaviour !== undefined && restarts === 0 && isReady(container) && isLasting(behaviour);
}

/** Whether every tick of the probe succeeds, as far as anybody can tell now. */
function isSteady({ type, due, luck, outcome, result }: ProbeState): boolean {
  const succeeds = outcome === 'success' && result === 'success';
  return type !== 'startup' && due === undefined && luck === undefined && succeeds;
}

function isLike({ metadata, spec }: Pod, template: RestingTemplate): boolean {
  return (
    metadata.labels === template.labels &&
    metadata.namespace === template.namespace &&
    metadata.ownerReferences === template.owners &&
    spec.volumes === template.volumes &&
    spec.hostNetwork !== true &&
    spec.initContainers === undefined &&
    spec.readinessGates === undefined
  );
}

/** Whether its status says what that of any pod does which the scheduler has bound just now. */
function isStatusOfAll(status: PodStatus | undefined, now: Instant): boolean {
  if (status?.conditions?.length !== 1) return false;
  const condition = status.conditions[0]!;
  const { type, status: is, lastTransitionTime } = condition;
  const isBoundNow = type === 'PodScheduled' && is === 'True' && lastTransitionTime === now;
  // These three fields say all of it, and the phase and it all of the status.
  return isBoundNow && Object.keys(condition).length === 3 && Object.keys(status).length === 2;
}

/** Whether the next pod is created only when this one is ready. */
function isInRow({ metadata }: Pod): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === 'StatefulSet') === true;
}

/** Whether the scheduler has put it there: then all is known that says what runs in it. */
function isBound(status: PodStatus | undefined): boolean {
  return conditionOf(status?.conditions, 'PodScheduled')?.status === 'True';
}

/** Whether no two of them want the same port. */
function areApart(ports: readonly ListenSpec[]): boolean {
  if (ports.length < 2) return true;
  return new Set(ports.map(({ protocol, port }) => `${protocol}/${port}`)).size === ports.length;
}
