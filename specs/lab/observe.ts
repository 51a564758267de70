// What really became of a flow: its client's outcome, who answered and whom that one saw, and the
// entries that stand for it in the connection tables on its way.

import type { Cluster } from '../../src/cluster/cluster';
import { CONTROL_PLANE } from '../../src/network/index';
import { tupleKey } from '../../src/values/flow';
import type { IP } from '../../src/values/ip';
import type { TranslatedFlow } from '../../src/values/trace';
import type { Greeting } from './agent-protocol';
import type { Building } from './building';
import { ConnectionTables } from './connection-tables';
import type { HeldConnection } from './connection-tables';
import type { Flow } from './flows';
import { connectionsIn } from './rules';
import { roomOfExternal, roomOfPod } from './topology';

/** One attempt to reach the destination of a flow. */
export interface Observation {
  /** The source port of this attempt; no other attempt of the lab has it. */
  readonly sport: number;
  readonly outcome: string;
  /** What the server told, where one answered. */
  readonly greeting: Greeting | undefined;
  readonly entries: readonly TranslatedFlow[];
  /**
   * Whether the source port had to change because another connection of the lab, masqueraded to
   * a random port, holds the very tuple of its answers. Says nothing about the rules; try again.
   */
  readonly hasClashed: boolean;
}

/**
 * Milliseconds after which silence counts: longer than an address that nobody has takes to be
 * given up, which is after three ARP requests, one second apart.
 */
export const LONG_PATIENCE = 5_000;

/**
 * For clients that are to be told that a host is unreachable. While the kernel tells those who
 * wait for an address, a further packet begins the search anew and silences the rest; they are
 * told when that one fails, three seconds later.
 * source: net/core/neighbour.c neigh_invalidate
 */
export const LONGEST_PATIENCE = 15_000;

/**
 * Short of the first retransmission, for a SYN that may be dropped before it has an entry: the
 * next one is a first packet again, and could take another way.
 */
export const SHORT_PATIENCE = 900;

/** Attempts at a time: a burst of more could overrun the servers, which is not what is asked. */
const AT_ONCE = 400;

/** Above the node ports, which a client on a node could otherwise take for itself. */
const FIRST_PORT = 33_000;

/** The outer packets of tunnels are tracked like all others; the model knows the inner ones. */
const TUNNEL_PORTS: readonly unknown[] = [4_789, 8_472];

export interface Request {
  readonly flow: Flow;
  /** The source address of its packets. */
  readonly source: IP;
  readonly times: number;
  /** Milliseconds after which silence counts. */
  readonly patience: number;
}

export class Observer {
  private readonly building: Building;
  private nextPort = FIRST_PORT;
  private nextId = 1;
  private underWay = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly explained = new Set<string>();

  constructor(building: Building) {
    this.building = building;
  }

  /** Sends each flow as often as asked, all at once, and reads the tables when all have ended. */
  async attempt(requests: readonly Request[]): Promise<Observation[][]> {
    const outcomes = await Promise.all(
      requests.map((request) =>
        Promise.all(Array.from({ length: request.times }, () => this.connectInTurn(request))),
      ),
    );
    const tables = await this.tables();
    return outcomes.map((attempts, index) =>
      attempts.map((attempt) => {
        const { flow, source } = requests[index]!;
        const { sport } = attempt;
        const { address: dst, port: dport, protocol } = flow.to;
        const entries = tables.entriesOf({ protocol, src: source, sport, dst, dport });
        const seen = tables.entriesTo(attempt.greeting, protocol);
        for (const { node, original } of [...entries, ...seen])
          this.explained.add(`${node} ${tupleKey(original)}`);
        return { ...attempt, entries, hasClashed: tables.hasClash(entries, sport) };
      }),
    );
  }

  /** What stands in the tables now and belongs to no attempt so far. */
  async strays(): Promise<HeldConnection[]> {
    const tables = await this.tables();
    return [...tables].filter(
      ({ node, connection: { original } }) =>
        !TUNNEL_PORTS.includes(original.dport) &&
        !this.explained.has(`${node} ${tupleKey(original)}`),
    );
  }

  /** Waits until fewer than AT_ONCE are under way. Those that end in silence take their time. */
  private async connectInTurn(request: Request): ReturnType<Observer['connect']> {
    if (this.underWay >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.underWay++;
    try {
      return await this.connect(request);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.underWay--;
      else next();
    }
  }

  private async connect({
    flow,
    patience,
  }: Request): Promise<Omit<Observation, 'entries' | 'hasClashed'>> {
    const { address, port, protocol } = flow.to;
    const sport = this.nextPort++;
    const room = roomOf(this.building.cluster, flow);
    const id = this.nextId++;
    const order = { id, protocol, address, port, sport, patience };
    const { outcome, greeting } = await this.building.agent(room).connect(order);
    return { sport, outcome, greeting };
  }

  private async tables(): Promise<ConnectionTables> {
    const names = [...this.building.cluster.machines.keys(), CONTROL_PLANE];
    const lists = await Promise.all(names.map(connectionsIn));
    return new ConnectionTables(new Map(names.map((name, index) => [name, lists[index]!])));
  }
}

/** The room in which the client of a flow sits. */
function roomOf(cluster: Cluster, { from }: Flow): string {
  if ('node' in from) return from.node;
  if ('external' in from) return roomOfExternal(from.external);
  for (const machine of cluster.machines.values()) {
    if ([...machine.hostSandboxes].some(({ podKey }) => podKey === from.pod)) return machine.name;
  }
  return roomOfPod(from.pod);
}
