// The world in which a cell of the table is asked: one Service, its endpoints on this node and on
// another, and one packet.

import type { Endpoint, ProxyMode, ServicePort } from '../../../src/node/proxy/proxy-mode';
import { ip } from '../../../src/values/ip';
import { endpoint, inputOf, nodeOf, servicePort } from '../../node/proxy/proxy-fixture';
import { terminating, unready } from '../../node/proxy/proxy-fixture';
import { PacketWalk } from '../../vectors/first-packet';
import type { Cell, Dialled, Row, Situation, Source } from './table';

const NODE_ADDRESS = '192.168.1.11';
const HERE = '10.244.1.5';
const THERE = '10.244.2.6';

const ADDRESSES: Readonly<Record<Dialled, { readonly dst: string; readonly port: number }>> = {
  clusterIP: { dst: '10.96.0.20', port: 80 },
  externalIP: { dst: '198.51.100.7', port: 80 },
  loadBalancer: { dst: '203.0.113.7', port: 80 },
  nodePort: { dst: NODE_ADDRESS, port: 30_080 },
};

const SOURCES: Readonly<Record<Source, string>> = {
  pod: '10.244.1.9',
  node: NODE_ADDRESS,
  other: '192.0.2.9',
};

const here = { nodeName: 'worker-1' };
const there = { nodeName: 'worker-2' };

const ENDPOINTS: Readonly<Record<Situation, readonly Endpoint[]>> = {
  L: [endpoint(HERE, here)],
  R: [endpoint(THERE, there)],
  'L+R': [endpoint(HERE, here), endpoint(THERE, there)],
  Lt: [terminating(HERE, here)],
  Rt: [terminating(THERE, there)],
  'R+Lt': [endpoint(THERE, there), terminating(HERE, here)],
  'L+Rt': [endpoint(HERE, here), terminating(THERE, there)],
  N: [unready(HERE, here), unready(THERE, there)],
  0: [],
};

export interface Asked {
  readonly mode: ProxyMode;
  readonly kubernetes: string;
  readonly row: Row;
  readonly dialled: Dialled;
  readonly situation: Situation;
}

/** What the mode makes of the packet, in the words of the table. */
export function cellAt({ mode, kubernetes, row, dialled, situation }: Asked): Cell {
  const node = nodeOf('worker-1', { kubernetes, nodeAddresses: [ip(NODE_ADDRESS)] });
  const input = inputOf([serviceOf(row, dialled), [...ENDPOINTS[situation]]]);
  const { dst, port } = ADDRESSES[dialled];
  const isOwn = row.from === 'node';
  const ruleset = mode.compile(input, node);
  // Where the dialled address is the host's own, the host takes it as the source too.
  const isBound = ruleset.ipvs?.addresses.has(ip(dst)) === true;
  const fates = new PacketWalk(ruleset, node).fates({
    from: row.from === 'other' ? 'external' : row.from,
    src: isOwn && isBound ? dst : SOURCES[row.from],
    dst,
    port,
    protocol: 'TCP',
  });
  const verdicts = new Set(fates.map(({ verdict }) => verdict));
  if (verdicts.size > 1) return `several: ${[...verdicts].join(', ')}`;
  const [verdict] = verdicts;
  if (verdict === 'reject' || verdict === 'drop') return verdict.toUpperCase();
  if (verdict !== 'dnat') return 'PASS';
  const possible = new Set(fates.map((fate) => fate.endpoint));
  const names = [
    ...(possible.has(`${HERE}:8080`) ? ['L'] : []),
    ...(possible.has(`${THERE}:8080`) ? ['R'] : []),
  ].join('+');
  if (fates.every(({ masquerade }) => masquerade)) return `${names} m`;
  return fates.some(({ masquerade }) => masquerade) ? `${names} m in part` : names;
}

/** A Service that can be dialled in this one way, besides its clusterIP. */
function serviceOf(row: Row, dialled: Dialled): ServicePort {
  const isLocal = row.policy === 'Local';
  const { dst, port } = ADDRESSES[dialled];
  const common = { internalPolicyLocal: dialled === 'clusterIP' && isLocal };
  const outer = { ...common, externalPolicyLocal: isLocal };
  switch (dialled) {
    case 'clusterIP':
      return servicePort('shop/backend:http', common);
    case 'externalIP':
      return servicePort('shop/backend:http', { ...outer, externalIPs: [ip(dst)] });
    case 'loadBalancer':
      return servicePort('shop/backend:http', { ...outer, loadBalancerVIPs: [ip(dst)] });
    case 'nodePort':
      return servicePort('shop/backend:http', { ...outer, nodePort: port });
  }
}
