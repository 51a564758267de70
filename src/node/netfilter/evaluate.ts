// Walks a packet through the rules of one hook. It draws nothing: where a rule picks at random,
// the walk splits, and every way comes back with its exact probability.
// source: net/ipv4/netfilter/ip_tables.c ipt_do_table; net/netfilter/nf_nat_core.c

import { ANY_PORT } from '../../values/flow';
import type { IP } from '../../values/ip';
import type { Packet } from '../../values/packet';
import { CERTAIN, complement, multiply, NEVER, equalRatio } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import { indexOf } from './chain-index';
import { compiledRule } from './match';
import type { HookContext } from './match';
import type { Chain, Hook, RuleReference, Ruleset, Table, TableName, Target } from './ruleset';

export type { HookContext } from './match';

export type Verdict = 'accept' | 'drop' | 'reject';

/** One way in which the packet can leave the hook. */
export interface Branch {
  readonly probability: Ratio;
  readonly verdict: Verdict;
  /** The packet as it leaves: translated and marked. */
  readonly packet: Packet;
  /** The rules that matched, in order: "by matching". Empty where only a policy decided. */
  readonly rules: readonly RuleReference[];
  /** What `recent --set` writes, should the packet really be sent. */
  readonly recentSets: readonly { readonly list: string; readonly address: IP }[];
}

/** Deeper than this, chains jump in a loop; the real iptables refuses to load such rules. */
const JUMPS_MAX = 64;

/**
 * Every way through `hook` of `table`; the probabilities add up to 1.
 *
 * Several rulesets of a host share its built-in chains: their rules run in the order of
 * `rulesets`. kube-proxy prepends its jumps, so its ruleset stands first unless a CNI that
 * inserts later is modelled to come before it; a built-in chain drops by policy where any of them
 * says so. The table `nat` is meant for the first packet of a connection alone.
 *
 * source: pkg/proxy/iptables/proxier.go iptablesJumpChains (EnsureRule with Prepend)
 */
export function traverse(
  rulesets: readonly Ruleset[],
  table: TableName,
  hook: Hook,
  packet: Packet,
  context: HookContext,
): Branch[] {
  const tables = rulesets.flatMap((ruleset) => ruleset.tables.get(table) ?? []);
  return new Walk(tables, hook, context).from(packet);
}

/** What a walk has met so far on one of its ways. */
interface Progress {
  readonly probability: Ratio;
  readonly packet: Packet;
  readonly rules: readonly RuleReference[];
  readonly recentSets: Branch['recentSets'];
}

/** Goes on behind the jump that led into a chain. */
type Resume = (progress: Progress) => void;

class Walk {
  private readonly tables: readonly Table[];
  private readonly hook: Hook;
  private readonly context: HookContext;
  private readonly branches: Branch[] = [];

  constructor(tables: readonly Table[], hook: Hook, context: HookContext) {
    this.tables = tables;
    this.hook = hook;
    this.context = context;
  }

  from(packet: Packet): Branch[] {
    this.builtIn(0, { probability: CERTAIN, packet, rules: [], recentSets: [] });
    return this.branches;
  }

  /** Runs the hook's chain of each table from `index` on, then the policy. */
  private builtIn(index: number, progress: Progress): void {
    const table = this.tables[index];
    if (table === undefined) this.end(progress, this.policy());
    else this.chain(table, this.hook, progress, 0, (after) => this.builtIn(index + 1, after));
  }

  private policy(): Verdict {
    const drops = this.tables.some((table) => table.chains.get(this.hook)?.policy === 'DROP');
    return drops ? 'drop' : 'accept';
  }

  private chain(table: Table, name: string, start: Progress, depth: number, resume: Resume): void {
    const chain = table.chains.get(name);
    if (chain === undefined || chain.rules.length === 0) return resume(start);
    if (depth > JUMPS_MAX) throw new RangeError(`chains jump in a loop at ${table.name}/${name}`);
    const candidates = indexOf(chain).candidates(start.packet.tuple);
    this.rules({ table, chain, candidates, depth, resume }, 0, start);
  }

