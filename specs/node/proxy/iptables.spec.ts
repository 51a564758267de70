// The rules of iptables mode as people know them from iptables-save, and how they are shared.
// Rule texts follow pkg/proxy/iptables/proxier_test.go.

import { expect } from 'chai';
import { renderRule } from '../../../src/node/netfilter/render-iptables';
import type { Ruleset, TableName } from '../../../src/node/netfilter/ruleset';
import { PROXY_MODES, proxyMode } from '../../../src/node/proxy';
import { iptables } from '../../../src/node/proxy/iptables';
import type { Endpoint } from '../../../src/node/proxy/proxy-mode';
import { ip } from '../../../src/values/ip';
import { endpoint, inputOf, nodeOf, servicePort } from './proxy-fixture';

function rulesOf(ruleset: Ruleset, table: TableName, chain: string): string[] {
  const rules = ruleset.tables.get(table)?.chains.get(chain)?.rules ?? [];
  return rules.map((rule) => renderRule(chain, rule));
}

const HASH = 'XPGD46QRK7WJZT7O';
const SERVICE = servicePort('ns1/svc1:p80');
const TWO: Endpoint[] = [endpoint('10.244.1.5'), endpoint('10.244.2.6', { nodeName: 'worker-2' })];

function hasGuard(fields: Parameters<typeof nodeOf>[1]): boolean {
  const ruleset = iptables.compile(inputOf(), nodeOf('worker-1', fields));
  return ruleset.tables.get('filter')!.chains.has('KUBE-FIREWALL');
}

describe('iptables mode', () => {
  it('sends a clusterIP to a chain that marks, then spreads in the order of texts', () => {
    const ruleset = iptables.compile(inputOf([SERVICE, TWO]), nodeOf('worker-1'));
    expect(rulesOf(ruleset, 'nat', 'KUBE-SERVICES')[0]).to.equal(
      '-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m tcp --dport 80 ' +
        `-m comment --comment "ns1/svc1:p80 cluster IP" -j KUBE-SVC-${HASH}`,
    );
    const [mark, first, last] = rulesOf(ruleset, 'nat', `KUBE-SVC-${HASH}`);
    expect(mark).to.contain('! -s 10.244.0.0/16 -d 10.96.0.20/32').and.contain('KUBE-MARK-MASQ');
    expect(first).to.contain('svc1:p80 -> 10.244.1.5:8080').and.contain('0.5000000000');
    expect(last).to.contain('svc1:p80 -> 10.244.2.6:8080').and.not.contain('statistic');
  });

  it('sorts endpoints as texts: 10.244.1.10 before 10.244.1.9', () => {
    const input = inputOf([SERVICE, [endpoint('10.244.1.9'), endpoint('10.244.1.10')]]);
    const rules = rulesOf(iptables.compile(input, nodeOf('worker-1')), 'nat', `KUBE-SVC-${HASH}`);
    expect(rules[1]).to.contain('10.244.1.10');
  });

  it('refuses a Service without endpoints in table filter', () => {
    const ruleset = iptables.compile(inputOf([SERVICE, []]), nodeOf('worker-1'));
    expect(rulesOf(ruleset, 'filter', 'KUBE-SERVICES')).to.deep.equal([
      '-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m tcp --dport 80 ' +
        '-m comment --comment "ns1/svc1:p80 has no endpoints" -j REJECT',
    ]);
  });

  it('evaluates its jumps in the order in which they are prepended', () => {
    const ruleset = iptables.compile(inputOf(), nodeOf('worker-1'));
    const targets = (chain: string) =>
      rulesOf(ruleset, 'filter', chain).map((rule) => / -j (\S+)$/.exec(rule)![1]);
    expect(targets('INPUT')).to.deep.equal([
      'KUBE-FIREWALL',
      'KUBE-PROXY-FIREWALL',
      'KUBE-NODEPORTS',
      'KUBE-EXTERNAL-SERVICES',
    ]);
    expect(targets('FORWARD')).to.deep.equal([
      'KUBE-PROXY-FIREWALL',
      'KUBE-FORWARD',
      'KUBE-SERVICES',
      'KUBE-EXTERNAL-SERVICES',
    ]);
    expect(targets('OUTPUT')).to.deep.equal([
      'KUBE-FIREWALL',
      'KUBE-PROXY-FIREWALL',
      'KUBE-SERVICES',
    ]);
  });

  it('guards loopback only where NodePorts answer on it', () => {
    expect(hasGuard({})).to.equal(true);
    expect(hasGuard({ localhostNodePorts: false })).to.equal(false);
    expect(hasGuard({ nodePortAddresses: ['192.168.1.0/24'] })).to.equal(false);
    expect(hasGuard({ family: 'IPv6', addresses: [ip('2001:db8::1')] })).to.equal(false);
  });

  it('leaves comments off endpoint rules above a thousand endpoints', () => {
    const many = Array.from({ length: 1_001 }, (_, index) => {
      return endpoint(`10.244.${index >> 8}.${index & 255}`);
    });
    const ruleset = iptables.compile(inputOf([SERVICE, many]), nodeOf('worker-1'));
    expect(rulesOf(ruleset, 'nat', `KUBE-SVC-${HASH}`)[1]).to.not.contain('comment');
    expect(rulesOf(ruleset, 'nat', 'KUBE-SERVICES')[0]).to.contain('comment');
  });

  it('reads from its rules where connections go', () => {
    const local = servicePort('ns1/svc1:p80', { internalPolicyLocal: true });
    const endpoints = (node: string) => {
      const ruleset = iptables.compile(inputOf([local, TWO]), nodeOf(node));
      return iptables.endpointsOf(ruleset, local.id);
    };
    expect(endpoints('worker-1')).to.deep.equal(['10.244.1.5:8080']);
    expect(endpoints('worker-3')).to.deep.equal([]);
  });

  it('is one of the modes that are modelled', () => {
    const names = PROXY_MODES.map(({ name }) => name);
    expect(names).to.deep.equal(['ebpf', 'iptables', 'ipvs', 'nftables']);
    expect(proxyMode('iptables')).to.equal(iptables);
    expect(proxyMode('userspace')).to.equal(undefined);
  });
});

