// kube-proxy's IPVS mode: virtual servers for what clients dial, ipsets for the rules, and how a
// real server leaves (services §6b; unmeasured, from code).

import { expect } from 'chai';
import { answered, newEntry } from '../../../src/node/netfilter/conntrack-entry';
import { renderRule } from '../../../src/node/netfilter/render-iptables';
import { virtualServerKey, virtualServersOf } from '../../../src/node/netfilter/virtual-server';
import type { Ruleset, TableName } from '../../../src/node/netfilter/ruleset';
import { GracefulTermination } from '../../../src/node/proxy/graceful-termination';
import { ipvs } from '../../../src/node/proxy/ipvs';
import type { ProxyNode, ServicePort } from '../../../src/node/proxy/proxy-mode';
import { ip } from '../../../src/values/ip';
import { START } from '../../../src/values/time';
import type { Protocol } from '../../../src/values/flow';
import { PacketWalk } from '../../vectors/first-packet';
import { endpoint, inputOf, nodeOf, servicePort } from './proxy-fixture';

const TWO = [
  endpoint('10.244.1.5', { nodeName: 'worker-1' }),
  endpoint('10.244.2.6', { nodeName: 'worker-2' }),
];

function compiled(service: Partial<ServicePort> = {}, node: Partial<ProxyNode> = {}): Ruleset {
  const input = inputOf([servicePort('ns1/svc1:p80', service), TWO]);
  return ipvs.compile(input, nodeOf('worker-1', node));
}

function rulesOf({ tables }: Ruleset, table: TableName, chain: string): string[] {
  const rules = tables.get(table)!.chains.get(chain)!.rules;
  return rules.map((rule) => renderRule(chain, rule).replace(`-A ${chain} `, ''));
}

function serversOf({ ipvs: table }: Ruleset): string[] {
  return [...virtualServersOf(table!)].map(({ protocol, address: vip, port, ...virtual }) => {
    const { servers, scheduler } = virtual;
    const key = virtualServerKey(protocol, vip, port);
    const texts = servers.map(({ address, weight }) => `${address}*${weight}`);
    return `${key} ${scheduler} → ${texts.join()}`;
  });
}

