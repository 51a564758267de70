// Who of the clients on the nodes reaches the API server over the network as it is now. The
// control plane's own clients are on its host and always do.

import type { ApiServer } from '../apiserver/api-server';
import type { Lag } from '../apiserver/lags';
import { CONTROL_PLANE, hostName, lineOf } from '../network/index';
import type { Between, Network, Sighting } from '../network/index';
import { arrivalsOver, later } from '../values/arrivals';
import type { Arrival, Line } from '../values/arrivals';
import type { ClusterSpec } from '../values/cluster-spec';
import type { Disposition } from '../values/disposition';
import type { Origin } from '../values/origin';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Trace } from '../values/trace';

/** A client of the API server, and where its packets start. */
export interface ApiClient {
  /** As its informers and requests are known: `kubelet@worker-1`. */
  readonly actor: string;
  readonly origin: Origin;
}

export interface ApiPathsContext {
  readonly spec: ClusterSpec;
  readonly api: ApiServer;
  readonly network: Network;
  /** Those that run in pods: CoreDNS. */
  readonly podClients: () => readonly ApiClient[];
}

/** What a client meets on its way. */
interface Path {
  readonly cut: 'silent' | 'refused' | undefined;
  /** What its packets wait on their way there, and on their way back. */
  readonly there: Duration;
  readonly back: Duration;
  /** The bad links of both ways. */
  readonly lines: readonly Line[];
}

const OPEN: Path = { cut: undefined, there: ZERO, back: ZERO, lines: [] };

/** Whose cut it is, as the API server counts them. */
const TOKEN = 'network';

const API_PORT = 6_443;

/** The fates by which a packet tells that something on the network is in its way. */
const STOPPED: ReadonlySet<Disposition> = new Set([
  'partitioned',
  'link-loss',
  'rejected',
  'answer-lost',
]);

export class ApiPaths {
  private readonly context: ApiPathsContext;
  private readonly paths = new Map<string, Path>();

  constructor(context: ApiPathsContext) {
    this.context = context;
  }

  /** Something on the network has changed: tells the API server whom it reaches, and how fast. */
  refresh(): void {
    const { network } = this.context;
    if (network.fabric.isPerfect && this.paths.size === 0) return;
    const clients = this.clients();
    const present = new Set(clients.map(({ actor }) => actor));
    for (const actor of this.paths.keys()) if (!present.has(actor)) this.follow(actor, OPEN);
    for (const client of clients) this.follow(client.actor, this.pathOf(client));
  }

  /** Whether a client of the API server is cut off by the network. */
  isCut(actor: string): boolean {
    return this.paths.get(actor)?.cut !== undefined;
  }

  private follow(actor: string, path: Path): void {
    const { api } = this.context;
    const known = this.paths.get(actor) ?? OPEN;
    const lag = lagOn(path);
    if (JSON.stringify(lag) !== JSON.stringify(lagOn(known))) api.lags.set(actor, lag);
    if (path.cut !== known.cut) {
      if (path.cut === undefined) api.mend(actor, TOKEN);
      else api.sever(actor, TOKEN, path.cut);
    }
    const isPlain = path.there === 0 && path.back === 0 && lag.chances === undefined;
    const isOpen = path.cut === undefined && isPlain;
    if (isOpen) this.paths.delete(actor);
    else this.paths.set(actor, path);
  }

  private clients(): readonly ApiClient[] {
    const { spec, network, podClients } = this.context;
    const agent = network.plugin.policy?.(spec.cni.options)?.agent;
    const agents = ['kubelet', 'kube-proxy', ...(agent === undefined ? [] : [agent])];
    const own = spec.nodes
      .filter(({ name }) => name !== CONTROL_PLANE)
      .flatMap(({ name }) =>
        agents.map((it) => ({ actor: `${it}@${name}`, origin: { node: name } })),
      );
    return [...own, ...podClients(), ...this.namedClients()];
  }

