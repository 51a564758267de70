// Goal: the network that a DNS cache sets up on its node is that of kubernetes/dns cache_app.go:
// an interface, twelve rules for each address, and the removal of both at an end in good order.

import { expect } from 'chai';
import { Machine } from '../../src/node/machine';
import { renderIptables } from '../../src/node/netfilter/render-iptables';
import { setUpNodeCache, tearDownNodeCache } from '../../src/node/node-cache-network';
import { PodSandbox } from '../../src/node/pod-sandbox';
import type { Instant } from '../../src/values/time';
import { ip } from '../../src/values/ip';
import type { NodeCache } from '../../src/workloads/index';

const LOCAL = ip('169.254.20.10');
const KUBE_DNS = ip('10.96.0.10');
const NODE = ip('192.168.1.11');
const CACHE: NodeCache = {
  addresses: [LOCAL, KUBE_DNS],
  interfaceName: 'nodelocaldns',
  setupInterface: true,
  setupIptables: true,
  skipTeardown: false,
  healthPort: 8080,
  upstreamService: 'kube-dns-upstream',
};

function machine(): Machine {
  return new Machine({
    name: 'worker-1',
    addresses: [NODE],
    nodeCIDRs: ['192.168.1.0/24'],
    gateways: [],
  });
}

function linesOf(host: Machine): string[] {
  const ruleset = host.dnsCacheRules.get('IPv4');
  const text = ruleset === undefined ? '' : renderIptables(ruleset);
  return text.split('\n').filter((line) => line.startsWith('-A'));
}

describe('a DNS cache on a node', () => {
  it('has its addresses on an interface, so that the node takes their packets', () => {
    const host = machine();
    expect(host.isLocal(KUBE_DNS)).to.equal(false);
    setUpNodeCache(host, CACHE);
    expect(host.isLocal(LOCAL)).to.equal(true);
    expect(host.isLocal(KUBE_DNS)).to.equal(true);
    expect(host.device('nodelocaldns')).to.deep.include({ kind: 'dummy' });
  });

  it('writes twelve rules for each address', () => {
    const host = machine();
    setUpNodeCache(host, CACHE);
    expect(linesOf(host)).to.have.length(24);
    setUpNodeCache(host, CACHE);
    expect(linesOf(host)).to.have.length(24);
  });

  it('has the rules that it wrote last before the others, as iptables -S shows on a node', () => {
    const host = machine();
    setUpNodeCache(host, CACHE);
    const skip = '-m comment --comment "NodeLocal DNS Cache: skip conntrack" -j NOTRACK';
    expect(linesOf(host).slice(0, 4)).to.deep.equal([
      `-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 ${skip}`,
      `-A PREROUTING -d 10.96.0.10/32 -p tcp -m tcp --dport 53 ${skip}`,
      `-A PREROUTING -d 169.254.20.10/32 -p udp -m udp --dport 53 ${skip}`,
      `-A PREROUTING -d 169.254.20.10/32 -p tcp -m tcp --dport 53 ${skip}`,
    ]);
  });

  it('takes both away at an end in good order, unless it is told not to', () => {
    const host = machine();
    setUpNodeCache(host, CACHE);
    tearDownNodeCache(host, { ...CACHE, skipTeardown: true });
    expect(linesOf(host)).to.have.length(24);
    tearDownNodeCache(host, CACHE);
    expect(linesOf(host)).to.deep.equal([]);
    expect(host.isLocal(KUBE_DNS)).to.equal(false);
  });

  it('leaves out what its arguments switch off', () => {
    const host = machine();
    setUpNodeCache(host, { ...CACHE, setupIptables: false });
    expect(linesOf(host)).to.deep.equal([]);
    expect(host.isLocal(KUBE_DNS)).to.equal(true);
  });

  it('loses all of it with the power of its node', () => {
    const host = machine();
    setUpNodeCache(host, CACHE);
    host.powerOff();
    host.powerOn();
    expect(linesOf(host)).to.deep.equal([]);
    expect(host.isLocal(KUBE_DNS)).to.equal(false);
  });

  it('takes packets at its own addresses only', () => {
    const host = machine();
    const pod = { podKey: 'kube-system/cache', uid: 'u', node: 'worker-1', addresses: [NODE] };
    const sandbox = new PodSandbox({ ...pod, hostNetwork: true });
    const now = 0 as Instant;
    sandbox.processes.set('node-cache', {
      container: 'node-cache',
      state: 'running',
      listen: [{ port: 53, protocol: 'UDP', addresses: CACHE.addresses }],
      startedAt: now,
      exitCode: 0,
      exitedAt: now,
      stoppedBy: new Set(),
    });
    host.installSandbox(sandbox);
    expect(host.hostListener('UDP', 53, KUBE_DNS)).to.equal(sandbox);
    expect(host.hostListener('UDP', 53, NODE)).to.equal(undefined);
    expect(host.hostListener('UDP', 53)).to.equal(sandbox);
  });
});
