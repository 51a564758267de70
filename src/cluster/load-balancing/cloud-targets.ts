// The nodes behind a cloud's load balancer: the service controller names them, health checks
// decide which of them get new connections. Between two looks nothing is simulated: the look that
// will tip the balance is computed from period and phase.
// source: staging/src/k8s.io/cloud-provider/controllers/service/controller.go (stable node set);
// cloud-provider-gcp providers/gce/gce.go (health check parameters)

import type { Node } from '../../apiserver/kinds/node';
import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { isLeaving, PROXY_HEALTH_PORT } from '../../node/proxy/health-check';
import { Loop, tickAfter } from '../../timing';
import { CERTAIN, equalRatio, formatRatio } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import { later, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import type { ObjectKey } from '../../values/kube-object';
import type { ChoiceGround, EdgeService, NodeChoice } from './edge';
import { turnByChance } from './looks-by-chance';

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** As traces name who takes packets from outside, and looks after the nodes. */
export const CLOUD = 'cloud load balancer';

/** As the journal names the health checker. */
const ACTOR = 'cloud-load-balancer';

const INTERVAL = 'cloud-load-balancer.healthCheckInterval';
const TIMEOUT = 'cloud-load-balancer.healthCheckTimeout';

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
  /** What the looks are left to where the line to the node loses packets. */
  luck: { readonly odds: string; readonly at: Instant; readonly turns: boolean } | undefined;
}

export class CloudTargets implements NodeChoice {
  private readonly ground: ChoiceGround;
  private readonly event: EventKind;
  private readonly chanceEvent: EventKind;
  private readonly targets = new Map<ObjectKey, Map<string, Target>>();
  /** The looks at each node. */
  private readonly loops = new Map<string, Loop>();

  constructor(ground: ChoiceGround) {
    this.ground = ground;
    const turn = (key: EventArgument, node: EventArgument): void =>
      this.turn(String(key), String(node));
    this.event = ground.kernel.declare(ACTOR, turn, { owner: ACTOR });
    const chance = (key: EventArgument, node: EventArgument): void =>
      this.turnByChance(String(key), String(node));
    // Chance never comes to rest: nobody waits for what it may still do.
    const options = { owner: ACTOR, background: true };
    this.chanceEvent = ground.kernel.declare(`${ACTOR}.chance`, chance, options);
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

  serviceChanged(_key: ObjectKey): void {
    this.nodeChanged(undefined);
  }

  networkChanged(isServing: boolean): void {
    if (isServing) this.nodeChanged(undefined);
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
      const nothing = { firstLook: undefined, turnsAt: undefined, luck: undefined };
      targets.set(node, { isHealthy, ...nothing });
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
    const odds = passes ? this.oddsOf(service, node) : CERTAIN;
    if (!equalRatio(odds, CERTAIN)) {
      this.lookByChance(service, node, target, odds);
      return;
    }
    target.luck = undefined;
    if (passes === target.isHealthy) {
      clear(target);
      return;
    }
    const { kernel, timing, network } = this.ground;
    const { period, phase } = this.ticksOf(node);
    const looks = passes ? HEALTHY_LOOKS : UNHEALTHY_LOOKS;
    const isPowered = network.machines.get(node)?.powered === true;
    const isSilent = !isPowered || !this.isHeard(service, node);
    const wait = timing.delay(TIMEOUT).least;
    target.firstLook ??= tickAfter({ phase, period }, kernel.now);
    const spent = ((looks - 1) * period + (isSilent ? wait : 0)) as Duration;
    const turnsAt = later(target.firstLook, spent);
    if (turnsAt === target.turnsAt) return;
    target.turnsAt = turnsAt;
    kernel.schedule(target.turnsAt, Phase.control, this.event, service.key, node, INTERVAL);
  }

  /** While the odds are the same, what was foreseen holds. */
  private lookByChance(service: EdgeService, node: string, target: Target, odds: Ratio): void {
    const { kernel, timing } = this.ground;
    const text = formatRatio(odds);
    if (target.luck?.odds === text && target.luck.at > kernel.now) return;
    clear(target);
    const { isHealthy } = target;
    const { period, phase } = this.ticksOf(node);
    const { at, turns } = turnByChance({
      seed: kernel.random.seed,
      name: `degrade.loss/${ACTOR}/${service.key}/${node}`,
      odds,
      isHealthy,
      first: tickAfter({ phase, period }, kernel.now),
      period,
      inARow: isHealthy ? UNHEALTHY_LOOKS : HEALTHY_LOOKS,
    });
    const wait = turns && isHealthy ? timing.delay(TIMEOUT).least : ZERO;
    target.luck = { odds: text, at: later(at, wait), turns };
    kernel.schedule(target.luck.at, Phase.control, this.chanceEvent, service.key, node, INTERVAL);
  }

  private turnByChance(key: ObjectKey, node: string): void {
    const target = this.targets.get(key)?.get(node);
    const { kernel } = this.ground;
    if (target?.luck?.at !== kernel.now) return;
    if (target.luck.turns) this.flip(key, node, target);
    this.nodeChanged(node);
  }

  private turn(key: ObjectKey, node: string): void {
    const target = this.targets.get(key)?.get(node);
    const { kernel } = this.ground;
    if (target === undefined || target.turnsAt !== kernel.now) return;
    clear(target);
    this.flip(key, node, target);
  }

  private flip(key: ObjectKey, node: string, target: Target): void {
    const { kernel } = this.ground;
    target.isHealthy = !target.isHealthy;
    const word = target.isHealthy ? 'healthy' : 'unhealthy';
    kernel.note(ACTOR, word, `Node/${node}`, `for Service/${key}`);
    this.ground.refresh(key);
  }

  private ticksOf(node: string): Looks {
    const known = this.loops.get(node);
    const loop = known ?? new Loop(this.ground.timing, INTERVAL, node);
    if (known === undefined) this.loops.set(node, loop);
    return loop.ticks;
  }

  /** Whether a look can be answered in time: it is a handshake, and a request over it. */
  private isHeard({ service }: Pick<EdgeService, 'service'>, node: string): boolean {
    const { network, timing } = this.ground;
    const port = healthPortOf(service);
    if (network.fabric.isPerfect) return true;
    if (!network.isLinkOpen(CLOUD, node, port)) return false;
    const { answered, roundTrip, odds } = network.callOverLink(CLOUD, node, port);
    const isInTime = roundTrip === 0 || 2 * roundTrip < timing.delay(TIMEOUT).least;
    return answered && (odds !== undefined || isInTime);
  }

  /** How likely it is, where the line loses packets. */
  private oddsOf({ service }: EdgeService, node: string): Ratio {
    const { network, timing } = this.ground;
    if (network.fabric.isPerfect) return CERTAIN;
    const { odds } = network.callOverLink(CLOUD, node, healthPortOf(service));
    const wait = timing.delay(TIMEOUT).least;
    return odds === undefined || wait === 0 ? CERTAIN : odds(2, wait);
  }

  /** What the next look would find: the Service's own port, or kube-proxy's. */
  private passes({ service }: EdgeService, node: string): boolean {
    const { network, proxies } = this.ground;
    if (network.machines.get(node)?.powered !== true) return false;
    const port = healthPortOf(service);
    if (!this.isHeard({ service }, node)) return false;
    return proxies.health(node, port, '/healthz')?.status === 200;
  }
}

/** Looks of one node: how often, and when. */
interface Looks {
  readonly period: Duration;
  readonly phase: Duration;
}

/** Nothing to be expected of it. */
function clear(target: Target): void {
  target.firstLook = undefined;
  target.turnsAt = undefined;
  target.luck = undefined;
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
