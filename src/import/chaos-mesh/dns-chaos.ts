// DNSChaos becomes `fail` of CoreDNS.
// source: chaos-mesh api/v1alpha1/dnschaos_type.go; chaos-mesh/k8s_dns_chaos chaos/chaos.go

import type { Fields } from '../fields';
import type { ImportedFault } from '../timeline';

/** The fault for the `spec` of a DNSChaos. */
export function readDnsChaos(spec: Fields): readonly ImportedFault[] {
  const action = spec.text('action') ?? 'error';
  if (action !== 'error' && action !== 'random') {
    spec.remark('skipped', 'it is none of error, random', 'action');
    return [];
  }
  spec.ignore('mode', 'value', 'containerNames');
  const everybody = 'whoever asks CoreDNS gets the wrong answer, not these pods alone';
  spec.remark('differs', everybody, 'selector');
  if (action === 'random') {
    spec.remark('differs', 'AAAA is answered with no address, not with a random one', 'action');
  }
  const names = spec.texts('patterns');
  const dns = action === 'error' ? 'SERVFAIL' : { A: 'random' };
  const which = names.length === 0 ? {} : { names };
  return [{ verb: 'fail', args: { component: 'coredns', dns, ...which } }];
}
