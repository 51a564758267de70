// Renewals of leases over a line that loses packets: each of them is drawn, try by try. Without
// such a line nothing here happens, and no renewal is an event.
// source: component-helpers/apimachinery/lease/controller.go (sync, retryUpdateLease,
// backoffEnsureLease); cmd/kubelet/app/server.go (the timeout of heartbeats; closeAllConns, under
// DISABLE_HTTP2); Linux net/ipv4/tcp_timer.c (when a segment and a SYN are sent again)

import type { Lag } from '../../apiserver/lags';
import { drawArrival, drawHandshake } from '../../apiserver/segment-losses';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { Stream } from '../../kernel/random';
import { between, later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent } from './kubelet-state';
import { DISTRUST, leaseReturn, patienceOf, RETRIES } from './lease-return';

/** The renewal that is under way. */
interface Renewal {
  readonly firstTry: Instant;
  /** Tries so far. */
  count: number;
  /** When what was sent first over the connection arrives; what follows waits for it. */
  arrivesAt: Instant | undefined;
  /** When the line is good again, the rest is no matter of luck. */
  mended: boolean;
}

export interface LossyRenewalsHooks {
  /** Whether the node renews: its kubelet runs and reaches the API server. */
  isBeating(agent: NodeAgent): boolean;
  /** The renewal that is due does not arrive at once; `lastRenewal` is what the server has. */
  late(agent: NodeAgent, firstTry: Instant, lastRenewal: Instant): void;
  /** The late renewal has arrived. */
  arrived(agent: NodeAgent): void;
}

export class LossyRenewals {
  private readonly ground: KubeletGround;
  private readonly hooks: LossyRenewalsHooks;
  /** By node, when the API server has heard of it last; for those on lossy lines. */
  private readonly heardAt = new Map<string, Instant>();
  private readonly underWay = new Map<string, Renewal>();
  private readonly dueEvent: EventKind;
  private readonly tryEvent: EventKind;
  private readonly arrivedEvent: EventKind;

  constructor(ground: KubeletGround, hooks: LossyRenewalsHooks) {
    this.ground = ground;
    this.hooks = hooks;
    const { kernel, api, state } = ground;
    const owner = (node: string | number): string => `kubelet@${node}`;
    const declare = (
      name: string,
      act: (agent: NodeAgent, since: Instant) => void,
      quiet: boolean,
    ) =>
      kernel.declare(
        name,
        (node, since) => act(state.agents.get(String(node))!, Number(since) as Instant),
        {
          owner,
          background: quiet,
        },
      );
    this.dueEvent = declare('kubelet.lossyRenewalDue', (agent, at) => this.due(agent, at), true);
    this.tryEvent = declare('kubelet.lossyTry', (agent, at) => this.attempt(agent, at), true);
    this.arrivedEvent = declare(
      'kubelet.lossyArrival',
      (agent, at) => this.arrive(agent, at),
      false,
    );
    api.lags.onChange((actor) => {
      const agent = state.agents.get(actor.replace(/^kubelet@/, ''));
      if (agent?.actor === actor) this.lineChanged(agent);
    });
  }

  /** The renewals of the node begin, or go on: over a lossy line each is drawn from now on. */
  watch(agent: NodeAgent): void {
    const { kernel, api } = this.ground;
    const { node, ticks, startedAt } = agent;
    if (api.lags.at(agent.actor)?.chances === undefined || this.heardAt.has(node)) return;
    const last = ticks.lastRenewal(startedAt, kernel.now);
    this.heardAt.set(node, last);
    this.schedule(agent, ticks.nextRenewal(last, kernel.now), this.dueEvent, last);
  }

  /** They end: the process dies, or its path is cut. */
  forget({ node }: NodeAgent): void {
    this.heardAt.delete(node);
    this.underWay.delete(node);
  }

  private lineChanged(agent: NodeAgent): void {
    const { kernel, api, timing } = this.ground;
    if (api.lags.at(agent.actor)?.chances !== undefined) {
      if (this.hooks.isBeating(agent)) this.watch(agent);
      return;
    }
    const renewal = this.underWay.get(agent.node);
    if (renewal === undefined) {
      this.heardAt.delete(agent.node);
      return;
    }
    // What is lost so far is sent again when its turn comes, and gets through.
    renewal.mended = true;
    const { actor } = agent;
    const outage = { actor, cut: 'silent', firstTry: renewal.firstTry } as const;
    const { at, timer } = leaseReturn(outage, kernel.now, timing);
    this.schedule(agent, at, this.arrivedEvent, renewal.firstTry, timer);
  }

  private due(agent: NodeAgent, heardAt: Instant): void {
    const { node } = agent;
    if (this.heardAt.get(node) !== heardAt || !this.hooks.isBeating(agent)) return;
    // A line that was good in between has one renewal fall due twice.
    if (this.underWay.has(node)) return;
    const firstTry = this.ground.kernel.now;
    this.underWay.set(node, { firstTry, count: 0, arrivesAt: undefined, mended: false });
    this.attempt(agent, firstTry);
  }

