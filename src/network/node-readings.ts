// What a walk has read of nodes, noted so finely that its answer stands while other rules and other
// processes than those on its way come and go: the chains that it has passed, and the processes of
// the pods that it has met. All else of a node is noted by whoever asks (Cluster.standing).

import { isReading, noteReading } from '../kernel/readings';
import type { Readable } from '../kernel/readings';
import type { Machine } from '../node/machine';
import { backendOf } from '../node/netfilter/ruleset';
import type { Chain, Ruleset } from '../node/netfilter/ruleset';
import type { PodSandbox } from '../node/pod-sandbox';
import type { Family } from '../values/ip';

/** How the rulesets of a host are made, without what stands in their chains. */
const SHAPE = 'shape';
/** Which rulesets they are. */
const WHOLE = 'whole';

/** The rules of one family on one host. */
export class RulesOfHost implements Readable {
  private readonly machine: Machine;
  private readonly family: Family;
  private known: readonly Ruleset[] = [];
  private version = 0;

  constructor(machine: Machine, family: Family) {
    this.machine = machine;
    this.family = family;
  }

  standing(key: unknown): unknown {
    const rulesets = this.machine.rulesets(this.family);
    if (key === SHAPE) return rulesets.map(shapeOf).join('; ');
    if (key === WHOLE) return rulesets.map(numberOf).join(' ');
    return rulesets.some((ruleset) => holds(ruleset, key as Chain));
  }

  whole(): number {
    const rulesets = this.machine.rulesets(this.family);
    const { known } = this;
    if (rulesets.length !== known.length || rulesets.some((it, index) => it !== known[index])) {
      this.known = rulesets;
      this.version++;
    }
    return this.version;
  }
}

/** The processes of one pod in one network namespace. */
export class ProcessesOfPod implements Readable {
  private readonly sandbox: PodSandbox;

  constructor(sandbox: PodSandbox) {
    this.sandbox = sandbox;
  }

  standing(): string {
    let all = '';
    for (const { container, state, startedAt, exitedAt } of this.sandbox.processes.values()) {
      all += `${container} ${state} ${startedAt} ${exitedAt};`;
    }
    return all;
  }
}

const rulesOfHosts: Readonly<Record<Family, WeakMap<Machine, RulesOfHost>>> = {
  IPv4: new WeakMap(),
  IPv6: new WeakMap(),
};
const processesOfPods = new WeakMap<PodSandbox, ProcessesOfPod>();

/** The rules of a host, for a walk that reads some of them. */
export function rulesetsOn(machine: Machine, family: Family): readonly Ruleset[] {
  if (isReading()) noteReading(rulesOf(machine, family), SHAPE);
  return machine.rulesets(family);
}

/** Notes each chain that a walk passes on a host; undefined where nobody takes notes. */
export function chainReader(
  machine: Machine,
  family: Family,
): ((chain: Chain | undefined) => void) | undefined {
  if (!isReading()) return undefined;
  const rules = rulesOf(machine, family);
  return (chain) => {
    // That a chain is not there is told by all of the rules; and where two kube-proxies have
    // written rules, the same chain can stand with both and go from one.
    if (chain === undefined || machine.leftRules.size > 0) noteReading(rules, WHOLE);
    else noteReading(rules, chain, true);
  };
}

/** A walk has asked which ports of a host are taken: kube-proxy opens some with its rules. */
export function noteListeners(machine: Machine): void {
  if (!isReading()) return;
  noteReading(rulesOf(machine, 'IPv4'), WHOLE);
  noteReading(rulesOf(machine, 'IPv6'), WHOLE);
}

/** A walk has met the processes of a pod. */
export function noteProcesses(sandbox: PodSandbox): void {
  if (!isReading()) return;
  let processes = processesOfPods.get(sandbox);
  if (processes === undefined) {
    processes = new ProcessesOfPod(sandbox);
    processesOfPods.set(sandbox, processes);
  }
  noteReading(processes, '');
}

function rulesOf(machine: Machine, family: Family): RulesOfHost {
  const known = rulesOfHosts[family];
  let rules = known.get(machine);
  if (rules === undefined) known.set(machine, (rules = new RulesOfHost(machine, family)));
  return rules;
}

function holds({ tables }: Ruleset, chain: Chain): boolean {
  for (const { chains } of tables.values()) if (chains.get(chain.name) === chain) return true;
  return false;
}

const shapes = new WeakMap<Ruleset, string>();
const numbers = new WeakMap<Ruleset, number>();
let numbered = 0;

/**
 * Equal for rulesets of iptables' tables with the same built-in chains, which differ in chains
 * alone; its own number for any other one.
 */
function shapeOf(ruleset: Ruleset): string {
  let shape = shapes.get(ruleset);
  if (shape === undefined) {
    const { sets, nft, ipvs, ebpf } = ruleset;
    const isPlain = [sets, nft, ipvs, ebpf].every((it) => it === undefined);
    shape = isPlain ? plainShape(ruleset) : String(numberOf(ruleset));
    shapes.set(ruleset, shape);
  }
  return shape;
}

const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;

function plainShape(ruleset: Ruleset): string {
  const tables = [...ruleset.tables.values()].map(({ name, chains }) => {
    const hooks = HOOKS.filter((hook) => chains.has(hook));
    return `${name} ${hooks.join(' ')}`;
  });
  return [backendOf(ruleset), ...tables].join(', ');
}

function numberOf(ruleset: Ruleset): number {
  let number = numbers.get(ruleset);
  if (number === undefined) numbers.set(ruleset, (number = numbered++));
  return number;
}
