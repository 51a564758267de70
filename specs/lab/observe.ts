// What really became of a flow: its client's outcome, who answered and whom that one saw, and the
// entries that stand for it in the connection tables on its way.

import type { Cluster } from '../../src/cluster/cluster';
import { CONTROL_PLANE } from '../../src/network/index';
import { reversed, tupleKey } from '../../src/values/flow';
import type { FiveTuple } from '../../src/values/flow';
import type { TranslatedFlow } from '../../src/values/trace';
import type { Greeting } from './agent-protocol';
import type { Building } from './building';
import type { ListedConnection } from './conntrack-list';
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
}

/** An entry of a connection table that no attempt accounts for. */
export interface Stray {
  readonly node: string;
  readonly connection: ListedConnection;
}

/**
 * Milliseconds after which silence counts. An address that nobody has is given up by the kernel
 * after three ARP requests, one second apart: silence has to be told from that.
 */
export const PATIENCE = 4_000;

/** Above the node ports, which a client on a node could otherwise take for itself. */
const FIRST_PORT = 33_000;

/** The outer packets of tunnels are tracked like all others; the model knows the inner ones. */
const TUNNEL_PORT = 8_472;

export class Observer {
  private readonly building: Building;
  private nextPort = FIRST_PORT;
  private nextId = 1;
  private readonly explained = new Set<string>();

  constructor(building: Building) {
    this.building = building;
  }

  /** Sends each flow as often as asked, all at once, and reads the tables when all have ended. */
  async attempt(
    requests: readonly { readonly flow: Flow; readonly times: number }[],
  ): Promise<Observation[][]> {
    const outcomes = await Promise.all(
      requests.map(({ flow, times }) =>
        Promise.all(Array.from({ length: times }, () => this.connect(flow))),
      ),
    );
    const tables = await this.tables();
    return outcomes.map((attempts, index) =>
      attempts.map((attempt) => {
        const { flow } = requests[index]!;
        const entries = entriesOf(tables, flow, attempt.sport);
        for (const { node, original } of entries) this.explained.add(`${node} ${tupleKey(original)}`);
        return { ...attempt, entries };
      }),
    );
  }

  /** What stands in the tables now and belongs to no attempt so far. */
  async strays(): Promise<Stray[]> {
    const tables = await this.tables();
    return [...tables].flatMap(([node, connections]) =>
      connections
        .filter(({ original }) => !this.explained.has(`${node} ${tupleKey(original)}`))
        .filter(({ original }) => original.dport !== TUNNEL_PORT)
        .map((connection) => ({ node, connection })),
    );
  }

  private async connect(flow: Flow): Promise<Omit<Observation, 'entries'>> {
    const { address, port, protocol } = flow.to;
    const sport = this.nextPort++;
    const room = roomOf(this.building.cluster, flow);
    const id = this.nextId++;
    const order = { id, protocol, address, port, sport, patience: PATIENCE };
    const { outcome, greeting } = await this.building.agent(room).connect(order);
    return { sport, outcome, greeting };
  }

  private async tables(): Promise<ReadonlyMap<string, readonly ListedConnection[]>> {
    const names = [...this.building.cluster.machines.keys(), CONTROL_PLANE];
    const lists = await Promise.all(names.map(connectionsIn));
    return new Map(names.map((name, index) => [name, lists[index]!]));
  }
}

/**
 * The entries of one attempt, node by node: those made by the packet as its sender made it, then
 * those by the packet as the first ones let it go on, and so forth.
 */
export function entriesOf(
  tables: ReadonlyMap<string, readonly ListedConnection[]>,
  { to }: Pick<Flow, 'to'>,
  sport: number,
): TranslatedFlow[] {
  const isSent = (tuple: FiveTuple): boolean =>
    tuple.sport === sport &&
    tuple.dport === to.port &&
    tuple.dst === to.address &&
    tuple.protocol === to.protocol;
  const found = new Map<string, TranslatedFlow>();
  const search = (isWanted: (tuple: FiveTuple) => boolean): void => {
    for (const [node, connections] of tables) {
      for (const { original, reply, unreplied } of connections) {
        const key = `${node} ${tupleKey(original)}`;
        if (found.has(key) || !isWanted(original)) continue;
        found.set(key, { node, original, reply, unreplied });
        const onward = tupleKey(reversed(reply));
        search((tuple) => tupleKey(tuple) === onward);
      }
    }
  };
  search(isSent);
  return [...found.values()];
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
