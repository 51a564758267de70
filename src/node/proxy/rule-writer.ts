// One sync of kube-proxy, and what it leaves in the kernel once it has succeeded: the rules, and
// no connection that only the rules before could have made.

import type { Kernel } from '../../kernel/kernel';
import type { Effect, SyncExtent, Timing } from '../../timing';
import type { Family } from '../../values/ip';
import type { KubeVersion } from '../../values/kube-version';
import type { Instant } from '../../values/time';
import type { Conntrack } from '../netfilter/conntrack';
import { HOST_BACKEND } from '../netfilter/ruleset';
import type { IptablesBackend, RuleSource, Ruleset } from '../netfilter/ruleset';
import { staleEntries } from './conntrack-cleanup';
import type { LateInput } from './proxy-inputs';
import { servicePortKey } from './proxy-mode';
import type { ProxyInput, ProxyMode, ProxyNode, Replacement, ServicePortName } from './proxy-mode';
import type { RestoreFaults } from './restore-faults';

/** A sync under way: what it is made from was seen when it started. */
export interface Sync {
  readonly start: Instant;
  readonly input: ProxyInput;
  /** What the sync before was made from, whether or not it succeeded. */
  readonly before: ProxyInput | undefined;
  readonly effect: Effect;
  /** The journal entries of what was seen since the sync before, in order. */
  readonly causes: readonly number[];
  /** A partial sync writes the Services that changed, and what all Services share. */
  readonly extent: SyncExtent;
  /** Asked for by the watch of the canary and not by the runner. */
  readonly isForced: boolean;
  /** Until when it waits for the lock of iptables. */
  lockedUntil: Instant | undefined;
  /** Since the rules are built. */
  ruleset: Ruleset | undefined;
}

/** What kube-proxy needs of its machine. */
export interface ProxyMachine {
  readonly name: string;
  readonly powered: boolean;
  readonly proxyRules: Map<Family, Ruleset>;
  /** Has `source` write its rules when somebody reads any of the host's. */
  awaitRules(source: RuleSource): void;
  /** The back end of iptables to which it writes, where it writes to iptables. */
  readonly proxyBackend: IptablesBackend;
  /** The back ends to which it has written since the host booted, in that order. */
  hookedBackends: readonly IptablesBackend[];
  /** What it has written to the other back end before, and whether the kernel asks that first. */
  readonly leftRules: ReadonlyMap<Family, Ruleset>;
  readonly asksLeftFirst: boolean;
  readonly conntrack: Conntrack;
  /** Whether it may remember any connection. */
  readonly hasConnections: boolean;
}

export interface RuleWriterOptions {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly machine: ProxyMachine;
  readonly mode: ProxyMode;
  readonly node: ProxyNode;
}

/** The back ends of hosts with one alone. */
const FIRST: Readonly<Record<IptablesBackend, readonly IptablesBackend[]>> = {
  nft: Object.freeze(['nft'] as const),
  legacy: Object.freeze(['legacy'] as const),
};

/** What one process writes. */
export class RuleWriter implements RuleSource {
  private readonly options: RuleWriterOptions;
  private readonly actor: string;
  private readonly faults: RestoreFaults;
  /** What this process remembers of rules that it has replaced. */
  private readonly replacement: Replacement | undefined;
  /** What rules are to be made from that nobody has read yet. */
  private first: LateInput | undefined;

  constructor(options: RuleWriterOptions, actor: string, faults: RestoreFaults) {
    this.options = options;
    this.actor = actor;
    this.faults = faults;
    this.replacement = options.mode.replacement?.(options.timing);
  }

  /** Returns whether anything in the kernel is another than before. */
  write(sync: Sync): boolean {
    // Only a full sync writes the jumps that lead to the rules: without them these are as none.
    const isReachable = sync.extent === 'full' || !this.faults.isFlushed;
    if (isReachable) this.faults.isFlushed = false;
    const changed = isReachable && this.replace(sync.ruleset!, sync.start);
    const cleaned = this.cleanUp(sync);
    return changed || cleaned;
  }

  /**
   * Writes the first rules of a host, which nobody makes before somebody reads them. Returns false
   * where they cannot wait: by what is written connections end.
   */
  writeLater(input: LateInput): boolean {
    const { machine } = this.options;
    if (machine.hasConnections) return false;
    this.hook();
    this.first = input;
    machine.awaitRules(this);
    return true;
  }

