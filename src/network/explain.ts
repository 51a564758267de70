// The words of traces and reasons. Nothing here decides anything.

import type { Machine } from '../node/machine';
import { backendOf } from '../node/netfilter/ruleset';
import type { Rule, RuleReference, TableName, TranslationTarget } from '../node/netfilter/ruleset';
import type { PodSandbox } from '../node/pod-sandbox';
import type { Protocol } from '../values/flow';
import { familyOf, formatEndpoint } from '../values/ip';
import type { Family } from '../values/ip';
import type { FiveTuple } from '../values/flow';
import { formatInstant } from '../values/time';
import { rulesetsOn } from './node-readings';

/** `KUBE-SVC-XPGD46QRK7WJZT7O shop/backend:http, 1 of 3`: which rule chose the destination. */
export function explainDnat(
  machine: Machine,
  tuple: FiveTuple,
  rules: readonly RuleReference[],
): string {
  return `${choiceOf(machine, tuple, rules)}${explainOwner(machine, familyOf(tuple.dst), rules)}`;
}

/**
 * `, in iptables-legacy, which another kube-proxy has left`, where the rule that decided is not of
 * the kube-proxy that runs.
 */
export function explainOwner(
  { leftRules }: Machine,
  family: Family,
  rules: readonly RuleReference[],
): string {
  const [left, last] = [leftRules.get(family), rules.at(-1)];
  if (left === undefined || last === undefined) return '';
  const { table, chain, position, rule } = last;
  const standing = left.tables.get(table as TableName)?.chains.get(chain)?.rules[position - 1];
  if (backendOf(last) !== backendOf(left) || standing !== rule) return '';
  return `, in iptables-${backendOf(left)}, which another kube-proxy has left`;
}

function choiceOf(machine: Machine, tuple: FiveTuple, rules: readonly RuleReference[]): string {
  const picked = pickOf(tuple, rules);
  if (picked !== undefined) return picked;
  const choice = rules.findLast(({ rule }) => jumpsToEndpoint(rule.target));
  const chooser = choice ?? rules.at(-1);
  if (chooser === undefined) return '';
  const words = [chooser.chain, subjectOf(chooser.rule.comment)];
  const text = words.filter((word) => word !== '').join(' ');
  const family = familyOf(tuple.dst);
  return choice === undefined ? text : `${text}${shareOf(machine, family, choice)}`;
}

/** The rule of nft that picked at random, or found the client in the set of an endpoint. */
function pickOf(tuple: FiveTuple, rules: readonly RuleReference[]): string | undefined {
  const index = rules.findLastIndex(({ rule }) => picks(rule));
  const pick = rules[index];
  if (pick === undefined) return undefined;
  const { target } = pick.rule;
  if (target.do === 'random-dnat') {
    const isTaken = (it: TranslationTarget) => it.address === tuple.dst && it.port === tuple.dport;
    return `${pick.chain}${ordinal(target.to.findIndex(isTaken), target.to.length)}`;
  }
  if (target.do !== 'random-goto') return `${pick.chain}, by affinity`;
  const taken = target.chains.indexOf(rules[index + 1]?.chain ?? '');
  return `${pick.chain}${ordinal(taken, target.chains.length)}`;
}

function picks({ target, matches }: Rule): boolean {
  if (target.do === 'random-dnat' || target.do === 'random-goto') return true;
  return target.do === 'goto' && matches.some(({ on }) => on === 'recent');
}

function ordinal(index: number, count: number): string {
  return count === 1 ? ', the only endpoint' : `, ${index + 1} of ${count}`;
}

/**
 * `filter/KUBE-SERVICES rule 3 "shop/backend:http has no endpoints"`, or for a map of nft
 * `kube-proxy/service-endpoints-check map no-endpoint-services "shop/backend:http"`.
 */
export function explainRefusal(rules: readonly RuleReference[]): string {
  const decisive = refusingElement(rules) ?? rules.at(-1);
  if (decisive === undefined) return '';
  const { table, chain, position, rule, element } = decisive;
  if (element !== undefined && rule.target.do === 'verdict-map') {
    return `${table}/${chain} map ${rule.target.map} "${element.comment}"`;
  }
  const comment = rule.comment === undefined ? '' : ` "${rule.comment}"`;
  // What IPVS and eBPF decide is a matter of no single rule.
  const place = position === 0 ? chain : `${chain} rule ${position}`;
  return `${table}/${place}${comment}`;
}

