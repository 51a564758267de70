// Walks a packet through the rules of one hook. It draws nothing: where a rule picks at random,
// the walk splits, and every way comes back with its exact probability.
// source: net/ipv4/netfilter/ip_tables.c ipt_do_table; net/netfilter/nf_tables_core.c
// nft_do_chain; net/netfilter/nf_nat_core.c nf_nat_inet_fn

import { ANY_PORT } from '../../values/flow';
import type { IP } from '../../values/ip';
import type { Packet } from '../../values/packet';
import { CERTAIN, equalRatio, multiply, NEVER, ratio } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import { indexOf } from './chain-index';
import type { ChainIndex } from './chain-index';
import { balanceInbound } from './ebpf';
import type { EbpfTable } from './ebpf';
import { balance } from './ipvs';
import { layersAt } from './layers';
import type { Layer, RuleLayer, RuleSource } from './layers';
import { elementKey } from './match';
import type { CompiledRule, HookContext, RecentSetting } from './match';
import type { Chain, Hook, RuleReference, Ruleset, TableName, Target } from './ruleset';

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
  /** What goes into `recent` lists, should the packet really be sent. */
  readonly recentSets: readonly (RecentSetting & { readonly address: IP })[];
  /** Which of the ways that a choice has this one is, where fewer than all of them come back. */
  readonly turn?: number;
  /** Nobody behind may translate it any more. */
  readonly isFinal?: boolean;
}

/** Deeper than this, chains jump in a loop; the real tools refuse to load such rules. */
const JUMPS_MAX = 64;

/**
 * Every way through `hook` of `table`; the probabilities add up to 1.
 *
 * Several rulesets of a host share iptables' built-in chains: their rules run in the order of
 * `rulesets`. kube-proxy prepends its jumps, so its ruleset stands first unless a CNI that
 * inserts later is modelled to come before it; a built-in chain drops by policy where any of them
 * says so. The two back ends of iptables have built-in chains each, and a packet passes both. Base
 * chains of nft run at the place that their priority gives them. The table `nat` is meant for the
 * first packet of a connection alone; whoever translates it first settles it.
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
  let branches: Branch[] = [
    { probability: CERTAIN, verdict: 'accept', packet, rules: [], recentSets: [] },
  ];
  for (const layer of layersAt(rulesets, table, hook)) {
    const ways: Branch[] = [];
    for (const branch of branches) {
      if (isSettled(branch)) ways.push(branch);
      else if ('ebpf' in layer) ways.push(...passEbpf(layer, branch, context));
      else if ('ipvs' in layer) ways.push(...balance(layer.ipvs, branch, context));
      else new Walk(layer, context, ways).from(branch);
    }
    branches = ways;
  }
  return branches;
}

/** What eBPF has translated on its way in, no rule translates again on its way out. */
function passEbpf(
  { ebpf, isOutbound }: Extract<Layer, { readonly ebpf: EbpfTable }>,
  branch: Branch,
  context: HookContext,
): readonly Branch[] {
  if (!isOutbound) return balanceInbound(ebpf, branch, context);
  return [context.isDnat ? { ...branch, isFinal: true } : branch];
}

/** An accepted packet goes on to the next chain of the hook, unless its translation is chosen. */
function isSettled({ verdict, rules, isFinal }: Branch): boolean {
  return verdict !== 'accept' || isFinal === true || isTranslation(rules.at(-1)?.rule.target);
}

/** What a walk has met so far on one of its ways. */
type Progress = Omit<Branch, 'verdict' | 'isFinal' | 'turn'>;

/** Goes on behind the jump that led into a chain. */
type Resume = (progress: Progress) => void;

class Walk {
  private readonly layer: RuleLayer;
  private readonly context: HookContext;
  /** Takes up every way through the layer. */
  private readonly branches: Branch[];

  constructor(layer: RuleLayer, context: HookContext, branches: Branch[]) {
    this.layer = layer;
    this.context = context;
    this.branches = branches;
  }

  from({ probability, packet, rules, recentSets }: Progress): void {
    this.entry(0, { probability, packet, rules, recentSets });
  }

  /** Runs the layer's chains from `index` on, then the policy. */
  private entry(index: number, progress: Progress): void {
    const entry = this.layer.entries[index];
    if (entry === undefined) return this.end(progress, this.layer.policy);
    const { source, chain } = entry;
    this.chain(source, chain, progress, 0, (after) => this.entry(index + 1, after));
  }

  private chain(
    source: RuleSource,
    chain: Chain | undefined,
    start: Progress,
    depth: number,
    resume: Resume,
  ): void {
    this.context.reads?.(chain);
    if (chain === undefined || chain.rules.length === 0) return resume(start);
    if (depth > JUMPS_MAX)
      throw new RangeError(`chains jump in a loop at ${source.name}/${chain.name}`);
    const index = indexOf(chain);
    const candidates = index.candidates(start.packet.tuple);
    this.rules({ source, chain, index, candidates, depth, resume }, 0, start);
  }

