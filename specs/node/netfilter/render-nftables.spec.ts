// The nft table that the evaluator walks has to be one that a real kernel takes. Where root and
// nft are at hand, a fresh network namespace loads the text and lists it again: what comes back is
// what was written, but for the order of elements.

import { execFileSync, spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { mapElement, renderNftRule } from '../../../src/node/netfilter/render-nftables';
import type { Rule } from '../../../src/node/netfilter/ruleset';
import { nftables } from '../../../src/node/proxy/nftables';
import { ip } from '../../../src/values/ip';
import type { Family } from '../../../src/values/ip';
import { compareText } from '../../../src/values/order';
import { endpoint, inputOf, nodeOf, servicePort } from '../proxy/proxy-fixture';

describe('nft rules as text', () => {
  it('read as nft lists them', () => {
    const hairpin: Rule = {
      matches: [
        { on: 'state', states: ['DNAT'] },
        {
          on: 'set',
          set: 'hairpin-connections',
          fields: ['source', 'destination', 'protocol', 'destination-port'],
        },
      ],
      target: { do: 'masquerade', randomFully: true },
    };
    expect(renderNftRule(hairpin, 'IPv4')).to.equal(
      'ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections ' +
        'masquerade fully-random',
    );
    const pick: Rule = {
      matches: [{ on: 'protocol', protocol: 'TCP' }],
      target: {
        do: 'random-dnat',
        to: [
          { address: ip('10.244.0.10'), port: 9898 },
          { address: ip('10.244.0.8'), port: 9898 },
        ],
      },
    };
    expect(renderNftRule(pick, 'IPv4')).to.equal(
      'meta l4proto tcp dnat ip to numgen random mod 2 ' +
        'map { 0 : 10.244.0.10 . 9898, 1 : 10.244.0.8 . 9898 }',
    );
  });

  it('say ip6 for IPv6', () => {
    const rule: Rule = {
      matches: [{ on: 'source', cidr: 'fd00:10::/64', not: true }],
      target: { do: 'mark-or', value: 0x4000 },
    };
    expect(renderNftRule(rule, 'IPv6')).to.equal(
      'ip6 saddr != fd00:10::/64 meta mark set meta mark | 0x00004000',
    );
  });

  it('put the comment of a map element behind its key', () => {
    const element = { verdict: { do: 'goto', chain: 'reject-chain' }, comment: 'ns/svc' } as const;
    expect(mapElement('10.96.0.21 . tcp . 80', element)).to.equal(
      '10.96.0.21 . tcp . 80 comment "ns/svc" : goto reject-chain',
    );
  });

  it('refuse what nft has no word for', () => {
    const share: Rule = {
      matches: [{ on: 'statistic', probability: { numerator: 1, denominator: 2 } }],
      target: { do: 'accept' },
    };
    expect(() => renderNftRule(share, 'IPv4')).to.throw('nft has no statistic match');
  });
});

describe('the nft table of kube-proxy', () => {
  for (const family of ['IPv4', 'IPv6'] as const) {
    for (const kubernetes of ['1.35', '1.36']) {
      it(`is loaded by the real nft (${family}, Kubernetes ${kubernetes})`, function () {
        const obstacle = whyNotHere();
        if (obstacle !== undefined) {
          this.test!.title += ` (skipped: ${obstacle})`;
          return this.skip();
        }
        for (const nodePortAddresses of [[], ['0.0.0.0/0', '::/0']]) {
          const text = everyKindOfRule(family, kubernetes, nodePortAddresses);
          const script = 'nft -f - && nft list ruleset';
          const listed = execFileSync('unshare', ['-n', 'sh', '-c', script], { input: text });
          expect(linesOf(listed.toString())).to.deep.equal(linesOf(text));
        }
      });
    }
  }
});

function whyNotHere(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux';
  const probe = spawnSync('unshare', ['-n', 'nft', '-f', '-'], { input: 'table ip probe {}\n' });
  return probe.status === 0 ? undefined : 'no nft';
}

/** Without the order of elements, which in listings of nft depends on the byte order. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace('elements = {', '').trim());
  return lines.map((line) => line.replace(/( }|,)$/, '')).sort(compareText);
}

/** Every kind of Service that the mode knows, on one node. */
function everyKindOfRule(
  family: Family,
  kubernetes: string,
  nodePortAddresses: readonly string[],
): string {
  const at = (v4: string, v6: string) => ip(family === 'IPv4' ? v4 : v6);
  const full = servicePort('ns1/svc1:p80', {
    clusterIP: at('10.96.0.20', 'fd00:96::20'),
    nodePort: 30_080,
    externalIPs: [at('192.168.99.11', '2001:db8:99::99')],
    loadBalancerVIPs: [at('1.2.3.4', '2001:db8:4::4')],
    loadBalancerSourceRanges: [
      family === 'IPv4' ? '203.0.113.0/25' : '2600:5200::/32',
      family === 'IPv4' ? '192.168.1.0/24' : '2001:db8::/64',
    ],
    affinitySeconds: 10_800,
    externalPolicyLocal: true,
  });
  const plain = servicePort('ns1/plain:p80', {
    clusterIP: at('10.96.0.22', 'fd00:96::22'),
    nodePort: 30_083,
  });
  const empty = servicePort('ns1/empty:p80', {
    clusterIP: at('10.96.0.21', 'fd00:96::21'),
    nodePort: 30_082,
  });
  const endpoints = [
    endpoint(at('10.244.1.5', 'fd00:10::5'), { nodeName: 'worker-1' }),
    endpoint(at('10.244.2.6', 'fd00:10::6'), { nodeName: 'worker-2' }),
  ];
  const node = nodeOf('worker-1', {
    family,
    kubernetes,
    nodePortAddresses,
    addresses: [at('192.168.1.11', '2001:db8::11')],
    clusterCIDR: family === 'IPv4' ? '10.244.0.0/16' : 'fd00:10::/64',
    serviceCIDRs: [family === 'IPv4' ? '10.96.0.0/12' : 'fd00:96::/108'],
  });
  const input = inputOf([full, endpoints], [plain, endpoints], [empty, []]);
  return nftables.render(nftables.compile(input, node));
}