  /** Somebody reads the rules of the host. */
  writeRules(): void {
    const { machine, mode, node } = this.options;
    const ruleset = mode.compile(this.first!.input, node);
    this.first = undefined;
    const isOfHost = machine.proxyBackend === HOST_BACKEND;
    this.set(isOfHost ? ruleset : this.inBackend(ruleset, undefined));
  }

  /** The rules stay as they were. */
  failed(): void {
    this.replacement?.failed?.();
  }

  /** Writes the rules into the kernel, with what lingers there of the old ones. */
  private replace(ruleset: Ruleset, start: Instant): boolean {
    const { kernel, machine, node } = this.options;
    const standing = machine.proxyRules.get(node.family);
    let written = ruleset;
    if (this.replacement !== undefined && standing !== undefined) {
      const connections = machine.conntrack.list(kernel.now);
      const writing = { start, connections };
      written = this.replacement.written(standing, ruleset, writing);
      const ended = this.replacement.ended?.(standing, ruleset, writing) ?? [];
      for (const entry of ended) machine.conntrack.delete(entry);
    }
    if (machine.proxyBackend !== HOST_BACKEND) written = this.inBackend(written, standing);
    this.set(written);
    this.hook();
    return standing !== written;
  }

  private set(ruleset: Ruleset): void {
    const { machine, node } = this.options;
    machine.proxyRules.set(node.family, Object.freeze(ruleset));
  }

  private hook(): void {
    const { machine } = this.options;
    const { hookedBackends, proxyBackend } = machine;
    if (hookedBackends.includes(proxyBackend)) return;
    // Most hosts have one for all of their life, and so the same list.
    const isFirst = hookedBackends.length === 0;
    machine.hookedBackends = isFirst ? FIRST[proxyBackend] : hookedBackends.concat(proxyBackend);
  }

  /** The same rules as tables of another back end than the host's. */
  private inBackend(ruleset: Ruleset, standing: Ruleset | undefined): Ruleset {
    const backend = this.options.machine.proxyBackend;
    const isSame = standing?.backend === backend && standing.tables === ruleset.tables;
    return isSame ? standing : { ...ruleset, backend };
  }

  /** Removes UDP connections to endpoints that are gone. Returns whether there were any. */
  private cleanUp({ input, before }: Sync): boolean {
    const { kernel, machine, node } = this.options;
    if (!machine.hasConnections) return false;
    const kubernetes = node.kubernetes as KubeVersion;
    const synced = { family: node.family, kubernetes, input, before };
    const stale = staleEntries(machine.conntrack.list(kernel.now), synced);
    for (const entry of stale) machine.conntrack.delete(entry);
    if (stale.length > 0) {
      kernel.note(this.actor, 'removed', 'conntrack entries', `${stale.length} of UDP`);
    }
    return stale.length > 0;
  }
}

/**
 * Endpoints (`ip:port`) to which the rules in the kernel send connections of a Service port. Of two
 * rulesets, the one that is asked first decides, unless it knows none.
 */
export function endpointsInKernel(
  { machine, mode, node }: Pick<RuleWriterOptions, 'machine' | 'mode' | 'node'>,
  id: ServicePortName,
): readonly string[] {
  const { proxyRules, leftRules, asksLeftFirst } = machine;
  const [first, second] = asksLeftFirst ? [leftRules, proxyRules] : [proxyRules, leftRules];
  const found = endpointsIn(first.get(node.family), mode, id);
  return found.length > 0 ? found : endpointsIn(second.get(node.family), mode, id);
}

/** By Service port: most nodes have one and the same ruleset. */
const known = new WeakMap<Ruleset, Map<string, readonly string[]>>();
const NONE: readonly string[] = [];

function endpointsIn(
  ruleset: Ruleset | undefined,
  mode: ProxyMode,
  id: ServicePortName,
): readonly string[] {
  if (ruleset === undefined) return NONE;
  let byPort = known.get(ruleset);
  if (byPort === undefined) known.set(ruleset, (byPort = new Map()));
  const key = servicePortKey(id);
  let endpoints = byPort.get(key);
  if (endpoints === undefined) byPort.set(key, (endpoints = mode.endpointsOf(ruleset, id)));
  return endpoints;
}