  /** One try: it arrives within the client's patience, or the next one follows. */
  private attempt(agent: NodeAgent, firstTry: Instant): void {
    const { kernel, api, timing } = this.ground;
    const renewal = this.underWay.get(agent.node);
    const line = api.lags.at(agent.actor);
    if (renewal?.firstTry !== firstTry || renewal.mended || line === undefined) return;
    const stream = kernel.random.stream(`degrade.loss/lease/${agent.actor}`);
    const timeout = patienceOf(agent.actor, timing);
    const isOld = renewal.count < DISTRUST;
    const arrival = isOld
      ? this.overOld(renewal, line, stream)
      : this.overNew(line, stream, timeout);
    if (renewal.count === DISTRUST) api.reconnect(agent.actor);
    const isInTime =
      arrival !== undefined && (timeout === 0 || between(kernel.now, arrival) < timeout);
    if (isInTime && arrival === kernel.now && renewal.count === 0) {
      this.heard(agent);
      return;
    }
    if (renewal.count === 0)
      this.hooks.late(agent, renewal.firstTry, this.heardAt.get(agent.node)!);
    if (isInTime) {
      const timer = isOld ? 'client.tcpRetransmission' : 'client.synRetransmission';
      this.schedule(agent, arrival, this.arrivedEvent, firstTry, timer);
      return;
    }
    renewal.count++;
    const wait = (timeout + this.sleepAfter(renewal.count)) as Duration;
    const timer = 'kubelet.leaseRequestTimeout';
    this.schedule(agent, later(kernel.now, wait), this.tryEvent, firstTry, timer);
  }

  /** Over the connection that stands: behind what was sent before. */
  private overOld(renewal: Renewal, line: Lag, stream: Stream): Instant | undefined {
    const { kernel, timing } = this.ground;
    const first = timing.delay('client.tcpRetransmission').least + line.there + line.back;
    const arrivals = line.chances?.there ?? [];
    // A line that lets nothing through would have it sent for ever.
    const after = drawArrival(arrivals, first as Duration, stream, LONGEST);
    const own = after === undefined ? undefined : later(kernel.now, after);
    if (renewal.count === 0) renewal.arrivesAt = own;
    const { arrivesAt } = renewal;
    if (own === undefined || arrivesAt === undefined) return undefined;
    return own > arrivesAt ? own : arrivesAt;
  }

  /** Over a new one: a SYN and its answer first, then the request. */
  private overNew(line: Lag, stream: Stream, timeout: Duration): Instant | undefined {
    const { kernel, timing } = this.ground;
    const { chances } = line;
    if (chances === undefined) return kernel.now;
    const syn = timing.delay('client.synRetransmission').least;
    const connected = drawHandshake(chances, syn, stream, Math.max(timeout, 1));
    if (connected === undefined) return undefined;
    const rto = (timing.delay('client.tcpRetransmission').least +
      line.there +
      line.back) as Duration;
    const request = drawArrival(chances.there, rto, stream, Math.max(timeout, 1));
    if (request === undefined) return undefined;
    return later(kernel.now, (connected + request) as Duration);
  }

  /** After five tries the kubelet asks for its lease, with longer and longer pauses. */
  private sleepAfter(count: number): number {
    if (count < RETRIES) return 0;
    const { timing } = this.ground;
    const most = timing.delay('kubelet.leaseBackoffMax').least;
    const first = timing.delay('kubelet.leaseBackoff').least;
    return Math.max(Math.min(first * 2 ** (count - RETRIES + 1), most), 1);
  }

  private arrive(agent: NodeAgent, firstTry: Instant): void {
    if (this.underWay.get(agent.node)?.firstTry !== firstTry) return;
    this.heard(agent);
    this.hooks.arrived(agent);
  }

  /** The API server has it; the next one follows in its time, if that is a matter of luck. */
  private heard(agent: NodeAgent): void {
    const { kernel, api } = this.ground;
    const { now } = kernel;
    this.underWay.delete(agent.node);
    this.heardAt.delete(agent.node);
    if (api.lags.at(agent.actor)?.chances === undefined) return;
    this.heardAt.set(agent.node, now);
    this.schedule(agent, agent.ticks.nextRenewal(now, now), this.dueEvent, now);
  }

  private schedule(
    { node }: NodeAgent,
    at: Instant,
    kind: EventKind,
    since: Instant,
    timer = 'kubelet.leaseRenewInterval',
  ): void {
    this.ground.kernel.schedule(at, Phase.agent, kind, node, since, timer);
  }
}

/** Nothing that a client waits for takes longer than this. */
const LONGEST = 600_000_000;
