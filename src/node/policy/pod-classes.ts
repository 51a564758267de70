// Pods that no policy can tell apart, as one class with a small number. 150,000 pods of a large
// cluster are some thousand classes, and a selector is looked up in postings (which classes have
// this label?) instead of being held against every pod.

import { Bitset } from '../../values/bitset';
import { cidr } from '../../values/cidr';
import { Interner } from '../../values/interner';
import { familyOf } from '../../values/ip';
import type { Labels, LabelSelector } from '../../values/labels';
import { compareText, sortedKeys } from '../../values/order';
import { holds } from './match';
import type { BlockPeer, Peer, PolicyPod } from './policy';

/** What all pods of a class have in common. */
export interface PodClass {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
  readonly ports: PolicyPod['ports'];
  /** Equal for classes that declare the same ports. */
  readonly portsKey: string;
}

/** Which classes have a label, by key and by key and value. */
class LabelPostings {
  private readonly byKey = new Map<string, Bitset>();
  private readonly byPair = new Map<string, Bitset>();

  add(labels: Labels, id: number): void {
    for (const key of sortedKeys(labels)) {
      entry(this.byKey, key).add(id);
      entry(this.byPair, pairKey(key, labels[key]!)).add(id);
    }
  }

  /** Leaves in `found` only what the selector matches. */
  narrow(found: Bitset, { matchLabels = {}, matchExpressions = [] }: LabelSelector): Bitset {
    for (const key of sortedKeys(matchLabels)) found.intersect(this.pair(key, matchLabels[key]!));
    for (const { key, operator, values = [] } of matchExpressions) {
      if (operator === 'Exists') found.intersect(this.key(key));
      else if (operator === 'DoesNotExist') found.subtract(this.key(key));
      else {
        const some = new Bitset();
        for (const value of values) some.unite(this.pair(key, value));
        if (operator === 'In') found.intersect(some);
        else found.subtract(some);
      }
    }
    return found;
  }

  private key(key: string): Bitset {
    return this.byKey.get(key) ?? NOBODY;
  }

  private pair(key: string, value: string): Bitset {
    return this.byPair.get(pairKey(key, value)) ?? NOBODY;
  }
}

const NOBODY = new Bitset();

/** The classes of all pods that were ever seen. Classes are never forgotten, only left empty. */
export class PodClasses {
  private readonly ids = new Interner();
  private readonly classes: PodClass[] = [];
  private readonly own = new LabelPostings();
  private readonly ofNamespace = new LabelPostings();
  private readonly byNamespace = new Map<string, Bitset>();
  private readonly byPort = new Map<string, Bitset>();
  /** Ranges that hold some pods and not others, by their text. */
  private readonly blocks = new Map<string, BlockPeer>();
  /** By the text of a range, and by address family. */
  private readonly byBlock = new Map<string, Bitset>();

  get size(): number {
    return this.classes.length;
  }

  at(id: number): PodClass {
    return this.classes[id]!;
  }

  /** The class of a pod; a new one where there is none like it. */
  classOf(pod: PolicyPod): number {
    const inside = [...this.blocks].filter(([, block]) => isIn(pod, block)).map(([text]) => text);
    const portsKey = pod.ports
      .map(({ name, protocol, port }) => `${name}/${protocol}/${port}`)
      .sort(compareText)
      .join(' ');
    const families = [...new Set(pod.addresses.map(familyOf))].sort(compareText).join(' ');
    const id = this.ids.intern(
      [
        pod.namespace,
        labelsKey(pod.namespaceLabels),
        labelsKey(pod.labels),
        portsKey,
        families,
        inside.sort(compareText).join(' '),
      ].join('\n'),
    );
    if (id === this.classes.length) this.found(id, pod, portsKey, inside);
    return id;
  }

  /**
   * Makes classes tell apart who is in the range. True where the range is new, so that the pods
   * in it have to be classed again.
   */
  split(block: BlockPeer): boolean {
    const text = blockKey(block);
    if (this.blocks.has(text) || isEverything(block)) return false;
    this.blocks.set(text, block);
    return true;
  }

  /** The classes that a peer means. What is no pod is not among them. */
  matching(peer: Peer): Bitset {
    if (peer.is === 'block') {
      const key = isEverything(peer) ? cidr(peer.cidr).family : blockKey(peer);
      return (this.byBlock.get(key) ?? NOBODY).copy();
    }
    if (peer.is !== 'pods') return new Bitset();
    const { namespaces, pods } = peer;
    if ('named' in namespaces) {
      const there = (this.byNamespace.get(namespaces.named) ?? NOBODY).copy();
      return this.own.narrow(there, pods);
    }
    return this.own.narrow(this.ofNamespace.narrow(Bitset.below(this.size), namespaces), pods);
  }

  /** The classes whose pods declare the port under that name. */
  declaring(name: string, protocol: string, port: number): Bitset {
    return this.byPort.get(`${name}/${protocol}/${port}`) ?? NOBODY;
  }

  private found(id: number, pod: PolicyPod, portsKey: string, inside: readonly string[]): void {
    const { namespace, namespaceLabels, labels, ports } = pod;
    this.classes.push({ namespace, namespaceLabels, labels, ports, portsKey });
    this.own.add(labels, id);
    this.ofNamespace.add(namespaceLabels, id);
    entry(this.byNamespace, namespace).add(id);
    for (const { name, protocol, port } of ports) {
      entry(this.byPort, `${name}/${protocol}/${port}`).add(id);
    }
    for (const text of inside) entry(this.byBlock, text).add(id);
    for (const family of pod.addresses.map(familyOf)) entry(this.byBlock, family).add(id);
  }
}

/** Whether the range holds every address of its family, so that it parts nobody. */
function isEverything({ cidr: range, except }: BlockPeer): boolean {
  return cidr(range).prefix === 0 && except.length === 0;
}

/** Whether one of the pod's addresses is in the range. */
export function isIn(pod: PolicyPod, block: BlockPeer): boolean {
  return pod.addresses.some((address) => holds(block, address));
}

function blockKey({ cidr, except }: BlockPeer): string {
  return except.length === 0 ? cidr : `${cidr} except ${except.join(' ')}`;
}

function labelsKey(labels: Labels): string {
  return sortedKeys(labels)
    .map((key) => pairKey(key, labels[key]!))
    .join(' ');
}

/** Neither keys nor values of labels hold an equals sign. */
function pairKey(key: string, value: string): string {
  return `${key}=${value}`;
}

function entry(map: Map<string, Bitset>, key: string): Bitset {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Bitset()));
  return found;
}
