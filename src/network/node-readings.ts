// What a walk has read of nodes, noted so finely that its answer stands while other rules and other
// processes than those on its way come and go: the chains that it has passed, and the processes of
// the pods that it has met. All else of a node is noted by whoever asks (Cluster.standing).

import { currentRound, isReading, noteReading } from '../kernel/readings';
import type { Key, Place, Readable } from '../kernel/readings';
import type { Machine } from '../node/machine';
import { backendOf } from '../node/netfilter/ruleset';
import type { Chain, Ruleset } from '../node/netfilter/ruleset';
import type { ContainerProcess, PodSandbox } from '../node/pod-sandbox';
import type { Family } from '../values/ip';

/** How the rulesets of a host are made, without what stands in their chains. */
const SHAPE = 'shape';
/** Which rulesets they are. */
const WHOLE = 'whole';

/** Where forks have what is read of nodes. */
const RULES = { IPv4: 'rules of IPv4', IPv6: 'rules of IPv6' } as const;
const PROCESSES = 'processes';

/** The rulesets of a host by who has written them. */
interface RulesetParts {
  proxy: Ruleset | undefined;
  cni: Ruleset | undefined;
  cache: Ruleset | undefined;
  left: Ruleset | undefined;
  isLeftFirst: boolean;
}

const NO_RULESETS: Readonly<RulesetParts> = {
  proxy: undefined,
  cni: undefined,
  cache: undefined,
  left: undefined,
  isLeftFirst: false,
};

/** The rules of one family on one host. */
export class RulesOfHost implements Readable {
  readonly movesInTurns = true;
  readonly place: Place;
  private readonly machine: Machine;
  private readonly family: Family;
  /** What `known` was made of: comparing these makes no list, and all walks ask. */
  private readonly parts: RulesetParts = { ...NO_RULESETS };
  private known: readonly Ruleset[] | undefined = [];
  private version = 0;
  /** The round in which they were followed last. */
  private round = -1;
  private shape: string | undefined;
  private text: string | undefined;
  /** Whether a chain is among them: many ways pass the same ones. */
  private held: Map<Chain, boolean> | undefined;

  constructor(machine: Machine, family: Family) {
    this.place = { room: RULES[family], name: machine.name };
    this.machine = machine;
    this.family = family;
  }

  /** All that stand now: the same list for as long as the same ones do. */
  get rulesets(): readonly Ruleset[] {
    this.follow();
    return (this.known ??= this.machine.rulesets(this.family));
  }

  standing(key: unknown): unknown {
    const { rulesets } = this;
    if (key === SHAPE) return (this.shape ??= rulesets.map(shapeOf).join('; '));
    if (key === WHOLE) return this.commonWhole();
    const chain = key as Chain;
    const held = (this.held ??= new Map());
    let isHeld = held.get(chain);
    if (isHeld === undefined) {
      isHeld = rulesets.some((ruleset) => holds(ruleset, chain));
      held.set(chain, isHeld);
    }
    return isHeld;
  }

  /** Chains and rulesets are shared by forks, and one that is made anew is another one for all. */
  common(key: Key): unknown {
    return this.standing(key);
  }

  whole(): number {
    if (this.round !== currentRound()) this.follow();
    return this.version;
  }

  commonWhole(): string {
    if (this.round !== currentRound()) this.follow();
    return (this.text ??= this.rulesets.map(numberOf).join(' '));
  }

  private follow(): void {
    this.round = currentRound();
    const { machine, family, parts } = this;
    const left = machine.leftRules.get(family);
    const isSame =
      machine.proxyRules.get(family) === parts.proxy &&
      machine.cniRules.get(family) === parts.cni &&
      machine.dnsCacheRules.get(family) === parts.cache &&
      left === parts.left &&
      (left === undefined || machine.asksLeftFirst === parts.isLeftFirst);
    if (isSame) return;
    parts.proxy = machine.proxyRules.get(family);
    parts.cni = machine.cniRules.get(family);
    parts.cache = machine.dnsCacheRules.get(family);
    parts.left = left;
    parts.isLeftFirst = machine.asksLeftFirst;
    this.known = undefined;
    this.shape = undefined;
    this.text = undefined;
    this.held = undefined;
    this.version++;
  }
}

/** The processes of one pod in one network namespace. */
export class ProcessesOfPod implements Readable {
  readonly movesInTurns = true;
  readonly place: Place;
  private readonly sandbox: PodSandbox;
  /** How each process stood when somebody asked last. */
  private readonly known: Known[] = [];
  private version = 0;
  /** How many of them were compared, and whether one has moved: while they are. */
  private compared = 0;
  private hasMoved = false;
  /** The round in which they were compared last. */
  private round = -1;
  /** What was told of them, and of which version. */
  private told: string | undefined;
  private toldOf = 0;

  constructor(sandbox: PodSandbox) {
    this.place = { room: PROCESSES, name: sandbox.podKey };
    this.sandbox = sandbox;
  }

