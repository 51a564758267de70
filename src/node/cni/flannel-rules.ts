// The iptables rules that flanneld keeps on every node: which packets take the node's address
// when they leave the pod network, and that forwarding for the pod network is allowed.
// source: flannel-io/flannel pkg/trafficmngr/iptables/iptables.go (masqRules, forwardRules)

import { cidr } from '../../values/cidr';
import type { Family } from '../../values/ip';
import type { Chain, Match, Rule, Ruleset, Table, Target } from '../netfilter/ruleset';

/** What kube-proxy marks for masquerading by itself: `--iptables-masquerade-bit` 14. */
const KUBE_PROXY_MARK = 0x4000;

const MULTICAST: Readonly<Record<Family, string>> = { IPv4: '224.0.0.0/4', IPv6: 'ff00::/8' };

/** The rules of one family on all nodes, whose pods have ranges out of `clusterCIDR`. */
export class FlannelRules {
  /** What says nothing of the range of a node is the same for all of them. */
  private readonly filter: Table;
  private readonly first: Rule;
  private readonly leaving: Rule;
  private readonly entering: Rule;
  private readonly fromCluster: Match;
  private readonly toCluster: Match;
  private readonly fromElsewhere: Match;
  /** By the range of the node: all forks have the very same. */
  private readonly made = new Map<string, Ruleset>();

  constructor(clusterCIDR: string) {
    const { family } = cidr(clusterCIDR);
    const fromCluster: Match = { on: 'source', cidr: clusterCIDR };
    const toCluster: Match = { on: 'destination', cidr: clusterCIDR };
    const fromElsewhere: Match = { on: 'source', cidr: clusterCIDR, not: true };
    const toUnicast: Match = { on: 'destination', cidr: MULTICAST[family], not: true };
    this.fromCluster = fromCluster;
    this.toCluster = toCluster;
    this.fromElsewhere = fromElsewhere;
    // What kube-proxy masquerades must not be masqueraded twice.
    this.first = masq([{ on: 'mark', value: KUBE_PROXY_MARK, mask: KUBE_PROXY_MARK }], BACK);
    // What leaves the pod network takes the node's address, and so does what enters it.
    this.leaving = masq([fromCluster, toUnicast], MASQUERADE);
    this.entering = masq([fromElsewhere, toCluster], MASQUERADE);
    this.filter = table('filter', FORWARD, {
      name: 'FLANNEL-FWD',
      rules: [forward(fromCluster), forward(toCluster)],
    });
    // Forks share it.
    Object.freeze(this);
  }

  /** Those on a node whose pods have `podCIDR`. */
  on(podCIDR: string): Ruleset {
    let rules = this.made.get(podCIDR);
    if (rules === undefined) this.made.set(podCIDR, (rules = this.make(podCIDR)));
    return rules;
  }

  private make(podCIDR: string): Ruleset {
    const nat = table('nat', POSTROUTING, { name: 'FLANNEL-POSTRTG', rules: this.masqs(podCIDR) });
    const tables = new Map([
      [nat.name, nat],
      [this.filter.name, this.filter],
    ]);
    return Object.freeze({ tables });
  }

  private masqs(podCIDR: string): Rule[] {
    const fromHere: Match = { on: 'source', cidr: podCIDR };
    const toHere: Match = { on: 'destination', cidr: podCIDR };
    return [
      this.first,
      // Between pods nothing is translated.
      masq([fromHere, this.toCluster], BACK),
      masq([this.fromCluster, toHere], BACK),
      // What comes from outside to a pod of this node keeps its source.
      masq([this.fromElsewhere, toHere], BACK),
      this.leaving,
      this.entering,
    ];
  }
}

const BACK: Target = { do: 'return' };
const MASQUERADE: Target = { do: 'masquerade', randomFully: true };
const ACCEPT: Target = { do: 'accept' };
const POSTROUTING = builtIn('POSTROUTING', jump('FLANNEL-POSTRTG', 'flanneld masq'));
const FORWARD = builtIn('FORWARD', jump('FLANNEL-FWD', 'flanneld forward'));

function masq(matches: readonly Match[], target: Target): Rule {
  return { matches, target, comment: 'flanneld masq' };
}

function forward(match: Match): Rule {
  return { matches: [match], target: ACCEPT, comment: 'flanneld forward' };
}

function jump(chain: string, comment: string): Rule {
  return { matches: [], target: { do: 'jump', chain }, comment };
}

function builtIn(name: string, rule: Rule): Chain {
  return { name, policy: 'ACCEPT', rules: [rule] };
}

function table(name: Table['name'], base: Chain, own: Chain): Table {
  const chains = new Map([
    [base.name, base],
    [own.name, own],
  ]);
  return { name, chains };
}
