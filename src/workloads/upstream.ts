// Who answers for names outside of the cluster: the resolver that nodes use, and any external
// machine that listens on port 53. The internet of a scenario is what the scenario says of it; any
// other name does not exist.

import type { ExternalSpec } from '../values/cluster-spec';
import { compareIps } from '../values/ip';
import { emptyReply, isSameName } from './dns-message';
import type { DnsReply, Question } from './dns-message';
import { isOfType } from './reverse-name';

/** A resolver outside of the cluster. */
export type Upstream = (question: Question) => DnsReply;

/** Seconds. No record of the model's internet carries one of its own. */
const TTL = 30;

/** Answers with the names of the scenario's external machines. */
export function upstreamOf(externals: readonly ExternalSpec[]): Upstream {
  return ({ name, type }) => {
    const named = externals.filter(({ names }) => names.some((it) => isSameName(it, name)));
    const answers = named
      .map(({ address }) => address)
      .filter((address) => isOfType(address, type))
      .sort(compareIps)
      .map((data) => ({ name, type, ttl: TTL, data }));
    if (answers.length > 0) return { ...emptyReply('NOERROR'), recursive: true, answers };
    const negative = emptyReply(named.length === 0 ? 'NXDOMAIN' : 'NOERROR');
    return { ...negative, recursive: true, authority: [ROOT] };
  };
}

/** Denials carry the SOA record of the root, so that caches know for how long. */
const ROOT = {
  name: '',
  type: 'SOA',
  ttl: TTL,
  data: 'a.root-servers.net nstld.verisign-grs.com 0 1800 900 604800 86400',
} as const;
