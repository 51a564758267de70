// `externalTargets` of a NetworkChaos: addresses, names and ranges beyond the pods.
// source: chaos-mesh controllers/podnetworkchaos/{netutils/cidr.go,ipset/ipset.go}

import { asText } from '../../language/tree';
import { contains, parseCidr } from '../../values/cidr';
import type { Cidr } from '../../values/cidr';
import { parseIp } from '../../values/ip';
import type { IP } from '../../values/ip';
import type { Fields } from '../fields';

/** Machines outside of the cluster by their names; those of all steps stand in one cluster. */
export type Externals = Map<string, { readonly ip: string }>;

/** The ranges of a cluster that says nothing about them. */
const INSIDE = ['10.244.0.0/16', '10.96.0.0/12', '192.168.1.0/24'].map(parseCidr) as Cidr[];

/** The sides that can be said, each with its port; the others are remarked on. */
export function readExternalTargets(
  spec: Fields,
  externals: Externals,
): readonly Readonly<Record<string, unknown>>[] {
  return spec.items('externalTargets').flatMap((item) => {
    const text = asText(item.value);
    const [, host = '', port] = /^(.*?)(?::([0-9]+))?$/.exec(text)!;
    const side = readHost(host, externals);
    if ('why' in side) {
      spec.remark('skipped', `${text}: ${side.why}`, 'externalTargets', item);
      return [];
    }
    // source: ipset(8), hash:net,port: a port without a protocol is one of TCP.
    const ports = port === undefined ? {} : { ports: [Number(port)], protocol: 'tcp' };
    return [{ to: side.to, ...ports }];
  });
}

function readHost(
  host: string,
  externals: Externals,
): { readonly to: unknown } | { readonly why: string } {
  const address = parseIp(host);
  if (address !== undefined) return outsider(address, externals);
  if (host.includes('/')) return { why: 'a range of addresses is no target' };
  const [name, namespace, svc, ...rest] = host.replace(/\.$/, '').split('.');
  const isService = svc === 'svc' && (rest.length === 0 || rest.join('.') === 'cluster.local');
  // The name is asked for when the fault begins: what the source then dials is the virtual address.
  if (isService) return { to: { service: `${namespace}/${name}` } };
  return { why: 'which addresses the name has is not known: write them' };
}

function outsider(address: IP, externals: Externals) {
  if (INSIDE.some((range) => contains(range, address))) {
    return { why: 'it is an address of the cluster: name the pods, the node or the Service' };
  }
  const name = `at-${address.replaceAll(/[.:]+/g, '-').replaceAll(/^-|-$/g, '')}`;
  externals.set(name, { ip: address });
  return { to: `external/${name}` };
}