  /** Processes that a rule names, wherever they run. */
  private namedClients(): readonly ApiClient[] {
    const { cuts, degradations } = this.context.network.fabric;
    const rules: readonly Between[] = [...cuts.allAt('client'), ...degradations.allAt('client')];
    const actors = rules
      .flatMap(({ from, to }) => [from, to])
      .flatMap((end) => (end.is === 'clients' ? [...end.actors] : []));
    return [...new Set(actors)]
      .filter((actor) => !actor.includes('@'))
      .map((actor) => ({ actor, origin: { node: CONTROL_PLANE } }));
  }

  /** A way that is closed for other reasons than the network's is not judged here. */
  private pathOf({ actor, origin }: ApiClient): Path {
    const { spec, network } = this.context;
    if (network.fabric.isPerfect) return OPEN;
    const to = { address: spec.controlPlane, port: API_PORT, protocol: 'TCP' } as const;
    // Clients hold their connection open, so a cut that keeps what stands lets it go on.
    const [trace] = network.send(origin, to, { record: false, isKept: true });
    return this.alongClientRules(actor, pathFrom(trace!));
  }

  /** What is said of this one process adds to what becomes of the packets of its node. */
  private alongClientRules(actor: string, path: Path): Path {
    const { network } = this.context;
    const { cuts, degradations } = network.fabric;
    const [there, back] = this.sightingsOf(actor);
    const [cut] = [...cuts.at('client', there), ...cuts.at('client', back)].filter(
      ({ established }) => established === 'break',
    );
    if (cut !== undefined) {
      const isSilent = cut.mode === 'drop' || path.cut === 'silent';
      return { ...OPEN, cut: isSilent ? 'silent' : 'refused' };
    }
    const linesOf = (sighting: Sighting): readonly Line[] =>
      degradations
        .at('client', sighting)
        .map((rule) => lineOf(rule, sighting.leg, network.drawDelay(rule)));
    const [out, home] = [linesOf(there), linesOf(back)];
    return {
      // A process that nothing gets through to, or from, is cut off.
      cut: [...out, ...home].some(losesAll) ? 'silent' : path.cut,
      there: (path.there + delayOf(out)) as Duration,
      back: (path.back + delayOf(home)) as Duration,
      lines: [...path.lines, ...out, ...home],
    };
  }

  /** A request of the process, and the answer to it. */
  private sightingsOf(actor: string): readonly [Sighting, Sighting] {
    const { spec, network } = this.context;
    const server = network.fabric.hostAt(spec.controlPlane);
    const host = server === undefined ? CONTROL_PLANE : hostName(server);
    const call = { protocol: 'TCP', port: API_PORT } as const;
    return [
      { by: [{ actor }], to: { host }, ...call, leg: 'request' },
      { by: [{ host }], to: { actor }, ...call, leg: 'answer' },
    ];
  }
}

function pathFrom({ disposition, stretch }: Trace): Path {
  if (disposition === 'answered') {
    if (stretch === undefined) return OPEN;
    const { there, lines = [] } = stretch;
    return { cut: undefined, there, back: (stretch.delay - there) as Duration, lines };
  }
  if (!STOPPED.has(disposition)) return OPEN;
  return { ...OPEN, cut: disposition === 'rejected' ? 'refused' : 'silent' };
}

/** What the API server is told of a way: also how a segment may fare, where that is not certain. */
function lagOn({ there, back, lines }: Path): Lag {
  if (lines.every(({ fates }) => fates.length === 1)) return { there, back };
  const ways = {
    there: arrivalsOn(lines, 'request', there),
    back: arrivalsOn(lines, 'answer', back),
  };
  return { there, back, chances: ways };
}

function arrivalsOn(lines: readonly Line[], leg: Line['leg'], delay: Duration): readonly Arrival[] {
  const own = lines.filter((line) => line.leg === leg);
  return later(arrivalsOver(own), (delay - delayOf(own)) as Duration);
}

function delayOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { delay }) => sum + delay, 0);
}

function losesAll({ fates }: Line): boolean {
  return fates.every(({ waits }) => waits.length === 0);
}
