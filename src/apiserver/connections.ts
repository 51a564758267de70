// The connections between the API server and its clients, as far as they can fail: what is lost
// while a client is cut off, when it notices, and how it comes back. Nothing here costs anything
// while all connections stand.
// source: staging/src/k8s.io/client-go/tools/cache/reflector.go, transport/cache.go;
// staging/src/k8s.io/apimachinery/pkg/util/net/http.go (configureHTTP2Transport)

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { TimerName, Timing } from '../timing';
import { between, later, ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { ApiRequest } from './api-server';
import type { Informer } from './informer';
import { Reflectors } from './reflectors';
import { retransmission } from './retransmission';

/**
 * How a client is cut off. `silent`: packets vanish, and nobody is told. `refused`: connections
 * are reset and new ones refused. `failing`: the server answers, and every request fails.
 */
export type Cut = 'silent' | 'refused' | 'failing';

/** In the order in which they outweigh each other. */
const CUTS: readonly Cut[] = ['silent', 'refused', 'failing'];

export interface ConnectionsGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly informers: readonly Informer[];
  /** A request that was waiting for its connection gets through now. */
  pass(request: ApiRequest): void;
  /** How long connecting takes now; undefined where the client gives up before. */
  handshake(actor: string): Duration | undefined;
}

/** What is known of a client that is, or was, cut off. */
export interface Client {
  readonly actor: string;
  readonly cuts: Map<string, Cut>;
  /** `stalled`: open as far as the client knows. `lost`: it knows that it has none. */
  state: 'open' | 'stalled' | 'lost';
  /** Grows with every change of state; what was planned before is void. */
  epoch: number;
  /** When the first packet since the cut was lost; undefined while nobody has sent any. */
  lostAt: Instant | undefined;
  /** When the attempt to connect began that is under way. */
  dialledAt: Instant | undefined;
  /** The journal entry that took the last cut back, -1 for none. */
  freedBy: number;
  /** Requests that wait for the connection, in order. */
  readonly requests: ApiRequest[];
}

export class Connections {
  private readonly ground: ConnectionsGround;
  private readonly reflectors: Reflectors;
  private readonly clients = new Map<string, Client>();
  /** Cuts that hold for every client. */
  private readonly everyone = new Map<string, Cut>();
  private readonly pathListeners: ((actor: string, isOpen: boolean) => void)[] = [];
  private readonly deadEvent: EventKind;
  private readonly resumeEvent: EventKind;
  private readonly dialEvent: EventKind;

  constructor(ground: ConnectionsGround) {
    this.ground = ground;
    const { kernel } = ground;
    this.reflectors = new Reflectors(ground, {
      connect: (actor) => this.connect(this.client(actor)),
      isFree: (actor) => this.cutOf(actor) === undefined,
    });
    const declare = (name: string, act: (client: Client) => void): EventKind =>
      kernel.declare(
        name,
        (actor, epoch) => {
          const client = this.clients.get(String(actor));
          if (client !== undefined && client.epoch === epoch) act(client);
        },
        { owner: (actor) => String(actor) },
      );
    this.deadEvent = declare('client.connectionDead', (it) => this.lose(it.actor));
    this.resumeEvent = declare('client.resume', (it) => this.resume(it));
    this.dialEvent = declare('client.dialled', (it) => this.dialled(it));
  }

  sever(actor: string, token: string, cut: Cut): void {
    const client = this.clients.get(actor) ?? this.add(actor, 'open');
    const wasOpen = client.cuts.size === 0;
    client.cuts.set(token, cut);
    this.byItself(() => {
      if (wasOpen) this.tell(actor, false);
      this.apply(client);
    });
  }

  mend(actor: string, token: string): void {
    const client = this.clients.get(actor);
    if (client?.cuts.delete(token) !== true || client.cuts.size > 0) return;
    client.freedBy = this.ground.kernel.cause;
    this.byItself(() => {
      this.tell(actor, true);
      if (client.state === 'stalled') this.planResume(client);
      else if (client.dialledAt !== undefined) this.planDial(client);
      else if (client.state === 'lost') this.reflectors.hasten(actor);
    });
  }

  /** What befalls one client is no cause of what befalls the next one at the same instant. */
  private byItself(act: () => void): void {
    const { kernel } = this.ground;
    const { cause, timer } = kernel;
    act();
    kernel.because(cause, timer);
  }

  severAll(token: string, cut: Cut): void {
    this.everyone.set(token, cut);
    const actors = this.ground.informers.map(({ options }) => options.owner);
    for (const actor of new Set([...actors, ...this.clients.keys()])) {
      this.sever(actor, token, cut);
    }
  }

  mendAll(token: string): void {
    this.everyone.delete(token);
    for (const actor of this.clients.keys()) this.mend(actor, token);
  }

