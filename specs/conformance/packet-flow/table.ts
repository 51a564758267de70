// What becomes of the first packet of a flow at one node: by what it dials, from where, under
// which policy, and by what endpoints there are. Derived from the decision procedure of kube-proxy
// (specs/reference, services §4), which is the same for iptables and nftables.
// source: pkg/proxy/topology.go CategorizeEndpoints; pkg/proxy/iptables/proxier.go syncProxyRules

/** What a client dials. */
export type Dialled = 'clusterIP' | 'externalIP' | 'loadBalancer' | 'nodePort';

/** A pod of the cluster, a process of the node itself, or anybody else. */
export type Source = 'pod' | 'node' | 'other';

/**
 * What endpoints the Service has: L a ready one on this node, R a ready one on another; Lt and Rt
 * terminating ones that still serve; N one that serves no longer, 0 none at all.
 */
export const SITUATIONS = ['L', 'R', 'L+R', 'Lt', 'Rt', 'R+Lt', 'L+Rt', 'N', '0'] as const;
export type Situation = (typeof SITUATIONS)[number];

/**
 * The endpoints that are possible (`L+R`), with `m` where the packet is masqueraded; or `REJECT`,
 * `DROP`, and `PASS` for a packet that no rule is about.
 */
export type Cell = string;

export interface Row {
  readonly dials: readonly Dialled[];
  /** internalTrafficPolicy for a clusterIP, externalTrafficPolicy for all others. */
  readonly policy: 'Cluster' | 'Local';
  readonly from: Source;
  readonly cells: Readonly<Record<Situation, Cell>>;
}

const OUTER: readonly Dialled[] = ['externalIP', 'loadBalancer', 'nodePort'];

export const ROWS: readonly Row[] = [
  row(['clusterIP'], 'Cluster', 'pod', 'L | R | L+R | L | R | R | L | REJECT | REJECT'),
  row(
    ['clusterIP'],
    'Cluster',
    'node',
    'L m | R m | L+R m | L m | R m | R m | L m | REJECT | REJECT',
  ),
  row(
    ['clusterIP'],
    'Cluster',
    'other',
    'L m | R m | L+R m | L m | R m | R m | L m | REJECT | REJECT',
  ),
  row(['clusterIP'], 'Local', 'pod', 'L | DROP | L | L | DROP | L | L | REJECT | REJECT'),
  row(
    ['clusterIP'],
    'Local',
    'node',
    'L m | DROP | L m | L m | DROP | L m | L m | REJECT | REJECT',
  ),
  row(
    ['clusterIP'],
    'Local',
    'other',
    'L m | DROP | L m | L m | DROP | L m | L m | REJECT | REJECT',
  ),
  row(OUTER, 'Cluster', 'pod', 'L m | R m | L+R m | L m | R m | R m | L m | REJECT | REJECT'),
  row(OUTER, 'Cluster', 'node', 'L m | R m | L+R m | L m | R m | R m | L m | REJECT | REJECT'),
  row(OUTER, 'Cluster', 'other', 'L m | R m | L+R m | L m | R m | R m | L m | REJECT | REJECT'),
  row(OUTER, 'Local', 'pod', 'L | R | L+R | L | R | R | L | REJECT | REJECT'),
  row(OUTER, 'Local', 'node', 'L m | R m | L+R m | L m | R m | R m | L m | REJECT | REJECT'),
  row(OUTER, 'Local', 'other', 'L | DROP | L | L | DROP | L | L | REJECT | REJECT'),
];

function row(dials: readonly Dialled[], policy: Row['policy'], from: Source, cells: string): Row {
  return { dials, policy, from, cells: cellsOf(cells) };
}

/** `L | R | …`, in the order of `SITUATIONS`. */
export function cellsOf(text: string): Readonly<Record<Situation, Cell>> {
  const cells = text.split('|').map((cell) => cell.trim());
  if (cells.length !== SITUATIONS.length) throw new RangeError(`not a row: ${text}`);
  return Object.fromEntries(SITUATIONS.map((it, index) => [it, cells[index]!])) as Row['cells'];
}