  /** Applies the candidates from `from` on; a rule that may match or not splits the walk. */
  private rules(visit: Visit, from: number, start: Progress): void {
    let progress = start;
    for (let index = from; index < visit.candidates.length; index++) {
      const position = visit.candidates[index]!;
      const rule = visit.chain.rules[position]!;
      const compiled = compiledRule(rule);
      if (!compiled.matches(progress.packet, this.context)) continue;
      const { probability } = compiled;
      if (equalRatio(probability, NEVER)) continue;
      const taken = this.taken(visit, position, progress);
      const goesOn = this.apply(visit, rule.target, index, taken);
      if (equalRatio(probability, CERTAIN)) {
        if (goesOn === undefined) return;
        progress = goesOn;
        continue;
      }
      if (goesOn !== undefined) this.rules(visit, index + 1, goesOn);
      const missed = multiply(progress.probability, complement(probability));
      progress = { ...progress, probability: missed };
    }
    visit.resume(progress);
  }

  private taken(visit: Visit, position: number, progress: Progress): Progress {
    const rule = visit.chain.rules[position]!;
    const { probability, recentSets } = compiledRule(rule);
    const address = progress.packet.tuple.src;
    const { table, chain } = visit;
    const reference = { table: table.name, chain: chain.name, position: position + 1, rule };
    return {
      ...progress,
      probability: multiply(progress.probability, probability),
      rules: [...progress.rules, reference],
      recentSets: [...progress.recentSets, ...recentSets.map((list) => ({ list, address }))],
    };
  }

  /** What the target makes of it: the progress to go on with, or undefined where it is settled. */
  private apply(
    visit: Visit,
    target: Target,
    index: number,
    progress: Progress,
  ): Progress | undefined {
    const { packet } = progress;
    switch (target.do) {
      case 'continue':
        return progress;
      case 'mark-or':
        return { ...progress, packet: { ...packet, mark: (packet.mark | target.value) >>> 0 } };
      case 'mark-xor':
        return { ...progress, packet: { ...packet, mark: (packet.mark ^ target.value) >>> 0 } };
      case 'jump':
        this.chain(visit.table, target.chain, progress, visit.depth + 1, (after) =>
          this.rules(visit, index + 1, after),
        );
        return undefined;
      case 'return':
        // Back to the caller; in a built-in chain that is the policy.
        if (visit.depth === 0) this.end(progress, this.policy());
        else visit.resume(progress);
        return undefined;
      case 'accept':
      case 'drop':
      case 'reject':
        this.end(progress, target.do);
        return undefined;
      case 'dnat':
      case 'snat':
      case 'masquerade':
        this.end({ ...progress, packet: this.translated(packet, target) }, 'accept');
        return undefined;
    }
  }

  private translated(packet: Packet, target: Translation): Packet {
    const { tuple } = packet;
    switch (target.do) {
      case 'dnat':
        return { ...packet, tuple: { ...tuple, dst: target.address, dport: target.port } };
      case 'snat':
        return { ...packet, tuple: { ...tuple, src: target.address } };
      case 'masquerade': {
        const src = this.context.masqueradeAddress;
        if (src === undefined) throw new RangeError('masquerade without an outgoing address');
        // Without --random-fully the kernel keeps the port while it is free.
        const sport = target.randomFully ? ANY_PORT : tuple.sport;
        return { ...packet, tuple: { ...tuple, src, sport } };
      }
    }
  }

  private end(progress: Progress, verdict: Verdict): void {
    this.branches.push({ ...progress, verdict });
  }
}

type Translation = Extract<Target, { do: 'dnat' | 'snat' | 'masquerade' }>;

/** One chain being walked. */
interface Visit {
  readonly table: Table;
  readonly chain: Chain;
  /** Positions of the rules that the packet could meet. */
  readonly candidates: readonly number[];
  readonly depth: number;
  readonly resume: Resume;
}
