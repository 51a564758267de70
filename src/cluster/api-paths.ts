// Who of the clients on the nodes reaches the API server over the network as it is now. The
// control plane's own clients are on its host and always do.

import type { ApiServer } from '../apiserver/api-server';
import { CONTROL_PLANE, hostName } from '../network/index';
import type { Between, Network, Sighting } from '../network/index';
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
}

const OPEN: Path = { cut: undefined, there: ZERO, back: ZERO };

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
    if (path.there !== known.there || path.back !== known.back) {
      api.delay(actor, TOKEN, { there: path.there, back: path.back });
    }
    if (path.cut !== known.cut) {
      if (path.cut === undefined) api.mend(actor, TOKEN);
      else api.sever(actor, TOKEN, path.cut);
    }
    const isOpen = path.cut === undefined && path.there === 0 && path.back === 0;
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
    const waits = (sighting: Sighting): number =>
      degradations.at('client', sighting).reduce((sum, rule) => sum + network.drawDelay(rule), 0);
    return {
      cut: path.cut,
      there: (path.there + waits(there)) as Duration,
      back: (path.back + waits(back)) as Duration,
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
    const back = (stretch.delay - stretch.there) as Duration;
    return { cut: undefined, there: stretch.there, back };
  }
  if (!STOPPED.has(disposition)) return OPEN;
  return { ...OPEN, cut: disposition === 'rejected' ? 'refused' : 'silent' };
}
