// All policies and pods of a cluster as rows of bits: for every set of policies that some pods
// are under, who is allowed to be at the other end of a flow to one port. A verdict between two
// pods is then two looks; all pairs are unions of rows. What a change does not touch stays.
//
// The slow obvious twin is specs/reference/policy-decision.ts; specs/node/policy/ holds the two
// against each other.

import { Bitset } from '../../values/bitset';
import { cidr } from '../../values/cidr';
import type { Protocol } from '../../values/flow';
import type { Family, IP } from '../../values/ip';
import { isIn, PodClasses } from './pod-classes';
import { comparePolicies, UPSTREAM } from './policy';
import type {
  BlockPeer,
  Direction,
  Peer,
  Policy,
  PolicyPod,
  PolicyRule,
  PortRule,
  Semantics,
} from './policy';
import { Reachability } from './reachability';

/** The port that flows are asked about, and the family of their addresses. */
export interface PortQuestion {
  readonly protocol: Protocol;
  readonly port: number;
  readonly family: Family;
}

/** The policies that the same pods are under, with the rows that follow from them. */
interface Target {
  readonly key: string;
  readonly policies: readonly Policy[];
  readonly rows: Map<string, Sized>;
}

/** Bits for the classes that there were when they were computed. */
interface Sized {
  readonly bits: Bitset;
  readonly size: number;
}

interface Entry {
  readonly pod: PolicyPod;
  classId: number;
}

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

export class CompiledPolicies {
  /** How many rows were computed: what specs count instead of time. */
  rowsComputed = 0;
  private readonly semantics: Semantics;
  private readonly classes = new PodClasses();
  private readonly podsByKey = new Map<string, Entry>();
  private readonly keyByAddress = new Map<IP, string>();
  /** How many pods each class has. */
  private readonly counts: number[] = [];
  private readonly policiesByKey = new Map<string, { policy: Policy; serial: number }>();
  private readonly targets = new Map<string, Target>();
  private readonly targetOfClass: Readonly<Record<Direction, (Target | undefined)[]>> = {
    ingress: [],
    egress: [],
  };
  private subjects = new WeakMap<Policy, Sized>();
  private peers = new WeakMap<Peer, Sized>();
  private serial = 0;

  constructor(semantics: Semantics = UPSTREAM) {
    this.semantics = semantics;
  }

  pod(key: string): PolicyPod | undefined {
    return this.podsByKey.get(key)?.pod;
  }

  /** The pod that has an address. */
  podAt(address: IP): PolicyPod | undefined {
    return this.pod(this.keyByAddress.get(address) ?? '');
  }

  pods(): readonly PolicyPod[] {
    return [...this.podsByKey.values()].map(({ pod }) => pod);
  }

  policies(): readonly Policy[] {
    return [...this.policiesByKey.values()].map(({ policy }) => policy);
  }

  /** Adds a pod, or what has become of one. */
  setPod(pod: PolicyPod): void {
    this.removePod(pod.key);
    const classId = this.classes.classOf(pod);
    this.podsByKey.set(pod.key, { pod, classId });
    this.counts[classId] = (this.counts[classId] ?? 0) + 1;
    for (const address of pod.addresses) this.keyByAddress.set(address, pod.key);
  }

  removePod(key: string): void {
    const entry = this.podsByKey.get(key);
    if (entry === undefined) return;
    this.podsByKey.delete(key);
    this.counts[entry.classId]! -= 1;
    for (const address of entry.pod.addresses) {
      // The address may belong to another pod by now.
      if (this.keyByAddress.get(address) === key) this.keyByAddress.delete(address);
    }
  }

  /** Adds a policy, or what has become of one. */
  setPolicy(policy: Policy): void {
    this.removePolicy(policy.key);
    this.policiesByKey.set(policy.key, { policy, serial: this.serial++ });
    for (const block of blocksOf(policy)) this.split(block);
    this.forgetTargets(policy);
  }

  removePolicy(key: string): void {
    const known = this.policiesByKey.get(key);
    if (known === undefined) return;
    this.forgetTargets(known.policy);
    this.policiesByKey.delete(key);
    for (const [text, { policies }] of this.targets) {
      if (policies.includes(known.policy)) this.targets.delete(text);
    }
  }

  /** Whether both ends let the first packet of a flow between two known pods through. */
  allows(source: string, destination: string, question: PortQuestion): boolean {
    return (
      this.admits(source, destination, 'egress', question) &&
      this.admits(destination, source, 'ingress', question)
    );
  }

  /** Whether the policies about one pod let it send to, or get from, another known pod. */
  admits(own: string, other: string, direction: Direction, question: PortQuestion): boolean {
    const row = this.rowOf(this.entryOf(own).classId, direction, question);
    return own === other || row === undefined || row.has(this.entryOf(other).classId);
  }

  /** Who reaches whom on one port. */
  reachability(question: PortQuestion): Reachability {
    const rows = (direction: Direction) => (classId: number) =>
      this.rowOf(classId, direction, question);
    const classOf = (podKey: string) => this.podsByKey.get(podKey)?.classId;
    return new Reachability(this.counts, rows('egress'), rows('ingress'), classOf);
  }

  private entryOf(podKey: string): Entry {
    const entry = this.podsByKey.get(podKey);
    if (entry === undefined) throw new RangeError(`no pod ${podKey}`);
    return entry;
  }