describe('ipvs mode', () => {
  it('has a virtual server for every address and every NodePort of the node, not of loopback', () => {
    const ruleset = compiled({
      nodePort: 30_080,
      externalIPs: [ip('198.51.100.7')],
      loadBalancerVIPs: [ip('203.0.113.7')],
    });
    const servers = '10.244.1.5*1,10.244.2.6*1';
    expect(serversOf(ruleset)).to.deep.equal([
      `TCP 10.96.0.20:80 rr → ${servers}`,
      `TCP 198.51.100.7:80 rr → ${servers}`,
      `TCP 203.0.113.7:80 rr → ${servers}`,
      `TCP 192.168.1.11:30080 rr → ${servers}`,
    ]);
    expect([...ruleset.ipvs!.addresses]).to.deep.equal([
      '10.96.0.20',
      '198.51.100.7',
      '203.0.113.7',
    ]);
  });

  it('takes the scheduler that is configured, and persistence from the Service', () => {
    const ruleset = compiled({ affinitySeconds: 600 }, { scheduler: 'lc' });
    const [virtual] = ruleset.ipvs!.servers.values();
    expect(virtual).to.deep.include({ scheduler: 'lc', persistence: 600 });
  });

  it('lets a Local policy fall back to all endpoints where it has a cluster list', () => {
    const elsewhere = (service: Partial<ServicePort>) => {
      const input = inputOf([servicePort('ns1/svc1:p80', service), TWO]);
      return serversOf(ipvs.compile(input, nodeOf('worker-3')));
    };
    expect(elsewhere({ internalPolicyLocal: true })).to.deep.equal(['TCP 10.96.0.20:80 rr → ']);
    expect(elsewhere({ internalPolicyLocal: true, nodePort: 30_080 })[0]).to.equal(
      'TCP 10.96.0.20:80 rr → 10.244.1.5*1,10.244.2.6*1',
    );
  });

  it('returns loopback first, so NodePorts do not answer on it', () => {
    const [first] = rulesOf(compiled({ nodePort: 30_080 }), 'nat', 'KUBE-SERVICES');
    expect(first).to.equal('-s 127.0.0.0/8 -j RETURN');
  });

  it('asks ipsets, and leaves out rules about empty ones', () => {
    const chain = rulesOf(compiled(), 'nat', 'KUBE-SERVICES');
    expect(chain.some((rule) => rule.includes('KUBE-LOAD-BALANCER'))).to.equal(false);
    expect(chain[1])
      .to.contain('! -s 10.244.0.0/16')
      .and.contain('-m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ');
  });

  it('marks by the source where no pods can be told: the host dials as the address itself', () => {
    const chain = rulesOf(compiled({}, { clusterCIDR: undefined }), 'nat', 'KUBE-SERVICES');
    expect(chain[1]).to.contain('--match-set KUBE-CLUSTER-IP src,dst -j KUBE-MARK-MASQ');
  });

  it('calls its sets KUBE-6 for IPv6', () => {
    const service = servicePort('ns1/svc1:p80', { clusterIP: ip('fd00:96::20') });
    const node = nodeOf('worker-1', { family: 'IPv6', addresses: [ip('2001:db8::11')] });
    const { sets } = ipvs.compile(inputOf([service, []]), node);
    expect([...sets!.keys()]).to.deep.equal(['KUBE-6-CLUSTER-IP', 'KUBE-6-IPVS-IPS']);
  });

  it('refuses a port that no Service has on a Service address', () => {
    const walk = new PacketWalk(compiled(), nodeOf('worker-1'));
    const ask = { from: 'pod', src: '10.244.1.9', dst: '10.96.0.20', protocol: 'TCP' } as const;
    const verdicts = [80, 81].map((port) => walk.fates({ ...ask, port })[0]!.verdict);
    expect(verdicts).to.deep.equal(['dnat', 'reject']);
  });

  it('prints the three tools one after the other', () => {
    const text = ipvs.render(compiled({ nodePort: 30_080 }));
    expect(text).to.contain('create KUBE-CLUSTER-IP hash:ip,port family inet');
    expect(text).to.contain('add KUBE-CLUSTER-IP 10.96.0.20,tcp:80\n');
    expect(text).to.contain('add KUBE-LOOP-BACK 10.244.1.5,tcp:8080,10.244.1.5\n');
    expect(text).to.contain('create KUBE-NODE-PORT-TCP bitmap:port range 0-65535\n');
    expect(text).to.contain('# iptables-save\n*filter\n').and.contain('# ipvsadm -ln\nIP Virtual');
  });

  it('knows the pods of a node behind however many of others', () => {
    const others = Array.from({ length: 600 }, (_, index) => {
      const address = `10.244.${2 + (index >> 8)}.${index & 255}`;
      return endpoint(address, { nodeName: 'worker-2' });
    });
    const input = inputOf([servicePort('ns1/svc1:p80'), [...others, endpoint('10.244.9.9')]]);
    const hairpin = (node: string) => {
      const sets = ipvs.compile(input, nodeOf(node)).sets!;
      return [...(sets.get('KUBE-LOOP-BACK')?.elements ?? [])].length;
    };
    const nodes = ['worker-1', 'worker-2', 'worker-3'];
    expect(nodes.map(hairpin)).to.deep.equal([1, 600, 0]);
  });

  it('reads from its virtual servers where connections go', () => {
    const { id } = servicePort('ns1/svc1:p80');
    expect(ipvs.endpointsOf(compiled(), id)).to.deep.equal(['10.244.1.5:8080', '10.244.2.6:8080']);
  });
});

describe('a real server that leaves', () => {
  const rulesets = (protocol: Protocol) => {
    const port = servicePort('ns1/svc1:p80');
    const service = { ...port, id: { ...port.id, protocol } };
    const of = (endpoints: typeof TWO) => {
      return ipvs.compile(inputOf([service, endpoints]), nodeOf('worker-1'));
    };
    return { before: of(TWO), after: of(TWO.slice(0, 1)) };
  };
  const connection = (protocol: Protocol) => {
    const client = { src: ip('10.244.1.9'), sport: 40_000 };
    const original = { protocol, ...client, dst: ip('10.96.0.20'), dport: 80 };
    const server = { src: ip('10.244.2.6'), sport: 8080 };
    const reply = { protocol, ...server, dst: client.src, dport: 40_000 };
    return answered(newEntry(original, reply, START), START);
  };
  const termination = new GracefulTermination();

  it('keeps its TCP connections at weight 0, and goes when they have gone', () => {
    const { before, after } = rulesets('TCP');
    const writing = { start: START, connections: [connection('TCP')] };
    const drained = termination.written(before, after, writing);
    expect(serversOf(drained)).to.deep.equal(['TCP 10.96.0.20:80 rr → 10.244.1.5*1,10.244.2.6*0']);
    expect(termination.ended(before, after, writing)).to.deep.equal([]);
    expect(termination.written(drained, after, { ...writing, connections: [] })).to.equal(after);
  });

  it('ends UDP flows at once', () => {
    const { before, after } = rulesets('UDP');
    const flow = connection('UDP');
    const writing = { start: START, connections: [flow] };
    expect(termination.written(before, after, writing)).to.equal(after);
    expect(termination.ended(before, after, writing)).to.deep.equal([flow]);
  });

  it('ends every connection where its virtual server goes', () => {
    const { before } = rulesets('TCP');
    const nothing = ipvs.compile(inputOf(), nodeOf('worker-1'));
    const open = connection('TCP');
    const writing = { start: START, connections: [open] };
    expect(termination.ended(before, nothing, writing)).to.deep.equal([open]);
  });
});