  cutOf(actor: string): Cut | undefined {
    const cuts = [...(this.clients.get(actor)?.cuts ?? this.everyone).values()];
    return CUTS.find((cut) => cuts.includes(cut));
  }

  onPath(listener: (actor: string, isOpen: boolean) => void): void {
    this.pathListeners.push(listener);
  }

  onView(listener: (actor: string, isCurrent: boolean) => void): void {
    this.reflectors.onView(listener);
  }

  /** Whether a request gets through now. If not, its client is told when it has failed. */
  carries(request: ApiRequest): boolean {
    if (this.clients.size === 0 && this.everyone.size === 0) return true;
    const { actor } = request;
    const cut = this.cutOf(actor);
    if (cut === undefined && (this.clients.get(actor)?.state ?? 'open') === 'open') return true;
    const client = this.client(actor);
    if (cut === 'failing') {
      this.fail(request);
      return false;
    }
    client.requests.push(request);
    if (client.state === 'stalled') client.lostAt ??= this.ground.kernel.now;
    else this.connect(client);
    return false;
  }

  /** Whether somebody has a connection that is dead, and does not know yet. */
  get hasStalled(): boolean {
    for (const { state } of this.clients.values()) if (state === 'stalled') return true;
    return false;
  }

  /** A change that an informer would have been told of; its packet is lost on a silent path. */
  missed({ options }: Informer): void {
    const client = this.clients.get(options.owner);
    if (client?.state === 'stalled') client.lostAt ??= this.ground.kernel.now;
  }

  /** The process of the client is a new one: it begins with a first attempt for each watch. */
  renew(actor: string): void {
    if (!this.clients.has(actor)) return;
    if (this.client(actor).state === 'stalled') this.lose(actor);
    this.reflectors.restart(actor);
  }

  /**
   * The watches of a client end, and what they had seen is too old to go on from: it lists anew
   * after its back-off. Returns false for a client that has no watch now.
   */
  endWatches(actor: string): boolean {
    const own = this.ground.informers.filter(({ options }) => options.owner === actor);
    if (own.length > 0 && own.every(({ isStopped }) => isStopped)) return false;
    if (this.client(actor).state !== 'open') return false;
    this.reflectors.broken(actor);
    return true;
  }

  /** Somebody begins to watch; while nobody reaches the server, that has to wait. */
  joined(actor: string): void {
    if (this.everyone.size === 0 && !this.clients.has(actor)) return;
    const { state } = this.client(actor);
    if (state === 'lost') this.reflectors.broken(actor);
    if (state === 'stalled') this.reflectors.stalled(actor);
  }

  /** The client's connections are gone, and it knows. */
  lose(actor: string): void {
    const client = this.client(actor);
    if (client.state === 'lost') return;
    this.move(client, 'lost');
    this.note(actor, 'lost');
    for (const request of client.requests.splice(0)) this.fail(request);
    this.reflectors.broken(actor);
  }

  private client(actor: string): Client {
    const known = this.clients.get(actor);
    if (known !== undefined) return known;
    // Who has never been heard of has no connection that could stall.
    const client = this.add(actor, this.everyone.size > 0 ? 'lost' : 'open');
    for (const [token, cut] of this.everyone) client.cuts.set(token, cut);
    return client;
  }

  private add(actor: string, state: Client['state']): Client {
    const nothing = { epoch: 0, lostAt: undefined, dialledAt: undefined, freedBy: -1 };
    const client: Client = { actor, cuts: new Map(), state, ...nothing, requests: [] };
    this.clients.set(actor, client);
    return client;
  }

  /** What a new cut does to a connection that stands. */
  private apply(client: Client): void {
    const { kernel, timing } = this.ground;
    const { actor } = client;
    const cut = this.cutOf(actor);
    if (cut === 'refused') {
      if (client.dialledAt !== undefined) this.dialFailed(client);
      this.lose(actor);
      return;
    }
    if (cut !== 'silent' || client.state !== 'open') return;
    this.move(client, 'stalled');
    this.reflectors.stalled(actor);
    const idle = timing.delay('client.http2ReadIdle').least;
    const ping = timing.delay('client.http2PingTimeout').least;
    // A client that hears nothing asks every `idle`; the cut falls anywhere between two answers.
    const { profile } = timing;
    const random = kernel.random.stream(`client.http2ReadIdle/${actor}`);
    const heard = profile === 'default' && idle > 0 ? random.below(idle) : 0;
    const since = profile === 'best' ? idle : heard;
    const at = later(kernel.now, (idle - since + ping) as Duration);
    const timer: TimerName = 'client.http2PingTimeout';
    kernel.schedule(at, Phase.agent, this.deadEvent, actor, client.epoch, timer);
  }

