// The endpoints of pods that a cluster has settled with. They stand at rest alike: what is to be
// known of all of them is looked at once, and each becomes an endpoint when somebody reads it.

import type {
  EndpointConditions,
  SliceEndpoint,
  SlicePort,
} from '../../apiserver/kinds/endpointslice';
import type { Pod } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import { isSpecialAddress } from '../../apiserver/kinds/special-addresses';
import type { LatePod } from '../../apiserver/late-pod';
import type { EndpointSource } from '../../apiserver/late-slice';
import type { Version } from '../../apiserver/store';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import { splitKey } from '../../values/kube-object';
import type { DesiredGroup } from './desired-endpoints';
import { conditionsIn, hostnameIn, isEndpoint, portsOf } from './slice-endpoint';

/** The zone of each node that is there, as it is when endpoints are looked for. */
export type Zones = ReadonlyMap<string, string | undefined>;

/** Who offers what, of one family. */
export interface Offer {
  readonly service: Service;
  readonly family: Family;
  readonly zones: Zones;
}

/** Endpoints of one list of ports, as DesiredEndpoints.of finds them. Frozen: forks share them. */
export class LateEndpoints implements DesiredGroup, EndpointSource {
  readonly ports: readonly SlicePort[];
  readonly conditions: EndpointConditions;
  private readonly pods: readonly LatePod[];
  private readonly family: Family;
  // Private to the language, so that they can be found when all the rest is frozen.
  readonly #zones: Zones;
  #list: readonly SliceEndpoint[] | undefined;

  /** `zones` do not change any more. Each pod has one address of the family. */
  constructor(pods: readonly LatePod[], { service, family, zones }: Offer) {
    const { pattern } = pods[0]!;
    this.pods = pods;
    this.family = family;
    this.ports = portsOf(service, pattern);
    this.conditions = conditionsIn(service, pattern);
    this.#zones = zones;
    Object.freeze(this);
  }

  get count(): number {
    return this.pods.length;
  }

  get endpoints(): readonly SliceEndpoint[] {
    return this.list;
  }

  get list(): readonly SliceEndpoint[] {
    return (this.#list ??= Object.freeze(this.pods.map((pod) => this.endpointOf(pod))));
  }

  private endpointOf(pod: LatePod): SliceEndpoint {
    const { conditions, family } = this;
    const { key, uid, scope: nodeName, pattern } = pod;
    const { namespace = '' } = pattern.metadata;
    const { name } = splitKey(key);
    const zone = this.#zones.get(nodeName);
    const addresses = Object.freeze([onlyAddressOf(pod, family)!]);
    const targetRef = Object.freeze({ kind: 'Pod', namespace, name, uid });
    return Object.freeze(
      zone
        ? { addresses, conditions, nodeName, zone, targetRef }
        : { addresses, conditions, nodeName, targetRef },
    );
  }
}

/** These pods, where all of them stand at rest alike and are endpoints; else undefined. */
export function lateAlike(pods: readonly Version[], offer: Offer): readonly LatePod[] | undefined {
  const pattern = pods[0]?.late?.pattern;
  if (pattern === undefined || !isPlain(pattern, offer.service)) return undefined;
  const late: LatePod[] = [];
  for (let index = 0; index < pods.length; index++) {
    const pod = pods[index]!.late;
    if (pod === undefined || pod.pattern !== pattern || !isPlaced(pod, offer)) return undefined;
    late.push(pod);
  }
  return Object.freeze(late);
}

function isPlain(pattern: Pod, service: Service): boolean {
  return isEndpoint(pattern) && !hostnameIn(service, pattern);
}

/** Whether the pod has one address that clients can reach, on a node that is there. */
function isPlaced(pod: LatePod, { family, zones }: Offer): boolean {
  const address = onlyAddressOf(pod, family);
  return address !== undefined && !isSpecialAddress(address) && zones.has(pod.scope);
}

function onlyAddressOf({ addresses }: LatePod, family: Family): IP | undefined {
  let only: IP | undefined;
  for (let index = 0; index < addresses.length; index++) {
    const address = addresses[index]!;
    if (familyOf(address) !== family) continue;
    if (only !== undefined) return undefined;
    only = address;
  }
  return only;
}