  standing(): number {
    this.follow();
    return this.version;
  }

  /** Counts up where something has moved since somebody asked last. */
  whole(): number {
    if (this.round !== currentRound()) this.follow();
    return this.version;
  }

  /**
   * All that a first packet meets of them: since when a process runs matters only to connections
   * that stand (connection-ends.ts), and its end only where somebody is told of it (explain.ts).
   */
  common(): string {
    const version = this.standing();
    if (this.told === undefined || version !== this.toldOf) {
      const { uid, processes } = this.sandbox;
      this.told = [uid, ...[...processes.values()].map(tellProcess)].join('; ');
      this.toldOf = version;
    }
    return this.told;
  }

  private follow(): void {
    this.round = currentRound();
    const { processes } = this.sandbox;
    this.compared = 0;
    this.hasMoved = this.known.length !== processes.size;
    processes.forEach(ProcessesOfPod.compare, this);
    this.known.length = this.compared;
    if (this.hasMoved) this.version++;
  }

  /**
   * One function for all, since every look asks: an iterator each time would be much to clear. It
   * is no field of theirs either, since a fork copies those and no functions.
   */
  private static compare(this: ProcessesOfPod, process: ContainerProcess): void {
    const last = this.known[this.compared];
    if (last === undefined || !isAsKnown(process, last)) {
      this.known[this.compared] = knownOf(process);
      this.hasMoved = true;
    }
    this.compared++;
  }
}

/** What moves a process, as far as anybody who meets it can tell. */
type Known = Readonly<
  Pick<ContainerProcess, 'container' | 'state' | 'listen' | 'startedAt' | 'exitedAt'>
>;

function knownOf({ container, state, listen, startedAt, exitedAt }: ContainerProcess): Known {
  return { container, state, listen, startedAt, exitedAt };
}

function isAsKnown(process: ContainerProcess, known: Known): boolean {
  return (
    process.container === known.container &&
    process.state === known.state &&
    process.listen === known.listen &&
    process.startedAt === known.startedAt &&
    process.exitedAt === known.exitedAt
  );
}

function tellProcess({ container, state, listen, exitCode, exitedAt }: ContainerProcess): string {
  const end = state === 'exited' ? `${exitCode} ${exitedAt}` : '';
  return `${container} ${state} ${end} ${JSON.stringify(listen)}`;
}

/**
 * Where a machine or a sandbox has what is read of it. Under a symbol that is no state: copies have
 * none of it. In a WeakMap it would keep its cluster until old garbage is collected.
 */
const READ = {
  IPv4: Symbol('IPv4'),
  IPv6: Symbol('IPv6'),
  processes: Symbol('processes'),
} as const;

/** What has something under such a symbol. */
type Read<T> = Record<symbol, T | undefined>;

/** The rules of a host, for a walk that reads some of them. */
export function rulesetsOn(machine: Machine, family: Family): readonly Ruleset[] {
  const rules = rulesOf(machine, family);
  noteReading(rules, SHAPE);
  return rules.rulesets;
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
  if (isReading()) noteReading(processesOf(sandbox), '');
}

/** What holds the place of a fork, for what was read of nodes in another one. */
export function nodeReadingAt(
  { room, name }: Place,
  machines: ReadonlyMap<string, Machine>,
  directory: ReadonlyMap<string, PodSandbox>,
): Readable | undefined {
  if (room === PROCESSES) {
    const sandbox = directory.get(name);
    return sandbox && processesOf(sandbox);
  }
  const machine = machines.get(name);
  if (machine === undefined) return undefined;
  if (room === RULES.IPv4) return rulesOf(machine, 'IPv4');
  return room === RULES.IPv6 ? rulesOf(machine, 'IPv6') : undefined;
}

function processesOf(sandbox: PodSandbox): ProcessesOfPod {
  const read = sandbox as PodSandbox & Read<ProcessesOfPod>;
  return (read[READ.processes] ??= new ProcessesOfPod(sandbox));
}

function rulesOf(machine: Machine, family: Family): RulesOfHost {
  const read = machine as Machine & Read<RulesOfHost>;
  return (read[READ[family]] ??= new RulesOfHost(machine, family));
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
    const isPlain = (sets ?? nft ?? ipvs ?? ebpf) === undefined;
    shape = isPlain ? plainShape(ruleset) : String(numberOf(ruleset));
    shapes.set(ruleset, shape);
  }
  return shape;
}

const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;

function plainShape(ruleset: Ruleset): string {
  let shape: string = backendOf(ruleset);
  for (const { name, chains } of ruleset.tables.values()) {
    shape += `, ${name}`;
    for (const hook of HOOKS) if (chains.has(hook)) shape += ` ${hook}`;
  }
  return shape;
}

function numberOf(ruleset: Ruleset): number {
  let number = numbers.get(ruleset);
  if (number === undefined) numbers.set(ruleset, (number = numbered++));
  return number;
}