  /** Who may be at the other end of a pod's flows; undefined where nothing restricts it. */
  private rowOf(classId: number, direction: Direction, question: PortQuestion): Bitset | undefined {
    const target = this.targetOf(classId, direction);
    if (target.policies.length === 0) return undefined;
    const { protocol, port, family } = question;
    // A named port of an ingress rule is looked up in the pod itself.
    const own = direction === 'ingress' ? this.classes.at(classId).portsKey : '';
    const key = `${protocol}/${port}/${family}/${own}`;
    const known = target.rows.get(key);
    if (known?.size === this.classes.size) return known.bits;
    const bits = this.computeRow(target.policies, classId, direction, question);
    this.rowsComputed++;
    target.rows.set(key, { bits, size: this.classes.size });
    return bits;
  }

  /** Tier after tier; within one, each class is decided by the first rule that matches it. */
  private computeRow(
    policies: readonly Policy[],
    classId: number,
    direction: Direction,
    question: PortQuestion,
  ): Bitset {
    const allowed = new Bitset();
    let passed = new Bitset();
    const undecided = Bitset.below(this.classes.size);
    const ask = (rule: PolicyRule): Bitset =>
      this.ruleBits(rule, classId, direction, question).intersect(undecided);
    const askTier = (tier: Policy['tier']): void => {
      for (const policy of policies) {
        if (policy.tier !== tier) continue;
        for (const rule of policy[direction] ?? []) {
          const found = ask(rule);
          undecided.subtract(found);
          if (rule.action === 'allow') allowed.unite(found);
          else if (rule.action === 'pass') passed.unite(found);
        }
      }
    };
    askTier('admin');
    undecided.unite(passed);
    passed = new Bitset();
    if (policies.some(({ tier }) => tier === 'namespace')) {
      askTier('namespace');
      return allowed;
    }
    askTier('baseline');
    return allowed.unite(undecided).unite(passed);
  }

  /** The classes at the other end that a rule means. */
  private ruleBits(
    { peers, ports }: PolicyRule,
    classId: number,
    direction: Direction,
    question: PortQuestion,
  ): Bitset {
    const size = this.classes.size;
    const onPort = this.portBits(ports, classId, direction, question);
    if (onPort?.isEmpty === true) return onPort;
    let found: Bitset;
    if (peers === undefined) found = Bitset.below(size);
    else {
      found = new Bitset(size);
      for (const peer of peers) {
        if (isAsked(peer, question.family, this.semantics)) found.unite(this.peerBits(peer));
      }
    }
    return onPort === undefined ? found : found.intersect(onPort);
  }

  /** The classes for which the rule speaks of that port; undefined for all of them. */
  private portBits(
    ports: readonly PortRule[] | undefined,
    classId: number,
    direction: Direction,
    { protocol, port }: PortQuestion,
  ): Bitset | undefined {
    if (ports === undefined) return undefined;
    const found = new Bitset();
    for (const rule of ports) {
      const isOther =
        rule.protocol === undefined ? protocol === 'ICMP' : rule.protocol !== protocol;
      if (isOther) continue;
      if (rule.name !== undefined) {
        const declaring = this.classes.declaring(rule.name, protocol, port);
        if (direction === 'egress') found.unite(declaring);
        else if (declaring.has(classId)) return undefined;
      } else if (rule.first === undefined) return undefined;
      else if (port >= rule.first && port <= (rule.last ?? rule.first)) return undefined;
    }
    return found;
  }

  private peerBits(peer: Peer): Bitset {
    const known = this.peers.get(peer);
    if (known?.size === this.classes.size) return known.bits;
    const bits = this.classes.matching(peer);
    this.peers.set(peer, { bits, size: this.classes.size });
    return bits;
  }

  private subjectBits(policy: Policy): Bitset {
    const known = this.subjects.get(policy);
    if (known?.size === this.classes.size) return known.bits;
    const bits = this.classes.matching(policy.subject);
    this.subjects.set(policy, { bits, size: this.classes.size });
    return bits;
  }

  private targetOf(classId: number, direction: Direction): Target {
    const known = this.targetOfClass[direction][classId];
    if (known !== undefined) return known;
    const about = [...this.policiesByKey.values()].filter(
      ({ policy }) => policy[direction] !== undefined && this.subjectBits(policy).has(classId),
    );
    const key = `${direction} ${about.map(({ serial }) => serial).join(' ')}`;
    let target = this.targets.get(key);
    if (target === undefined) {
      const policies = about.map(({ policy }) => policy).sort(comparePolicies);
      target = { key, policies, rows: new Map() };
      this.targets.set(key, target);
    }
    this.targetOfClass[direction][classId] = target;
    return target;
  }

  /** The classes under a policy that comes or goes are under another set of policies now. */
  private forgetTargets(policy: Policy): void {
    for (const classId of this.subjectBits(policy)) {
      for (const direction of DIRECTIONS) this.targetOfClass[direction][classId] = undefined;
    }
  }

  /** Pods in a range that is asked about for the first time may be a class of their own. */
  private split(block: BlockPeer): void {
    if (!this.semantics.blocksMatchPods || !this.classes.split(block)) return;
    const inside = [...this.podsByKey.values()].filter(({ pod }) => isIn(pod, block));
    for (const { pod } of inside) this.setPod(pod);
  }
}

/** Whether a peer can mean a pod at all. */
function isAsked(peer: Peer, family: Family, { blocksMatchPods }: Semantics): boolean {
  return peer.is !== 'block' || (blocksMatchPods && cidr(peer.cidr).family === family);
}

function blocksOf({ ingress = [], egress = [] }: Policy): readonly BlockPeer[] {
  return [...ingress, ...egress].flatMap(({ peers = [] }) =>
    peers.filter((peer) => peer.is === 'block'),
  );
}
