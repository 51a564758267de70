// The nodes behind a cloud's load balancer: the service controller names them, health checks
// decide which of them get new connections. Between two looks nothing is simulated: the look that
// will tip the balance is computed from period and phase.
// source: staging/src/k8s.io/cloud-provider/controllers/service/controller.go (stable node set);
// cloud-provider-gcp providers/gce/gce.go (health check parameters)

import type { Node } from '../apiserver/kinds/node';
import { tickAfter } from '../controllers/ticks';
import type { EventArgument, EventKind } from '../kernel/event-queue';
import { Phase } from '../kernel/phase';
import { isLeaving, PROXY_HEALTH_PORT } from '../node/proxy/health-check';
import { later } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { ObjectKey } from '../values/kube-object';
import type { ChoiceGround, EdgeService, NodeChoice } from './edge';

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** As traces name who takes packets from outside, and looks after the nodes. */
export const CLOUD = 'cloud load balancer';

/** As the journal names the health checker. */
const ACTOR = 'cloud-load-balancer';

/** Looks in a row that turn a target's state. source: cloud-provider-gcp providers/gce/gce.go */
const UNHEALTHY_LOOKS = 3;
const HEALTHY_LOOKS = 1;

/** What the load balancer believes of one node, for one Service. */
interface Target {
  isHealthy: boolean;
  /** The first look that finds it otherwise. */
  firstLook: Instant | undefined;
  /** When it will believe otherwise, if nothing changes until then. */
  turnsAt: Instant | undefined;
}

export class CloudTargets implements NodeChoice {
  private readonly ground: ChoiceGround;
  private readonly event: EventKind;
  private readonly targets = new Map<ObjectKey, Map<string, Target>>();

  constructor(ground: ChoiceGround) {
    this.ground = ground;
    const turn = (key: EventArgument, node: EventArgument): void =>
      this.turn(String(key), String(node));
    this.event = ground.kernel.declare(ACTOR, turn, { owner: ACTOR });
  }

  choose(service: EdgeService): { nodes: string[]; absence: string } {
    const targets = this.targetsOf(service);
    const nodes = [...targets].filter(([, { isHealthy }]) => isHealthy).map(([node]) => node);
    const absence = targets.size === 0 ? 'it has no node' : 'no node passes its health check';
    return { nodes, absence };
  }

  nodeChanged(node: string | undefined): void {
    for (const service of this.ground.services()) {
      const targets = this.targetsOf(service);
      for (const [name, target] of targets) {
        if (node === undefined || node === name) this.look(service, name, target);
      }
    }
    this.ground.refresh();
  }

  forget(key: ObjectKey): void {
    this.targets.delete(key);
  }

  settle(): void {
    for (const service of this.ground.services()) {
      for (const [node, target] of this.targetsOf(service)) {
        target.isHealthy = this.passes(service, node);
        clear(target);
      }
    }
  }

  /** The nodes of the load balancer. A new one is looked at before it is taken in. */
  private targetsOf(service: EdgeService): Map<string, Target> {
    const targets = this.targets.get(service.key) ?? new Map<string, Target>();
    this.targets.set(service.key, targets);
    const wanted = new Set(this.wantedNodes());
    for (const node of targets.keys()) if (!wanted.has(node)) targets.delete(node);
    for (const node of wanted) {
      if (targets.has(node)) continue;
      const isHealthy = this.passes(service, node);
      targets.set(node, { isHealthy, firstLook: undefined, turnsAt: undefined });
    }
    return targets;
  }

  /** A node that is not ready stays: taking it out is the health check's business. */
  private wantedNodes(): string[] {
    const nodes = [...this.ground.nodes()].filter((node) => !isExcluded(node));
    const names = nodes.map(({ metadata }) => metadata.name);
    return names.filter((name) => this.ground.network.machines.has(name));
  }

  /** Foresees when the looks to come will turn the target's state. */
  private look(service: EdgeService, node: string, target: Target): void {
    const passes = this.passes(service, node);
    if (passes === target.isHealthy) {
      clear(target);
      return;
    }
    const { kernel, timing } = this.ground;
    const interval = 'cloud-load-balancer.healthCheckInterval';
    const period = timing.delay(interval).least;
    const phase = timing.phase(interval, node);
    const looks = passes ? HEALTHY_LOOKS : UNHEALTHY_LOOKS;
    const { network } = this.ground;
    const isPowered = network.machines.get(node)?.powered === true;
    const isSilent = !isPowered || !network.isLinkOpen(CLOUD, node, healthPortOf(service.service));
    const wait = timing.delay('cloud-load-balancer.healthCheckTimeout').least;
    target.firstLook ??= tickAfter({ phase, period }, kernel.now);
    const spent = ((looks - 1) * period + (isSilent ? wait : 0)) as Duration;
    const turnsAt = later(target.firstLook, spent);
    if (turnsAt === target.turnsAt) return;
    target.turnsAt = turnsAt;
    kernel.schedule(target.turnsAt, Phase.control, this.event, service.key, node, interval);
  }

  private turn(key: ObjectKey, node: string): void {
    const target = this.targets.get(key)?.get(node);
    const { kernel } = this.ground;
    if (target === undefined || target.turnsAt !== kernel.now) return;
    clear(target);
    target.isHealthy = !target.isHealthy;
    const word = target.isHealthy ? 'healthy' : 'unhealthy';
    kernel.note(ACTOR, word, `Node/${node}`, `for Service/${key}`);
    this.ground.refresh(key);
  }

  /** What the next look would find: the Service's own port, or kube-proxy's. */
  private passes({ service }: EdgeService, node: string): boolean {
    const { network, proxies } = this.ground;
    if (network.machines.get(node)?.powered !== true) return false;
    const port = healthPortOf(service);
    if (!network.isLinkOpen(CLOUD, node, port)) return false;
    return proxies.health(node, port, '/healthz')?.status === 200;
  }
}

/** Nothing to be expected of it. */
function clear(target: Target): void {
  target.firstLook = undefined;
  target.turnsAt = undefined;
}

function isExcluded(node: Node): boolean {
  return node.metadata.labels?.[EXCLUDED] !== undefined || isLeaving(node);
}

/** The Service's own port where only some nodes take its packets, else kube-proxy's. */
function healthPortOf({ spec }: EdgeService['service']): number {
  const { externalTrafficPolicy, healthCheckNodePort } = spec;
  const isLocal = externalTrafficPolicy === 'Local' && healthCheckNodePort !== undefined;
  return isLocal ? healthCheckNodePort : PROXY_HEALTH_PORT;
}
