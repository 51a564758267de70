// The endpoints of each node as IPVS mode's set LOOP-BACK knows them: who comes from where it goes
// to has been led to itself, and is masqueraded.
// source: pkg/proxy/ipvs/proxier.go syncEndpoint (kubeLoopBackIPSet)

import { OverlayMap } from '../../values/overlay-map';
import type { SetElements } from '../netfilter/ruleset';
import type { Endpoint, ProxyInput } from './proxy-mode';

/** Every endpoint of the node, in whatever condition; undefined where it has none. */
export function hairpinElements(input: ProxyInput, node: string): SetElements | undefined {
  const hasAny = isAmongFirst(input, node) || (countsOf(input).get(node) ?? 0) > 0;
  return hasAny ? new HairpinElements(input, node) : undefined;
}

/** How many endpoints are looked at before those of every node are counted. */
const LOOKS = 500;

/** Whether the node has an endpoint among the first ones. Most nodes of most clusters have. */
function isAmongFirst({ servicePorts, endpoints }: ProxyInput, node: string): boolean {
  let looks = 0;
  for (const key of servicePorts.keys()) {
    for (const { nodeName } of endpoints.get(key) ?? []) {
      if (nodeName === node) return true;
      if (++looks === LOOKS) return false;
    }
  }
  return false;
}

/** How many endpoints each node has. */
type Counts = OverlayMap<string, number>;

interface Known {
  readonly endpoints: ProxyInput['endpoints'];
  readonly counts: Counts;
}

const known = new WeakMap<ProxyInput['servicePorts'], Known>();

/** Found from what was known before where only endpoints changed. */
function countsOf(input: ProxyInput): Counts {
  const { servicePorts, endpoints } = input;
  const before = known.get(servicePorts);
  if (before?.endpoints === endpoints) return before.counts;
  const counts = revised(before, input) ?? fromNothing(input);
  known.set(servicePorts, { endpoints, counts });
  return counts;
}

function fromNothing({ servicePorts, endpoints }: ProxyInput): Counts {
  const counts = new Map<string, number>();
  for (const key of servicePorts.keys()) {
    for (const { nodeName } of endpoints.get(key) ?? [])
      counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
  }
  return OverlayMap.of(counts);
}

function revised(before: Known | undefined, { servicePorts, endpoints }: ProxyInput) {
  if (!(endpoints instanceof OverlayMap && before?.endpoints instanceof OverlayMap)) {
    return undefined;
  }
  const edits = new Map<string, number>();
  const add = (list: readonly Endpoint[] = [], change: number): void => {
    for (const { nodeName } of list) {
      const count = edits.get(nodeName) ?? before.counts.get(nodeName) ?? 0;
      edits.set(nodeName, count + change);
    }
  };
  const touched: ReadonlySet<string> = endpoints.changedFrom(before.endpoints);
  for (const key of touched) {
    if (!servicePorts.has(key)) continue;
    add(before.endpoints.get(key), -1);
    add(endpoints.get(key), 1);
  }
  return before.counts.with(edits);
}

/**
 * `10.244.1.5 . tcp . 8080 . 10.244.1.5` for each of them. They are written down when a packet
 * comes that goes to where it is from; hardly any is one.
 */
class HairpinElements implements SetElements {
  private readonly input: ProxyInput;
  private readonly node: string;
  private listed: ReadonlySet<string> | undefined;

  constructor(input: ProxyInput, node: string) {
    this.input = input;
    this.node = node;
  }

  has(key: string): boolean {
    const fields = key.split(' . ');
    return fields[0] === fields.at(-1) && this.list().has(key);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.list()[Symbol.iterator]();
  }

  private list(): ReadonlySet<string> {
    this.listed ??= new Set(this.keys());
    return this.listed;
  }

  private *keys(): Iterable<string> {
    for (const [key, { id }] of this.input.servicePorts) {
      const protocol = id.protocol.toLowerCase();
      for (const { ip, port, nodeName } of this.input.endpoints.get(key) ?? []) {
        if (nodeName === this.node) yield `${ip} . ${protocol} . ${port} . ${ip}`;
      }
    }
  }
}
