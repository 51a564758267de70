// The two back ends of iptables, as far as words speak of them.

import type { Cluster } from '../cluster/cluster';
import { UnknownTargetError } from './targets';

/** Throws UnknownTargetError where kube-proxy does not write its Services through iptables. */
export function demandIptables({ spec }: Cluster): void {
  const { mode } = spec.proxy;
  if (mode === 'iptables') return;
  throw new UnknownTargetError(`in mode ${mode} it is not modelled which iptables is used`);
}
