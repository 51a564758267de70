// The API servers and etcd members of the cluster, one of each on every host of the control plane:
// whom their clients reach, and which of them the kubernetes Service names.
// source: pkg/controlplane/reconcilers/lease.go (leaseEndpointReconciler)

import type { ApiServer } from '../../apiserver/api-server';
import type { Cut } from '../../apiserver/connections';
import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import type { Daemon, Machine } from '../../node/machine';
import { Loop, tickAt, tickBefore } from '../../timing';
import type { Ticks, Timing, TimerName } from '../../timing';
import { later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import type { ControlPlaneHost } from './control-plane-hosts';

export interface MembersGround {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly hosts: readonly ControlPlaneHost[];
  machineOf(host: string): Machine;
  /** Clients that call the API server of their own host: they have no other. */
  localClients(host: string): readonly string[];
  /** Whom the processes of the hosts reach has changed. */
  changed(): void;
}

type State = 'up' | 'frozen' | 'down';

const TTL: TimerName = 'apiserver.endpointReconciler.leaseTTL';
const INTERVAL: TimerName = 'apiserver.endpointReconciler.interval';
const DAEMON = 'kube-apiserver';
/** The cut by which a server that is not there shows itself. */
const CUTS: Readonly<Record<Exclude<State, 'up'>, Cut>> = { frozen: 'silent', down: 'refused' };

export class ApiMembers {
  private readonly ground: MembersGround;
  private readonly servers = new Map<string, State>();
  private readonly stores = new Map<string, State>();
  /** Hosts whose servers the kubernetes Service does not name any more. */
  private readonly forgotten = new Set<string>();
  private readonly daemons = new Map<string, Daemon>();
  /** Grows with every death and return of a server, by host. */
  private readonly lives = new Map<string, number>();
  /** The rhythm in which each server renews its lease; a new process has a new one. */
  private readonly loops = new Map<string, Loop>();
  private readonly expiredEvent: EventKind;
  private readonly distrustEvent: EventKind;

  constructor(ground: MembersGround) {
    this.ground = ground;
    const { kernel, hosts } = ground;
    for (const { name } of hosts) {
      this.servers.set(name, 'up');
      this.stores.set(name, 'up');
      this.lives.set(name, 0);
      this.loops.set(name, new Loop(ground.timing, INTERVAL, name));
    }
    const ifStill =
      (act: (host: string) => void) => (host: string | number, life: string | number) => {
        if (this.lives.get(String(host)) === life) act(String(host));
      };
    this.expiredEvent = kernel.declare(
      'apiserver.leaseExpired',
      ifStill((host) => {
        this.forgotten.add(host);
        this.writeEndpoints();
      }),
    );
    this.distrustEvent = kernel.declare(
      'apiserver.memberDistrusted',
      ifStill((host) => this.moveClients(host)),
    );
  }

  isUp(host: string): boolean {
    return this.servers.get(host) === 'up';
  }

  isAlive(host: string): boolean {
    return this.servers.get(host) !== 'down';
  }

  isStoreAlive(host: string): boolean {
    return this.stores.get(host) !== 'down';
  }

  /** Whether a process of the host gets its requests done. */
  serves(host: string): boolean {
    return this.isUp(host) && this.hasQuorum;
  }

  /** A majority of the members of etcd is there: writes and reads succeed. */
  get hasQuorum(): boolean {
    const up = [...this.stores.values()].filter((state) => state === 'up').length;
    return up > this.stores.size / 2;
  }

  setStore(host: string, state: State): void {
    const { api, changed } = this.ground;
    this.stores.set(host, state);
    if (this.hasQuorum) api.mendAll('etcd');
    else api.severAll('etcd', 'failing');
    changed();
  }

  setServer(host: string, state: State): void {
    const before = this.servers.get(host)!;
    if (before === state) return;
    this.servers.set(host, state);
    this.lives.set(host, this.lives.get(host)! + 1);
    if (before === 'down') this.loops.set(host, new Loop(this.ground.timing, INTERVAL, host));
    this.setDaemon(host, state !== 'down');
    const { hosts, changed } = this.ground;
    if (hosts.length === 1) this.setOnly(state);
    else if (state === 'up') this.returned(host);
    else this.left(host, state);
    changed();
  }

  private setOnly(state: State): void {
    const { api } = this.ground;
    api.mendAll('apiserver');
    if (state !== 'up') api.severAll('apiserver', CUTS[state]);
  }

  private left(host: string, state: 'frozen' | 'down'): void {
    const { kernel, api, timing } = this.ground;
    const life = this.lives.get(host)!;
    const cut = CUTS[state];
    if (!this.isAnyUp) api.severAll('apiserver', cut);
    for (const client of this.clientsOf(host)) api.sever(client, host, cut);
    if (state === 'down') {
      this.moveClients(host);
    } else {
      // The balancer before the servers sends new connections elsewhere; old ones hang.
      const idle = timing.delay('client.http2ReadIdle').least;
      const ping = timing.delay('client.http2PingTimeout').least;
      const wait = (idle + ping) as Duration;
      const timer: TimerName = 'client.http2PingTimeout';
      kernel.after(wait, Phase.control, this.distrustEvent, host, life, timer);
    }
    const at = this.forgottenAt(host);
    if (at !== undefined) {
      kernel.schedule(at, Phase.control, this.expiredEvent, host, life, TTL);
    }
  }

  private returned(host: string): void {
    const { api } = this.ground;
    api.mendAll('apiserver');
    for (const client of this.clientsOf(host)) api.mend(client, host);
    if (this.forgotten.delete(host)) this.writeEndpoints();
  }

  /** Clients that came through the balancer reach another server with their next connection. */
  private moveClients(host: string): void {
    const local = new Set(this.ground.localClients(host));
    for (const client of this.clientsOf(host)) {
      if (!local.has(client)) this.ground.api.mend(client, host);
    }
  }

  /** Who is connected to the server of a host: its neighbours, and its share of all others. */
  clientsOf(host: string): readonly string[] {
    const { api, kernel, hosts, localClients } = this.ground;
    const all = hosts.map(({ name }) => localClients(name));
    const locals = new Set(all.flat());
    const index = hosts.findIndex(({ name }) => name === host);
    const balanced = api.clients().filter((actor) => {
      if (locals.has(actor)) return false;
      const stream = kernel.random.stream(`apiserver.member/${actor}`).fork();
      return stream.below(hosts.length) === index;
    });
    return [...localClients(host), ...balanced];
  }

  private get isAnyUp(): boolean {
    return [...this.servers.values()].includes('up');
  }

  /** When another server writes the endpoints after the lease of a dead one has expired. */
  private forgottenAt(host: string): Instant | undefined {
    const { timing, hosts, kernel } = this.ground;
    const ttl = timing.delay(TTL).least;
    const ticksOf = (name: string): Ticks => this.loops.get(name)!.ticks;
    const expires = later(tickBefore(ticksOf(host), kernel.now), ttl);
    const others = hosts.filter(({ name }) => name !== host && this.isUp(name));
    const looks = others.map(({ name }) => tickAt(ticksOf(name), expires));
    return looks.length === 0 ? undefined : looks.reduce((a, b) => (a < b ? a : b));
  }

  private writeEndpoints(): void {
    const { api, hosts, kernel } = this.ground;
    const writer = hosts.find(({ name }) => this.serves(name));
    if (writer === undefined) return;
    const listed = hosts.filter(({ name }) => !this.forgotten.has(name));
    const endpoints = listed.map(({ address }) => ({
      addresses: [address],
      conditions: { ready: true },
    }));
    const names = listed.map(({ name }) => name).join(', ');
    kernel.note('apiserver', 'reconciled', 'Service/default/kubernetes', names);
    api.submit({
      verb: 'patch',
      kind: 'EndpointSlice',
      key: 'default/kubernetes',
      patch: { endpoints },
      actor: 'apiserver',
      effect: listed.length < hosts.length ? 'loss' : 'gain',
    });
  }

  private setDaemon(host: string, isUp: boolean): void {
    const { daemons } = this.ground.machineOf(host);
    const daemon = daemons.get(DAEMON) ?? this.daemons.get(host);
    if (daemon === undefined) return;
    this.daemons.set(host, daemon);
    if (isUp) daemons.set(DAEMON, daemon);
    else daemons.delete(DAEMON);
  }
}