  /** Applies the candidates from `from` on; a rule that may match or not splits the walk. */
  private rules(visit: Visit, from: number, start: Progress): void {
    let progress = start;
    for (let index = from; index < visit.candidates.length; index++) {
      const position = visit.candidates[index]!;
      const compiled = visit.index.ruleAt(position);
      if (!compiled.matches(progress.packet, this.context, visit.source.sets)) continue;
      const { probability } = compiled;
      if (equalRatio(probability, NEVER)) continue;
      const taken = this.taken(visit, position, compiled, progress);
      const goesOn = this.apply(visit, visit.chain.rules[position]!.target, index, taken);
      if (equalRatio(probability, CERTAIN)) {
        if (goesOn === undefined) return;
        progress = goesOn;
        continue;
      }
      if (goesOn !== undefined) this.rules(visit, index + 1, goesOn);
      const missed = multiply(progress.probability, compiled.missed);
      progress = { ...progress, probability: missed };
    }
    visit.resume(progress);
  }

  private taken(
    visit: Visit,
    position: number,
    { probability, recentSets }: CompiledRule,
    progress: Progress,
  ): Progress {
    const { source, chain } = visit;
    const rule = chain.rules[position]!;
    const { packet, rules } = progress;
    const place = { table: source.name, chain: chain.name, position: position + 1, rule };
    const { backend } = source;
    const reference = backend === undefined ? place : { ...place, backend };
    const address = packet.tuple.src;
    return {
      packet,
      probability: multiply(progress.probability, probability),
      rules: [...rules, reference],
      recentSets:
        recentSets.length === 0
          ? progress.recentSets
          : [...progress.recentSets, ...recentSets.map((it) => ({ ...it, address }))],
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
      case 'notrack':
        return progress;
      case 'mark-or':
        return { ...progress, packet: { ...packet, mark: (packet.mark | target.value) >>> 0 } };
      case 'mark-xor':
        return { ...progress, packet: { ...packet, mark: (packet.mark ^ target.value) >>> 0 } };
      case 'jump':
        this.to(visit, target.chain, progress, (after) => this.rules(visit, index + 1, after));
        return undefined;
      case 'goto':
        this.to(visit, target.chain, progress, visit.resume);
        return undefined;
      case 'random-goto':
        for (const chain of target.chains) {
          this.to(visit, chain, shared(progress, target.chains.length), visit.resume);
        }
        return undefined;
      case 'verdict-map':
        return this.byMap(visit, target, index, progress);
      case 'return':
        // Back to the caller; in a chain that the kernel called that is the policy.
        if (visit.depth === 0) this.end(progress, this.layer.policy);
        else visit.resume(progress);
        return undefined;
      case 'accept':
      case 'drop':
      case 'reject':
        this.end(progress, target.do);
        return undefined;
      case 'random-dnat':
        for (const endpoint of target.to) {
          this.translate(shared(progress, target.to.length), { do: 'dnat', ...endpoint });
        }
        return undefined;
      case 'dnat':
      case 'snat':
      case 'masquerade':
        this.translate(progress, target);
        return undefined;
    }
  }

  private to(visit: Visit, name: string, progress: Progress, resume: Resume): void {
    const { source, depth } = visit;
    this.chain(source, source.chains.get(name), progress, depth + 1, resume);
  }

  private byMap(
    visit: Visit,
    { map, fields }: Extract<Target, { do: 'verdict-map' }>,
    index: number,
    progress: Progress,
  ): Progress | undefined {
    const key = elementKey(fields, progress.packet);
    const found = visit.source.maps.get(map)?.elements.get(key);
    // A rule whose map knows nothing of the packet has not matched.
    if (found === undefined) return { ...progress, rules: progress.rules.slice(0, -1) };
    const reference = { ...progress.rules.at(-1)!, element: { ...found, key } };
    const rules = [...progress.rules.slice(0, -1), reference];
    return this.apply(visit, found.verdict, index, { ...progress, rules });
  }

  private translate(progress: Progress, target: Translation): void {
    this.end({ ...progress, packet: this.translated(progress.packet, target) }, 'accept');
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
        const mark = (packet.mark & ~(target.clearMark ?? 0)) >>> 0;
        return { ...packet, mark, tuple: { ...tuple, src, sport } };
      }
    }
  }

  private end({ probability, packet, rules, recentSets }: Progress, verdict: Verdict): void {
    this.branches.push({ probability, verdict, packet, rules, recentSets });
  }
}

/** One of `count` equal shares of the way. */
function shared(progress: Progress, count: number): Progress {
  return { ...progress, probability: multiply(progress.probability, ratio(1, count)) };
}

type Translation = Extract<Target, { do: 'dnat' | 'snat' | 'masquerade' }>;

const TRANSLATIONS: readonly Target['do'][] = ['dnat', 'random-dnat', 'snat', 'masquerade'];

function isTranslation(target: Target | undefined): boolean {
  return target !== undefined && TRANSLATIONS.includes(target.do);
}

/** One chain being walked. */
interface Visit {
  readonly source: RuleSource;
  readonly chain: Chain;
  readonly index: ChainIndex;
  /** Positions of the rules that the packet could meet. */
  readonly candidates: readonly number[];
  readonly depth: number;
  readonly resume: Resume;
}