  private move(client: Client, state: Client['state']): void {
    client.state = state;
    client.epoch++;
    client.lostAt = undefined;
    client.dialledAt = undefined;
  }

  /** The path is free: what was lost is sent again when its turn comes. */
  private planResume(client: Client): void {
    const { kernel, timing } = this.ground;
    const { actor, epoch, lostAt } = client;
    if (lostAt === undefined) {
      this.resume(client);
      return;
    }
    const first = timing.delay('client.tcpRetransmission').least;
    const at = retransmission(lostAt, first, kernel.now);
    const timer: TimerName = 'client.tcpRetransmission';
    kernel.schedule(at, Phase.agent, this.resumeEvent, actor, epoch, timer);
  }

  private resume(client: Client): void {
    if (client.cuts.size > 0) return;
    this.ground.kernel.needed(client.freedBy);
    this.move(client, 'open');
    for (const request of client.requests.splice(0)) this.ground.pass(request);
    this.reflectors.resumed(client.actor);
  }

  /** Opens a connection, unless one stands or an attempt is under way. Returns whether one does. */
  private connect(client: Client): boolean {
    const { kernel, timing } = this.ground;
    const { actor } = client;
    // It is not the last failure that lets an attempt succeed, but the end of what was in its way.
    if (client.state === 'open') kernel.needed(client.freedBy);
    if (client.state !== 'lost') return client.state === 'open';
    const cut = this.cutOf(actor);
    if (cut !== undefined && cut !== 'silent') {
      this.dialFailed(client);
      return false;
    }
    const took = cut === undefined ? this.ground.handshake(actor) : undefined;
    // Every request dials for itself: one that meets a good line need not wait for an earlier SYN.
    if (took === 0) {
      this.connected(client);
      return true;
    }
    if (client.dialledAt !== undefined) return false;
    client.dialledAt = kernel.now;
    const wait = took ?? timing.delay('client.dialTimeout').least;
    const timer: TimerName = took === undefined ? 'client.dialTimeout' : 'client.synRetransmission';
    kernel.after(wait, Phase.agent, this.dialEvent, actor, client.epoch, timer);
    return false;
  }

  /** What the network does to a client has changed: one that dials sends its SYN again. */
  lineChanged(actor: string): void {
    const client = this.clients.get(actor);
    if (client === undefined || client.dialledAt === undefined || client.cuts.size > 0) return;
    client.freedBy = this.ground.kernel.cause;
    this.planDial(client);
  }

  /** The path is free while the client dials: its next SYN gets through, if one is left. */
  private planDial(client: Client): void {
    const { kernel, timing } = this.ground;
    const { actor, dialledAt } = client;
    const first = timing.delay('client.synRetransmission').least;
    const at = retransmission(dialledAt!, first, kernel.now);
    const limit = timing.delay('client.dialTimeout').least;
    if (between(dialledAt!, at) >= limit) return;
    const timer: TimerName = 'client.synRetransmission';
    kernel.schedule(at, Phase.agent, this.dialEvent, actor, client.epoch, timer);
  }

  private dialled(client: Client): void {
    const { kernel, timing } = this.ground;
    if (client.dialledAt === undefined) return;
    const limit = timing.delay('client.dialTimeout').least;
    const isOver = between(client.dialledAt, kernel.now) >= limit;
    if (client.cuts.size === 0 && !isOver) this.connected(client);
    else if (isOver) this.dialFailed(client);
  }

  private dialFailed(client: Client): void {
    client.dialledAt = undefined;
    client.epoch++;
    for (const request of client.requests.splice(0)) this.fail(request);
    this.reflectors.refused(client.actor);
  }

  private connected(client: Client): void {
    this.ground.kernel.needed(client.freedBy);
    this.move(client, 'open');
    this.note(client.actor, 'opened');
    for (const request of client.requests.splice(0)) this.ground.pass(request);
    this.reflectors.connected(client.actor);
  }

  private fail({ actor, verb, kind, key, answer, lost }: ApiRequest): void {
    const { kernel } = this.ground;
    const target = answer ?? lost;
    if (target !== undefined) {
      kernel.after(ZERO, Phase.control, target.kind, target.a, 'unreachable');
      return;
    }
    kernel.note(actor, 'failed', `${kind}/${key}`, `${verb}: the API server cannot be reached`);
  }

  /** A process that does not listen at all has nothing to say. */
  private note(actor: string, action: 'lost' | 'opened'): void {
    const { informers, kernel } = this.ground;
    const own = informers.filter(({ options }) => options.owner === actor);
    if (own.length > 0 && own.every(({ isStopped }) => isStopped)) return;
    kernel.note(actor, action, 'connection', 'to the API server');
  }

  private tell(actor: string, isOpen: boolean): void {
    for (const listener of this.pathListeners) listener(actor, isOpen);
  }
}
