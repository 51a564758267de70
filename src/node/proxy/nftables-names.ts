// The names that kube-proxy's nftables mode gives to chains and sets of Service ports: readable,
// with a hash in front so that they stay different where they are cut.
// source: pkg/proxy/nftables/proxier.go hashAndTruncate, servicePortChainNameBase

import { base32Hash } from './chain-names';
import type { ServicePortName } from './proxy-mode';

const HASH_LENGTH = 8;

/** What nft allows for a name (256), less the longest prefix (16). */
const LENGTH_MAX = 240;

/** The chains of one Service port. */
export interface NftServiceNames {
  /** Spreads over the cluster list. */
  readonly cluster: string;
  /** Spreads over the endpoints of this node. */
  readonly local: string;
  /** Where traffic from outside enters. */
  readonly external: string;
  /** Drops what the source ranges of a load balancer do not allow. */
  readonly firewall: string;
}

const known = new Map<string, NftServiceNames>();

export function nftServiceNames(id: ServicePortName): NftServiceNames {
  const path = servicePath(id);
  let names = known.get(path);
  if (names === undefined) {
    const base = hashed(path);
    names = {
      cluster: `service-${base}`,
      local: `local-${base}`,
      external: `external-${base}`,
      firewall: `firewall-${base}`,
    };
    known.set(path, names);
  }
  return names;
}

/** The chain of an endpoint (`10.244.1.5:8080`), and the set that keeps its sticky clients. */
export function nftEndpointNames(
  id: ServicePortName,
  endpoint: string,
): { readonly chain: string; readonly affinity: string } {
  const colon = endpoint.lastIndexOf(':');
  // A name may hold no colon and no bracket, of which IPv6 has plenty.
  const address = endpoint
    .slice(0, colon)
    .replace(/^\[|\]$/g, '')
    .replaceAll(':', '.');
  const base = hashed(`${servicePath(id)}__${address}/${endpoint.slice(colon + 1)}`);
  return { chain: `endpoint-${base}`, affinity: `affinity-${base}` };
}

/** Whether the chain belongs to a Service port: only those have a `/` in their names. */
export function isServiceChain(name: string): boolean {
  return name.includes('/');
}

function servicePath({ namespace, name, protocol, port }: ServicePortName): string {
  return `${namespace}/${name}/${protocol.toLowerCase()}/${port}`;
}

function hashed(text: string): string {
  const name = `${base32Hash(text, HASH_LENGTH)}-${text}`;
  return name.length > LENGTH_MAX ? `${name.slice(0, LENGTH_MAX - 3)}...` : name;
}