/** `10.244.1.1  KUBE-POSTROUTING kubernetes service traffic requiring SNAT`. */
export function explainSnat(tuple: FiveTuple, rules: readonly RuleReference[]): string {
  const last = rules.at(-1);
  const port = tuple.sport === 'any' ? ', random port' : '';
  const rule = last === undefined ? '' : `  ${last.chain} ${last.rule.comment ?? ''}`.trimEnd();
  return `to ${tuple.src}${port}${rule}`;
}

/** `shop/backend` out of a rule's comment `shop/backend:http has no endpoints`, if it names one. */
export function serviceOf(rules: readonly RuleReference[]): string | undefined {
  const element = refusingElement(rules)?.element;
  if (element !== undefined) return element.comment!.split(':')[0];
  const comment = rules.at(-1)?.rule.comment ?? '';
  return /^([a-z0-9.-]+\/[a-z0-9.-]+)(?::[a-z0-9-]*)? has no /.exec(comment)?.[1];
}

/** The map element that names the Service for which it refuses. */
function refusingElement(rules: readonly RuleReference[]): RuleReference | undefined {
  return rules.findLast(({ element }) => element?.comment !== undefined);
}

/** Why nothing takes a packet for this port in the pod. */
export function explainSilence(sandbox: PodSandbox, protocol: Protocol, port: number): string {
  const nothing = `nothing listens on ${port}`;
  for (const process of sandbox.processes.values()) {
    if (!process.listen.some((it) => it.port === port && it.protocol === protocol)) continue;
    if (process.state === 'starting') return `${nothing} yet, its container is still starting`;
    if (process.state === 'exited') {
      const when = formatInstant(process.exitedAt);
      return `${nothing}, its container exited (${process.exitCode}) at ${when}`;
    }
  }
  const open = [...sandbox.processes.values()]
    .filter(({ state }) => state === 'running' || state === 'draining')
    .flatMap(({ listen }) => listen.map((it) => `${it.port}/${it.protocol}`));
  return open.length === 0 ? nothing : `${nothing}, its containers listen on ${open.join(', ')}`;
}

/** The same for the addresses of a host, which its host-network pods share. */
export function explainHostSilence(machine: Machine, protocol: Protocol, port: number): string {
  for (const sandbox of machine.hostSandboxes) {
    const listens = [...sandbox.processes.values()].flatMap(({ listen }) => listen);
    if (listens.some((it) => it.port === port && it.protocol === protocol)) {
      return `${explainSilence(sandbox, protocol, port)} (pod ${sandbox.podKey})`;
    }
  }
  return `nothing on the node listens on ${port}`;
}

export function endpointText(tuple: FiveTuple): string {
  return formatEndpoint(tuple.dst, tuple.dport);
}

/** `, 1 of 3`: the place of an endpoint's rule among those that share the traffic. */
function shareOf(machine: Machine, family: Family, choice: RuleReference): string {
  for (const { tables } of rulesetsOn(machine, family)) {
    const rules = tables.get(choice.table as TableName)?.chains.get(choice.chain)?.rules ?? [];
    if (rules[choice.position - 1] !== choice.rule) continue;
    // Affinity has rules of its own in front of those that share.
    if (choice.rule.matches.some((match) => match.on === 'recent')) return ', by affinity';
    const sharing = rules.filter(
      ({ target, matches }) =>
        jumpsToEndpoint(target) && !matches.some((match) => match.on === 'recent'),
    );
    return ordinal(sharing.indexOf(choice.rule), sharing.length);
  }
  return '';
}

function jumpsToEndpoint(target: RuleReference['rule']['target']): boolean {
  return target.do === 'jump' && target.chain.startsWith('KUBE-SEP-');
}

/** The Service port at the head of a kube-proxy comment: `shop/backend:http -> 10.244.2.7:8080`. */
function subjectOf(comment: string | undefined): string {
  return comment?.split(' ')[0] ?? '';
}
