// The iptables rules that flanneld keeps on every node: which packets take the node's address
// when they leave the pod network, and that forwarding for the pod network is allowed.
// source: flannel-io/flannel pkg/trafficmngr/iptables/iptables.go (masqRules, forwardRules)

import type { Family } from '../../values/ip';
import type { Chain, Match, Rule, Ruleset, Table, Target } from '../netfilter/ruleset';

/** What kube-proxy marks for masquerading by itself: `--iptables-masquerade-bit` 14. */
const KUBE_PROXY_MARK = 0x4000;

const MULTICAST: Readonly<Record<Family, string>> = { IPv4: '224.0.0.0/4', IPv6: 'ff00::/8' };

/** The rules of one family on a node whose pods have `podCIDR` out of `clusterCIDR`. */
export function flannelRules(family: Family, clusterCIDR: string, podCIDR: string): Ruleset {
  const nat = table('nat', [
    builtIn('POSTROUTING', [jump('FLANNEL-POSTRTG', 'flanneld masq')]),
    { name: 'FLANNEL-POSTRTG', rules: masqueradeRules(family, clusterCIDR, podCIDR) },
  ]);
  const filter = table('filter', [
    builtIn('FORWARD', [jump('FLANNEL-FWD', 'flanneld forward')]),
    {
      name: 'FLANNEL-FWD',
      rules: [
        forward([{ on: 'source', cidr: clusterCIDR }]),
        forward([{ on: 'destination', cidr: clusterCIDR }]),
      ],
    },
  ]);
  return { tables: new Map([nat, filter].map((it) => [it.name, it])) };
}

function masqueradeRules(family: Family, clusterCIDR: string, podCIDR: string): Rule[] {
  const fromCluster: Match = { on: 'source', cidr: clusterCIDR };
  const toCluster: Match = { on: 'destination', cidr: clusterCIDR };
  const fromHere: Match = { on: 'source', cidr: podCIDR };
  const toHere: Match = { on: 'destination', cidr: podCIDR };
  const toMulticast: Match = { on: 'destination', cidr: MULTICAST[family] };
  const back: Target = { do: 'return' };
  const masquerade: Target = { do: 'masquerade', randomFully: true };
  return [
    // What kube-proxy masquerades must not be masqueraded twice.
    masq([{ on: 'mark', value: KUBE_PROXY_MARK, mask: KUBE_PROXY_MARK }], back),
    // Between pods nothing is translated.
    masq([fromHere, toCluster], back),
    masq([fromCluster, toHere], back),
    // What comes from outside to a pod of this node keeps its source.
    masq([{ ...fromCluster, not: true }, toHere], back),
    // What leaves the pod network takes the node's address, and so does what enters it.
    masq([fromCluster, { ...toMulticast, not: true }], masquerade),
    masq([{ ...fromCluster, not: true }, toCluster], masquerade),
  ];
}

function masq(matches: readonly Match[], target: Target): Rule {
  return { matches, target, comment: 'flanneld masq' };
}

function forward(matches: readonly Match[]): Rule {
  return { matches, target: { do: 'accept' }, comment: 'flanneld forward' };
}

function jump(chain: string, comment: string): Rule {
  return { matches: [], target: { do: 'jump', chain }, comment };
}

function builtIn(name: string, rules: readonly Rule[]): Chain {
  return { name, policy: 'ACCEPT', rules };
}

function table(name: Table['name'], chains: readonly Chain[]): Table {
  return { name, chains: new Map(chains.map((chain) => [chain.name, chain])) };
}
