// Which UDP entries a sync removes, by version. The rules of 1.32 and later are those of
// pkg/proxy/conntrack/cleanup_test.go; those before are the events of 1.31.

import { expect } from 'chai';
import { newEntry } from '../../../src/node/netfilter/conntrack-entry';
import { staleEntries } from '../../../src/node/proxy/conntrack-cleanup';
import type { Endpoint, ProxyInput } from '../../../src/node/proxy/proxy-mode';
import type { Protocol } from '../../../src/values/flow';
import { ip } from '../../../src/values/ip';
import type { KubeVersion } from '../../../src/values/kube-version';
import { START } from '../../../src/values/time';
import { endpoint, inputOf, servicePort, terminating, unready } from './proxy-fixture';

const CLUSTER_IP = '10.96.0.10';

function dns(endpoints: Endpoint[]): ProxyInput {
  const id = { namespace: 'kube-system', name: 'kube-dns', port: 'dns', protocol: 'UDP' } as const;
  const front = { clusterIP: ip(CLUSTER_IP), port: 53, nodePort: 30053 };
  return inputOf([servicePort('kube-system/kube-dns:dns', { id, ...front }), endpoints]);
}

function entry(dst: string, dport: number, backend: string, protocol: Protocol = 'UDP') {
  const client = { protocol, src: ip('10.244.3.7'), sport: 40_000 };
  const [address = '', port = ''] = backend.split(':');
  const reply = { protocol, src: ip(address), sport: Number(port), dst: client.src, dport: 40_000 };
  return newEntry({ ...client, dst: ip(dst), dport }, reply, START);
}

/** Whether the entry goes when `input` has been synced. */
function isRemoved(
  version: string,
  input: ProxyInput,
  one: ReturnType<typeof entry>,
  before?: ProxyInput,
): boolean {
  const kubernetes = version as KubeVersion;
  return staleEntries([one], { family: 'IPv4', kubernetes, input, before }).length > 0;
}

const TO_FIRST = entry(CLUSTER_IP, 53, '10.244.1.5:8080');
const BOTH = dns([endpoint('10.244.1.5'), endpoint('10.244.2.6')]);
const SECOND = dns([endpoint('10.244.2.6')]);

describe('the conntrack cleanup since 1.32', () => {
  it('removes an entry whose endpoint serves no longer', () => {
    expect(isRemoved('1.36', BOTH, TO_FIRST)).to.equal(false);
    expect(isRemoved('1.36', SECOND, TO_FIRST)).to.equal(true);
    const unreadied = dns([unready('10.244.1.5'), endpoint('10.244.2.6')]);
    expect(isRemoved('1.36', unreadied, TO_FIRST)).to.equal(true);
  });

  it('keeps an entry whose endpoint terminates but still serves', () => {
    const input = dns([terminating('10.244.1.5'), endpoint('10.244.2.6')]);
    expect(isRemoved('1.36', input, TO_FIRST)).to.equal(false);
  });

  it('removes an entry that was made before there were rules', () => {
    expect(isRemoved('1.36', BOTH, entry(CLUSTER_IP, 53, `${CLUSTER_IP}:53`))).to.equal(true);
  });

  it('looks at the node port on every address', () => {
    expect(isRemoved('1.36', SECOND, entry('192.168.1.11', 30053, '10.244.1.5:8080'))).to.equal(
      true,
    );
  });

  it('passes over a Service without a serving endpoint (kubernetes#139628)', () => {
    expect(isRemoved('1.36', dns([]), TO_FIRST)).to.equal(false);
  });

  it('leaves TCP and other ports alone', () => {
    expect(isRemoved('1.36', SECOND, entry(CLUSTER_IP, 53, '10.244.1.5:8080', 'TCP'))).to.equal(
      false,
    );
    expect(isRemoved('1.36', SECOND, entry(CLUSTER_IP, 54, '10.244.1.5:8080'))).to.equal(false);
  });
});

describe('the conntrack cleanup up to 1.31', () => {
  it('removes entries to an endpoint that left with this sync', () => {
    expect(isRemoved('1.31', SECOND, TO_FIRST, BOTH)).to.equal(true);
    expect(isRemoved('1.31', SECOND, TO_FIRST, SECOND)).to.equal(false);
  });

  it('removes every entry of a Service that gets its first endpoint', () => {
    const untranslated = entry(CLUSTER_IP, 53, `${CLUSTER_IP}:53`);
    expect(isRemoved('1.31', SECOND, untranslated, dns([]))).to.equal(true);
    expect(isRemoved('1.31', BOTH, untranslated, SECOND)).to.equal(false);
  });

  it('removes entries to the last endpoint, too', () => {
    expect(isRemoved('1.31', dns([]), TO_FIRST, BOTH)).to.equal(true);
  });
});
