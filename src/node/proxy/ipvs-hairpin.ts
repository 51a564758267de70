// The endpoints of each node as IPVS mode's set LOOP-BACK knows them: who comes from where it goes
// to has been led to itself, and is masqueraded.
// source: pkg/proxy/ipvs/proxier.go syncEndpoint (kubeLoopBackIPSet)

import { OverlayMap } from '../../values/overlay-map';
import type { SetElements } from '../netfilter/ruleset';
import type { Endpoint, ProxyInput } from './proxy-mode';

/** The elements of one node, by Service port. */
type NodeElements = OverlayMap<string, readonly string[]>;

interface Known {
  readonly endpoints: ProxyInput['endpoints'];
  readonly byNode: OverlayMap<string, NodeElements>;
}

const NONE: NodeElements = OverlayMap.of(new Map());

const known = new WeakMap<ProxyInput['servicePorts'], Known>();

/** Every endpoint of the node, in whatever condition; undefined where it has none. */
export function hairpinElements(input: ProxyInput, node: string): SetElements | undefined {
  const own = elementsByNode(input).get(node);
  return own === undefined || own.size === 0 ? undefined : new HairpinElements(own);
}

/** Found from what was known before where only endpoints changed. */
function elementsByNode(input: ProxyInput): Known['byNode'] {
  const { servicePorts, endpoints } = input;
  const before = known.get(servicePorts);
  if (before?.endpoints === endpoints) return before.byNode;
  const byNode = revised(before, input) ?? fromNothing(input);
  known.set(servicePorts, { endpoints, byNode });
  return byNode;
}

function fromNothing({ servicePorts, endpoints }: ProxyInput): Known['byNode'] {
  const byNode = new Map<string, Map<string, readonly string[]>>();
  for (const [key, { id }] of servicePorts) {
    for (const [node, elements] of elementsOf(id.protocol, endpoints.get(key))) {
      const own = byNode.get(node) ?? new Map<string, readonly string[]>();
      byNode.set(node, own.set(key, elements));
    }
  }
  const all = [...byNode].map(([node, own]) => [node, OverlayMap.of(own)] as const);
  return OverlayMap.of(new Map(all));
}

function revised(before: Known | undefined, { servicePorts, endpoints }: ProxyInput) {
  if (!(endpoints instanceof OverlayMap && before?.endpoints instanceof OverlayMap)) {
    return undefined;
  }
  const edits = new Map<string, NodeElements>();
  const touched: ReadonlySet<string> = endpoints.changedFrom(before.endpoints);
  for (const key of touched) {
    const protocol = servicePorts.get(key)?.id.protocol;
    if (protocol === undefined) continue;
    const now = elementsOf(protocol, endpoints.get(key));
    const then = elementsOf(protocol, before.endpoints.get(key));
    for (const node of new Set([...then.keys(), ...now.keys()])) {
      const own = edits.get(node) ?? before.byNode.get(node) ?? NONE;
      edits.set(node, own.with(new Map([[key, now.get(node)]])));
    }
  }
  return edits.size === 0 ? before.byNode : before.byNode.with(edits);
}

/** `10.244.1.5 . tcp . 8080 . 10.244.1.5`, by node. */
function elementsOf(
  protocol: string,
  endpoints: readonly Endpoint[] = [],
): ReadonlyMap<string, readonly string[]> {
  const byNode = new Map<string, string[]>();
  for (const { ip, port, nodeName } of endpoints) {
    const element = `${ip} . ${protocol.toLowerCase()} . ${port} . ${ip}`;
    const own = byNode.get(nodeName);
    if (own === undefined) byNode.set(nodeName, [element]);
    else own.push(element);
  }
  return byNode;
}

/** Written down when a packet comes that goes to where it is from; hardly any is one. */
class HairpinElements implements SetElements {
  private readonly own: NodeElements;
  private listed: ReadonlySet<string> | undefined;

  constructor(own: NodeElements) {
    this.own = own;
  }

  has(key: string): boolean {
    const fields = key.split(' . ');
    return fields[0] === fields.at(-1) && this.list().has(key);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.list()[Symbol.iterator]();
  }

  private list(): ReadonlySet<string> {
    this.listed ??= new Set([...this.own.values()].flat());
    return this.listed;
  }
}
