// The words of traces and reasons. Nothing here decides anything.

import type { Machine } from '../node/machine';
import type { RuleReference } from '../node/netfilter/ruleset';
import type { PodSandbox } from '../node/pod-sandbox';
import type { Protocol } from '../values/flow';
import type { Family } from '../values/ip';
import { formatEndpoint } from '../values/ip';
import type { FiveTuple } from '../values/flow';
import { formatInstant } from '../values/time';

/** `KUBE-SVC-XPGD46QRK7WJZT7O shop/backend:http, 1 of 3`: which rule chose the destination. */
export function explainDnat(
  machine: Machine,
  family: Family,
  rules: readonly RuleReference[],
): string {
  const choice = rules.findLast(({ rule }) => jumpsToEndpoint(rule.target));
  const chooser = choice ?? rules.at(-1);
  if (chooser === undefined) return '';
  const words = [chooser.chain, subjectOf(chooser.rule.comment)];
  const text = words.filter((word) => word !== '').join(' ');
  return choice === undefined ? text : `${text}${shareOf(machine, family, choice)}`;
}

/** `filter/KUBE-SERVICES rule 3 "shop/backend:http has no endpoints"`. */
export function explainRule({ table, chain, position, rule }: RuleReference): string {
  const comment = rule.comment === undefined ? '' : ` "${rule.comment}"`;
  return `${table}/${chain} rule ${position}${comment}`;
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
  const comment = rules.at(-1)?.rule.comment ?? '';
  return /^([a-z0-9.-]+\/[a-z0-9.-]+)(?::[a-z0-9-]*)? has no /.exec(comment)?.[1];
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
  for (const { tables } of machine.rulesets(family)) {
    const rules = tables.get(choice.table)?.chains.get(choice.chain)?.rules ?? [];
    if (rules[choice.position - 1] !== choice.rule) continue;
    // Affinity has rules of its own in front of those that share.
    if (choice.rule.matches.some((match) => match.on === 'recent')) return ', by affinity';
    const sharing = rules.filter(
      ({ target, matches }) =>
        jumpsToEndpoint(target) && !matches.some((match) => match.on === 'recent'),
    );
    if (sharing.length === 1) return ', the only endpoint';
    return `, ${sharing.indexOf(choice.rule) + 1} of ${sharing.length}`;
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
