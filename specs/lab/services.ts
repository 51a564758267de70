// The Services of the lab as data: every situation of endpoints under both traffic policies, and
// the cases that have a rule of their own. Every one has all kinds of addresses.

export type EndpointState = 'ready' | 'terminating' | 'unready';

/** An endpoint: a pod by its name, or an address that no pod has. */
export interface LabEndpoint {
  readonly pod?: string;
  readonly address?: string;
  readonly node?: string;
  readonly state: EndpointState;
}

/** Ports 80/TCP and 53/UDP, with node ports of one number. */
export interface LabService {
  readonly name: string;
  readonly clusterIP: string;
  readonly externalIP: string;
  /** The address of a load balancer. */
  readonly vip: string;
  readonly nodePort: number;
  /** Ports of the endpoints. */
  readonly targetPort: { readonly TCP: number; readonly UDP: number };
  readonly endpoints: readonly LabEndpoint[];
  /** Both traffic policies, the internal and the external one. */
  readonly policy: 'Cluster' | 'Local';
  readonly affinitySeconds?: number;
  readonly sourceRanges?: readonly string[];
}

/**
 * Addresses that a node's kernel still has in its ARP cache, as it does for up to a minute after
 * the pod is gone. See docs/lab.md for what a client on the same bridge learns of which.
 */
export const LATELY_GONE = { n1: '10.244.1.201', n2: '10.244.2.201' } as const;

type Draft = Pick<LabService, 'name' | 'endpoints'> & Partial<LabService>;

const [a1, a2] = [ready('a1'), ready('a2')];
const [b1, b2] = [ready('b1'), ready('b2')];
const [leavingA, leavingB] = [inState('a2', 'terminating'), inState('b2', 'terminating')];
const [coldA, coldB] = [inState('a2', 'unready'), inState('b2', 'unready')];

/** L and R: ready on n1, on n2. T: terminating but still serving. N: not ready. */
const SITUATIONS: Readonly<Record<string, readonly LabEndpoint[]>> = {
  l: [a1],
  r: [b1],
  lr: [a1, b1],
  llrr: [a1, a2, b1, b2],
  'l-n': [a1, coldA, coldB],
  lt: [leavingA],
  rt: [leavingB],
  'r-lt': [b1, leavingA],
  'l-rt': [a1, leavingB],
  'lt-rt': [leavingA, leavingB],
  n: [coldA, coldB],
  none: [],
};

const HOST_PORTS = { TCP: 9090, UDP: 9053 };

const SPECIAL: readonly Draft[] = [
  { name: 'host-l', endpoints: [ready('h1')], targetPort: HOST_PORTS },
  { name: 'host-r', endpoints: [ready('h2')], targetPort: HOST_PORTS },
  { name: 'host-lr', endpoints: [ready('h1'), ready('h2')], targetPort: HOST_PORTS },
  { name: 'host-l-local', endpoints: [ready('h1')], targetPort: HOST_PORTS, policy: 'Local' },
  {
    name: 'host-lr-local',
    endpoints: [ready('h1'), ready('h2')],
    targetPort: HOST_PORTS,
    policy: 'Local',
  },
  { name: 'dead-l', endpoints: [ready('dead-a')] },
  { name: 'dead-r', endpoints: [ready('dead-b')] },
  { name: 'half-dead', endpoints: [a1, ready('dead-b')] },
  { name: 'gone-l', endpoints: [gone('10.244.1.200', 'n1')] },
  { name: 'gone-r', endpoints: [gone('10.244.2.200', 'n2')] },
  { name: 'lately-gone-l', endpoints: [gone(LATELY_GONE.n1, 'n1')] },
  { name: 'lately-gone-r', endpoints: [gone(LATELY_GONE.n2, 'n2')] },
  { name: 'ranges', endpoints: [a1, b1], sourceRanges: ['10.244.1.0/24', '192.168.1.11/32'] },
  { name: 'ranges-none', endpoints: [], sourceRanges: ['10.244.1.0/24'] },
  { name: 'sticky', endpoints: [a1, a2, b1], affinitySeconds: 600 },
  { name: 'sticky-local', endpoints: [a1, a2, b1], affinitySeconds: 600, policy: 'Local' },
];

export const SERVICES: readonly LabService[] = [
  ...Object.entries(SITUATIONS).flatMap(([name, endpoints]): Draft[] => [
    { name: `cluster-${name}`, endpoints, policy: 'Cluster' },
    { name: `local-${name}`, endpoints, policy: 'Local' },
  ]),
  ...SPECIAL,
].map(numbered);

/** Addresses of all kinds follow from the Service's place in the list. */
function numbered(draft: Draft, index: number): LabService {
  const host = index + 1;
  return {
    clusterIP: `10.96.1.${host}`,
    externalIP: `198.51.100.${host}`,
    vip: `10.99.0.${host}`,
    nodePort: 30_100 + host,
    targetPort: { TCP: 8080, UDP: 5353 },
    policy: 'Cluster',
    ...draft,
  };
}

function ready(pod: string): LabEndpoint {
  return inState(pod, 'ready');
}

function inState(pod: string, state: EndpointState): LabEndpoint {
  return { pod, state };
}

/** An endpoint whose pod is gone, as a proxy that lags still has it. */
function gone(address: string, node: string): LabEndpoint {
  return { address, node, state: 'ready' };
}
