// Virtual addresses that manifests ask for. The API server refuses a Service whose address lies
// outside of the range or is taken; without it every claim about it fails for a reason that no
// packet shows, so it is said where it stands.
// source: pkg/registry/core/service/ipallocator (ErrNotInRange, ErrAllocated)

import { cidr, contains } from '../values/cidr';
import type { ClusterSpec } from '../values/cluster-spec';
import { parseIp } from '../values/ip';
import { nameOf } from '../values/kube-object';
import type { PlacedObject } from './manifests';
import type { Report } from './report';
import { child, textOf } from './tree';
import type { Tree } from './tree';

/** Reports addresses of Services that this cluster cannot give. */
export function checkServiceAddresses(
  placed: readonly PlacedObject[],
  { serviceCIDRs }: Pick<ClusterSpec, 'serviceCIDRs'>,
  report: Report,
): void {
  const owners = new Map<string, string>();
  for (const { object, tree } of placed) {
    if (object.kind !== 'Service') continue;
    for (const part of addressesIn(child(tree, 'spec'))) {
      const address = parseIp(textOf(part) ?? '');
      if (address === undefined) continue;
      const owner = owners.get(address);
      if (owner !== undefined && owner !== nameOf(object)) {
        report.error('KD1402', part.place, `${owner} has the address ${address} as well`);
      }
      owners.set(address, nameOf(object));
      if (serviceCIDRs.some((range) => contains(cidr(range), address))) continue;
      const message = `${address} lies outside of serviceCIDR ${serviceCIDRs.join(', ')}`;
      const hint = 'set cluster.serviceCIDR to the range of the cluster that this is made for';
      report.error('KD1404', part.place, message, hint);
    }
  }
}

function addressesIn(spec: Tree | undefined): readonly Tree[] {
  const all = child(spec, 'clusterIPs')?.items;
  const one = child(spec, 'clusterIP');
  return all ?? (one === undefined ? [] : [one]);
}
