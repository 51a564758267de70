// The names that kube-proxy's iptables mode gives to its chains. They hold no address of the
// Service, so they survive a change of its clusterIP or port number.
// source: pkg/proxy/iptables/proxier.go portProtoHash, servicePortEndpointChainName

import { hash as hashOnce } from 'node:crypto';
import type { ServicePortName } from './proxy-mode';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** How many characters of a hash a chain name keeps: iptables allows 28 in all. */
const HASH_LENGTH = 16;

const ENDPOINT_CHAIN = 'KUBE-SEP-';

/** The chains of one Service port. */
export interface ServiceChainNames {
  /** Spreads over the cluster list. */
  readonly cluster: string;
  /** Spreads over the endpoints of this node. */
  readonly local: string;
  /** Where traffic from outside enters. */
  readonly external: string;
  /** Lets the source ranges of a load balancer pass. */
  readonly firewall: string;
}

const known = new Map<string, ServiceChainNames>();

export function serviceChainNames(id: ServicePortName): ServiceChainNames {
  const text = hashedText(id);
  let names = known.get(text);
  if (names === undefined) {
    const hash = hashOf(text);
    names = {
      cluster: `KUBE-SVC-${hash}`,
      local: `KUBE-SVL-${hash}`,
      external: `KUBE-EXT-${hash}`,
      firewall: `KUBE-FW-${hash}`,
    };
    known.set(text, names);
  }
  return names;
}

/** The hash that a chain's name ends in; another text where it ends in none. */
export function hashOfChain(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}

/** The chain that sends a connection to one endpoint (`10.244.1.5:8080`) of a Service port. */
export function endpointChainName(id: ServicePortName, endpoint: string): string {
  return `${ENDPOINT_CHAIN}${hashOf(hashedText(id) + endpoint)}`;
}

export function isEndpointChain(name: string): boolean {
  return name.startsWith(ENDPOINT_CHAIN);
}

/** `ns/name:port`, or `ns/name` where the port has no name: how kube-proxy's comments say it. */
export function servicePortText(id: ServicePortName): string {
  const port = id.port === '' ? '' : `:${id.port}`;
  return `${id.namespace}/${id.name}${port}`;
}

function hashedText(id: ServicePortName): string {
  return servicePortText(id) + id.protocol.toLowerCase();
}

/** Hashes found before: the nodes of a cluster, and the seeds of a scenario, ask for the same. */
const hashes = new Map<string, string>();
const HASHES_MAX = 20_000;

function hashOf(text: string): string {
  let hash = hashes.get(text);
  if (hash === undefined) {
    if (hashes.size >= HASHES_MAX) hashes.clear();
    hashes.set(text, (hash = base32Hash(text, HASH_LENGTH)));
  }
  return hash;
}

/** base32(sha256(text)), cut: RFC 4648 alphabet, five bits for each character. */
export function base32Hash(text: string, length: number): string {
  const digest = hashOnce('sha256', text, 'buffer');
  let name = '';
  for (let index = 0; index < length; index++) {
    const bit = index * 5;
    const pair = digest[bit >> 3]! * 256 + digest[(bit >> 3) + 1]!;
    name += BASE32[(pair >> (11 - (bit & 7))) & 31];
  }
  return name;
}
