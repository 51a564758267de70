// Who answers for names outside of the cluster: the resolver that nodes use. The internet of a
// scenario is what the scenario says of it; any other name does not exist.

import type { ExternalSpec } from '../values/cluster-spec';
import { compareIps } from '../values/ip';
import type { Upstream } from './coredns';
import { isOfType } from './reverse-name';

/** Seconds. No record of the model's internet carries one of its own. */
const TTL = 30;

/** Answers with the names of the scenario's external machines. */
export function upstreamOf(externals: readonly ExternalSpec[]): Upstream {
  return ({ name, type }) => {
    const asked = name.toLowerCase();
    const named = externals.filter(({ names }) => names.some((it) => it.toLowerCase() === asked));
    const answers = named
      .map(({ address }) => address)
      .filter((address) => isOfType(address, type))
      .sort(compareIps)
      .map((data) => ({ name: asked, type, ttl: TTL, data }));
    const rcode = named.length === 0 ? 'NXDOMAIN' : 'NOERROR';
    return { rcode, answers, additional: [], authoritative: false };
  };
}
