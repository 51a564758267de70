// The ruleset that the evaluator walks has to be one that a real kernel takes. The text is checked
// everywhere; where root and the real tool are at hand, a fresh network namespace loads it.

import { execFileSync, spawnSync } from 'node:child_process';
import { expect } from 'chai';
import {
  mergeRulesets,
  renderIptables,
  renderRule,
} from '../../../src/node/netfilter/render-iptables';
import type { Rule, Ruleset } from '../../../src/node/netfilter/ruleset';
import { iptables } from '../../../src/node/proxy/iptables';
import { ip } from '../../../src/values/ip';
import type { Family } from '../../../src/values/ip';
import { ratio } from '../../../src/values/ratio';
import { endpoint, inputOf, nodeOf, servicePort } from '../proxy/proxy-fixture';

describe('rulesets as iptables-restore text', () => {
  it('print addresses first, then the protocol, the extensions and the target', () => {
    const rule: Rule = {
      matches: [
        { on: 'source', cidr: '10.244.0.0/16', not: true },
        { on: 'destination', cidr: '10.96.0.10/32' },
        { on: 'protocol', protocol: 'UDP' },
        { on: 'destination-port', port: 53 },
      ],
      comment: 'kube-system/kube-dns:dns cluster IP',
      target: { do: 'jump', chain: 'KUBE-MARK-MASQ' },
    };
    expect(renderRule('KUBE-SVC-TCOU7JCQXEZGVUNU', rule)).to.equal(
      '-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p udp -m udp --dport 53 ' +
        '-m comment --comment "kube-system/kube-dns:dns cluster IP" -j KUBE-MARK-MASQ',
    );
  });

  it('print a share with ten decimals', () => {
    const matches = [{ on: 'statistic', probability: ratio(1, 3) }] as const;
    const rule: Rule = { matches, target: { do: 'jump', chain: 'KUBE-SEP-X' } };
    expect(renderRule('KUBE-SVC-X', rule)).to.equal(
      '-A KUBE-SVC-X -m statistic --mode random --probability 0.3333333333 -j KUBE-SEP-X',
    );
  });

  it('print an IPv6 target in brackets', () => {
    const rule: Rule = {
      matches: [{ on: 'protocol', protocol: 'TCP' }],
      target: { do: 'dnat', address: ip('fd00:10::5'), port: 8080 },
    };
    expect(renderRule('KUBE-SEP-X', rule)).to.equal(
      '-A KUBE-SEP-X -p tcp -m tcp -j DNAT --to-destination [fd00:10::5]:8080',
    );
  });

  it('merge the built-in chains of a host in the order of the rulesets', () => {
    const merged = mergeRulesets([chainOf('ACCEPT', 'FIRST'), chainOf('DROP', 'SECOND')]);
    expect(renderIptables(merged)).to.equal(
      '*filter\n:FORWARD DROP [0:0]\n-A FORWARD -j FIRST\n-A FORWARD -j SECOND\nCOMMIT\n',
    );
  });

  it('refuse to merge two own chains of one name', () => {
    expect(() => mergeRulesets([ownChain('A'), ownChain('B')])).to.throw(
      'two rulesets bring a chain OWN',
    );
  });

  for (const family of ['IPv4', 'IPv6'] as const) {
    it(`are loaded by the real ${toolOf(family)}, rule by rule`, function () {
      const obstacle = whyNotHere(family);
      if (obstacle !== undefined) {
        this.test!.title += ` (skipped: ${obstacle})`;
        return this.skip();
      }
      const text = renderIptables(everyKindOfRule(family));
      const script = `${toolOf(family)} && ${toolOf(family).replace('restore', 'save')}`;
      const saved = execFileSync('unshare', ['-n', 'sh', '-c', script], { input: text }).toString();
      expect(ruleCount(saved)).to.equal(ruleCount(text));
      expect(saved).to.contain('KUBE-SVC-XPGD46QRK7WJZT7O');
    });
  }
});

function toolOf(family: Family): string {
  return family === 'IPv4' ? 'iptables-restore' : 'ip6tables-restore';
}

/** The real tool needs root, Linux and a kernel that gives out network namespaces. */
function whyNotHere(family: Family): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux';
  const probe = spawnSync('unshare', ['-n', toolOf(family), '--test'], {
    input: '*nat\nCOMMIT\n*filter\nCOMMIT\n',
  });
  return probe.status === 0 ? undefined : `no ${toolOf(family)}`;
}

/** Every kind of Service that the mode knows, on one node. */
function everyKindOfRule(family: Family): Ruleset {
  const at = (v4: string, v6: string) => ip(family === 'IPv4' ? v4 : v6);
  const vip = at('1.2.3.4', '2001:db8::4');
  const service = servicePort('ns1/svc1:p80', {
    clusterIP: at('10.96.0.20', 'fd00:96::20'),
    nodePort: 30080,
    externalIPs: [at('192.168.99.11', '2001:db8::99')],
    loadBalancerVIPs: [vip],
    loadBalancerSourceRanges: [family === 'IPv4' ? '203.0.113.0/25' : '2600:5200::/32'],
    healthCheckNodePort: 30081,
    affinitySeconds: 10_800,
    externalPolicyLocal: true,
  });
  const empty = servicePort('ns1/empty:p80', {
    clusterIP: at('10.96.0.21', 'fd00:96::21'),
    nodePort: 30082,
    externalIPs: [],
  });
  const node = nodeOf('worker-1', {
    family,
    addresses: [at('192.168.1.11', '2001:db8::11')],
    clusterCIDR: family === 'IPv4' ? '10.244.0.0/16' : 'fd00:10::/64',
  });
  const endpoints = [
    endpoint(at('10.244.1.5', 'fd00:10::5'), { nodeName: 'worker-1' }),
    endpoint(at('10.244.2.6', 'fd00:10::6'), { nodeName: 'worker-2' }),
  ];
  return iptables.compile(inputOf([service, endpoints], [empty, []]), node);
}

function jumpTo(chain: string): Rule {
  return { matches: [], target: { do: 'jump', chain } };
}

function chainOf(policy: 'ACCEPT' | 'DROP', target: string): Ruleset {
  return rulesetOf({ name: 'FORWARD', policy, rules: [jumpTo(target)] });
}

function rulesetOf(chain: { name: string; policy?: 'ACCEPT' | 'DROP'; rules: Rule[] }): Ruleset {
  const chains = new Map([[chain.name, chain]]);
  return { tables: new Map([['filter', { name: 'filter', chains }]]) };
}

function ownChain(target: string): Ruleset {
  return rulesetOf({ name: 'OWN', rules: [jumpTo(target)] });
}

function ruleCount(dump: string): number {
  return dump.split('\n').filter((line) => line.startsWith('-A')).length;
}