describe('rulesets of iptables mode', () => {
  it('are one object for nodes that differ in nothing that a rule depends on', () => {
    const input = inputOf([SERVICE, TWO]);
    const other = nodeOf('worker-2', { addresses: [ip('192.168.1.12')], zone: 'b' });
    expect(iptables.compile(input, nodeOf('worker-1'))).to.equal(iptables.compile(input, other));
  });

  it('are made when the first reads them, and once', () => {
    let looks = 0;
    const watched = {
      ...SERVICE,
      get clusterIP() {
        looks++;
        return SERVICE.clusterIP;
      },
    };
    const ruleset = iptables.compile(inputOf([watched, TWO]), nodeOf('worker-1'));
    expect(looks).to.equal(0);
    expect(rulesOf(ruleset, 'nat', 'KUBE-SERVICES')[0]).to.include('10.96.0.20');
    expect(looks).to.be.above(0);
    expect(ruleset.tables).to.equal(ruleset.tables);
  });

  it('differ for nodes where a Local policy makes them', () => {
    const local = servicePort('ns1/svc1:p80', { internalPolicyLocal: true });
    const input = inputOf([local, TWO]);
    const of = (name: string) => iptables.compile(input, nodeOf(name));
    expect(of('worker-1')).to.not.equal(of('worker-2'));
    expect(of('worker-3')).to.equal(of('worker-4'));
  });

  it('share the chains of every Service that a change does not concern', () => {
    const other = servicePort('ns2/svc2:p80', { clusterIP: ip('10.96.0.21') });
    const before = inputOf([SERVICE, TWO], [other, [endpoint('10.244.3.7')]]);
    const endpoints = new Map([
      ...before.endpoints,
      ['ns1/svc1:p80/TCP', TWO.slice(0, 1)] as const,
    ]);
    const node = nodeOf('worker-1');
    const [old, now] = [before, { ...before, endpoints }].map((input) => {
      return iptables.compile(input, node).tables.get('nat')!.chains;
    });
    const unchanged = 'KUBE-SVC-GNZBNJ2PO5MGZ6GT';
    expect(now!.get(unchanged)).to.equal(old!.get(unchanged)).and.not.equal(undefined);
    expect(now!.get(`KUBE-SVC-${HASH}`)).to.not.equal(old!.get(`KUBE-SVC-${HASH}`));
  });
});
