// Gives each node its ranges of pod addresses.
// source: pkg/controller/nodeipam/ipam/range_allocator.go, cidrset/cidr_set.go

import type { Node } from '../../apiserver/kinds/node';
import type { Change } from '../../apiserver/informer';
import { cidr, parseCidr, subnetAt } from '../../values/cidr';
import type { Cidr } from '../../values/cidr';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { defineController } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import type { Pass } from '../pass';

/** kube-controller-manager --node-cidr-mask-size-ipv4, -ipv6 */
const MASK = { IPv4: 24, IPv6: 64 } as const;
const CONTROL_PLANE_LABEL = 'node-role.kubernetes.io/control-plane';

export const nodeIpam = defineController({
  name: 'node-ipam',
  kind: 'Node',
  create: (workplace) => new NodeIpamLogic(workplace),
});

/** One family's range, cut into blocks. */
interface Pool {
  readonly range: Cidr;
  readonly mask: number;
  readonly count: number;
  readonly owners: Map<number, ObjectKey>;
  /** Blocks by node; more than one where a node brought a larger range. */
  readonly blocks: Map<ObjectKey, number[]>;
  /** Where the next search begins: a block that comes free is not the next one to be given. */
  cursor: number;
}

class NodeIpamLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private pools: Pool[];
  /** The nodes about which an event says that there is no range for them. */
  private readonly lacking = new Set<ObjectKey>();
  /** The journal entry by which ranges came free last, -1 for none. */
  private freedBy = -1;

  constructor(workplace: Workplace) {
    this.place = workplace;
    this.pools = workplace.spec.podCIDRs.map(poolOf);
    this.watches = { Node: (change) => this.onNode(change) };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const node = this.place.view.get('Node', key) as Node | undefined;
    if (node === undefined || rangesOf(node).length > 0) return;
    const isControlPlane = CONTROL_PLANE_LABEL in (node.metadata.labels ?? {});
    const ranges = this.pools.map((pool) => take(pool, key, isControlPlane));
    const [first] = ranges;
    if (first === undefined || ranges.includes(undefined)) {
      for (const pool of this.pools) giveBack(pool, key);
      if (!this.lacking.has(key)) pass.create(eventOf(node));
      this.lacking.add(key);
      pass.fail('CIDRNotAvailable: no range of pod addresses is left');
      return;
    }
    if (this.lacking.delete(key)) this.place.kernel.needed(this.freedBy);
    pass.summary = ranges.join(', ');
    pass.patch(node, { spec: { podCIDR: first, podCIDRs: ranges } });
  }

  reset(): void {
    this.lacking.clear();
    this.pools = this.place.spec.podCIDRs.map(poolOf);
  }

  private onNode({ key, after }: Change): readonly ObjectKey[] {
    if (after === undefined) {
      this.lacking.delete(key);
      this.freedBy = this.place.kernel.cause;
      for (const pool of this.pools) giveBack(pool, key);
      return [];
    }
    const ranges = rangesOf(after as Node);
    for (const range of ranges) for (const pool of this.pools) occupy(pool, key, range);
    return ranges.length === 0 ? [key] : [];
  }
}

/**
 * The event of a node that gets no range. Of those that follow, the recorder would count up this
 * one; the count is not modelled.
 * source: pkg/controller/util/node/controller_utils.go RecordNodeStatusChange
 */
function eventOf({ metadata: { name } }: Node): KubeObject {
  const reason = 'CIDRNotAvailable';
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${reason.toLowerCase()}`, namespace: 'default' },
    involvedObject: { apiVersion: 'v1', kind: 'Node', name },
    type: 'Normal',
    reason,
    message: `Node ${name} status is now: ${reason}`,
    source: { component: 'cidrAllocator' },
  };
}

function rangesOf({ spec }: Node): readonly string[] {
  return spec?.podCIDRs?.length ? spec.podCIDRs : spec?.podCIDR ? [spec.podCIDR] : [];
}

/** The first block is for a control plane node, or for the control plane host that is no node. */
function poolOf(text: string): Pool {
  const range = cidr(text);
  const mask = Math.max(MASK[range.family], range.prefix);
  const count = 2 ** Math.min(mask - range.prefix, 30);
  return { range, mask, count, owners: new Map(), blocks: new Map(), cursor: 1 };
}

function take(pool: Pool, key: ObjectKey, isControlPlane: boolean): string | undefined {
  const [held] = pool.blocks.get(key) ?? [];
  if (held !== undefined) return textOf(pool, held);
  if (isControlPlane && !pool.owners.has(0)) return give(pool, 0, key);
  for (let step = 0; step < pool.count; step++) {
    const index = (pool.cursor + step) % pool.count;
    if (index === 0 || pool.owners.has(index)) continue;
    pool.cursor = (index + 1) % pool.count;
    return give(pool, index, key);
  }
  return undefined;
}

function give(pool: Pool, index: number, key: ObjectKey): string {
  hold(pool, index, key);
  return textOf(pool, index);
}

function hold(pool: Pool, index: number, key: ObjectKey): void {
  if (pool.owners.has(index)) return;
  pool.owners.set(index, key);
  const held = pool.blocks.get(key);
  pool.blocks.set(key, held === undefined ? [index] : held.concat(index));
}

function textOf({ range, mask }: Pool, index: number): string {
  return subnetAt(range, mask, index)!.text;
}

function giveBack(pool: Pool, key: ObjectKey): void {
  for (const index of pool.blocks.get(key) ?? []) pool.owners.delete(index);
  pool.blocks.delete(key);
}

/** A range that a node has already is not given to another one. */
function occupy(pool: Pool, key: ObjectKey, text: string): void {
  const range = parseCidr(text);
  if (range === undefined || range.family !== pool.range.family) return;
  const size = 1n << BigInt((range.family === 'IPv4' ? 32 : 128) - pool.mask);
  const first = (range.first - pool.range.first) / size;
  const last = first + (1n << BigInt(Math.max(0, pool.mask - range.prefix))) - 1n;
  for (let index = first; index <= last; index++) {
    if (index >= 0n && index < BigInt(pool.count)) hold(pool, Number(index), key);
  }
}
