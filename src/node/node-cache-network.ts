// The network that a DNS cache sets up on its node: an interface with the addresses at which it
// listens, and rules that take its packets out of connection tracking, and so past kube-proxy.
// source: kubernetes/dns cmd/node-cache/app/cache_app.go initIptables, setupNetworking

import { familyOf } from '../values/ip';
import type { IP } from '../values/ip';
import type { Protocol } from '../values/flow';
import { DNS_PORT } from '../workloads/index';
import type { NodeCache } from '../workloads/index';
import type { Machine } from './machine';
import type { Chain, Match, Rule, Ruleset, Table, Target } from './netfilter/ruleset';

const SKIP_CONNTRACK = 'NodeLocal DNS Cache: skip conntrack';
const ALLOW_TRAFFIC = 'NodeLocal DNS Cache: allow DNS traffic';

/** source: drivers/net/dummy.c dummy_setup (ether_setup) */
const MTU = 1_500;

/** What the process does once it serves. Done again it changes nothing. */
export function setUpNodeCache(machine: Machine, cache: NodeCache): void {
  const [first] = cache.addresses;
  if (first === undefined) return;
  if (cache.setupInterface) {
    const addresses = cache.addresses.map((it) => `${it}/${familyOf(it) === 'IPv4' ? 32 : 128}`);
    machine.setDevice({ name: cache.interfaceName, kind: 'dummy', addresses, mtu: MTU });
  }
  if (cache.setupIptables) machine.dnsCacheRules.set(familyOf(first), rulesetFor(cache));
}

/**
 * What the process does before it ends in good order. One that is killed, or whose log.Fatal ends
 * it, leaves everything behind: packets for its addresses stay on the node and find nobody.
 */
export function tearDownNodeCache(machine: Machine, cache: NodeCache): void {
  const [first] = cache.addresses;
  if (first === undefined || cache.skipTeardown) return;
  if (cache.setupInterface) machine.removeDevice(cache.interfaceName);
  if (cache.setupIptables) machine.dnsCacheRules.delete(familyOf(first));
}

/** Twelve rules for each address, in the order in which they are put before what stands. */
function rulesetFor({ addresses, healthPort }: NodeCache): Ruleset {
  const accept: Target = { do: 'accept' };
  const both = (make: (protocol: Protocol) => Rule): Rule[] => [make('TCP'), make('UDP')];
  const each = (make: (address: IP) => readonly Rule[]): Rule[] => addresses.flatMap(make);
  const prerouting = each((it) => both((protocol) => to(it, protocol, DNS_PORT)));
  const output = each((it) => [
    ...both((protocol) => from(it, protocol, DNS_PORT)),
    ...both((protocol) => to(it, protocol, DNS_PORT)),
    to(it, 'TCP', healthPort),
    from(it, 'TCP', healthPort),
  ]);
  const arriving = each((it) => both((protocol) => to(it, protocol, DNS_PORT, accept)));
  const leaving = each((it) => both((protocol) => from(it, protocol, DNS_PORT, accept)));
  return {
    tables: new Map([
      ['raw', table('raw', builtIn('PREROUTING', prerouting), builtIn('OUTPUT', output))],
      ['filter', table('filter', builtIn('INPUT', arriving), builtIn('OUTPUT', leaving))],
    ]),
  };
}

function to(address: IP, protocol: Protocol, port: number, target: Target = NOTRACK): Rule {
  const ends: Match[] = [
    { on: 'destination', cidr: hostRange(address) },
    { on: 'destination-port', port },
  ];
  return rule(protocol, ends, target);
}

function from(address: IP, protocol: Protocol, port: number, target: Target = NOTRACK): Rule {
  const ends: Match[] = [
    { on: 'source', cidr: hostRange(address) },
    { on: 'source-port', port },
  ];
  return rule(protocol, ends, target);
}

const NOTRACK: Target = { do: 'notrack' };

function rule(protocol: Protocol, ends: readonly Match[], target: Target): Rule {
  const comment = target.do === 'notrack' ? SKIP_CONNTRACK : ALLOW_TRAFFIC;
  return { matches: [{ on: 'protocol', protocol }, ...ends], target, comment };
}

function hostRange(address: IP): string {
  return `${address}/${familyOf(address) === 'IPv4' ? 32 : 128}`;
}

/** Each rule stands before those that were put in earlier. */
function builtIn(name: string, rules: readonly Rule[]): Chain {
  return { name, policy: 'ACCEPT', rules: [...rules].reverse() };
}

function table(name: Table['name'], ...chains: readonly Chain[]): Table {
  return { name, chains: new Map(chains.map((chain) => [chain.name, chain])) };
}
