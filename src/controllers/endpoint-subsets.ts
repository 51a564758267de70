// The canonical form of what somebody has written into Endpoints: each address once for each set of
// ports, and ports together that the same addresses have.
// source: pkg/api/v1/endpoints/util.go RepackSubsets

import type { EndpointAddress, EndpointPort, EndpointSubset } from '../apiserver/kinds/endpoints';
import { compareText } from '../values/order';

/** One port, or none, and who has it: by address, whether it is ready there. */
interface Offer {
  readonly port: EndpointPort | undefined;
  readonly ready: Map<string, boolean>;
}

/** Addresses are in the order of their text; of subsets and ports, who came first is first. */
export function repackSubsets(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const addresses = new Map<string, EndpointAddress>();
  const offers = new Map<string, Offer>();
  for (const subset of subsets) {
    const ports = (subset.ports ?? []).length > 0 ? subset.ports! : [undefined];
    for (const port of ports) {
      const key = portKey(port);
      const offer = offers.get(key) ?? { port, ready: new Map<string, boolean>() };
      offers.set(key, offer);
      for (const it of subset.addresses ?? []) add(it, true, offer, addresses);
      for (const it of subset.notReadyAddresses ?? []) add(it, false, offer, addresses);
    }
  }
  const groups = new Map<string, Offer[]>();
  for (const offer of offers.values()) {
    const key = [...offer.ready].map(([address, ready]) => `${address} ${ready}`).sort(compareText);
    groups.set(key.join(), [...(groups.get(key.join()) ?? []), offer]);
  }
  return [...groups.values()].map((group) => subsetOf(group, addresses));
}

/** Whoever is not ready for a port in one place is not ready for it, whatever another one says. */
function add(
  address: EndpointAddress,
  ready: boolean,
  offer: Offer,
  addresses: Map<string, EndpointAddress>,
): void {
  const key = `${address.ip} ${address.targetRef?.uid ?? ''}`;
  if (!addresses.has(key)) addresses.set(key, address);
  offer.ready.set(key, ready && offer.ready.get(key) !== false);
}

function portKey(port: EndpointPort | undefined): string {
  if (port === undefined) return '';
  const { name = '', port: number, protocol = 'TCP', appProtocol = '' } = port;
  return `${name} ${number} ${protocol} ${appProtocol}`;
}

function subsetOf(
  group: readonly Offer[],
  known: ReadonlyMap<string, EndpointAddress>,
): EndpointSubset {
  const { ready } = group[0]!;
  const keys = [...ready.keys()].sort(compareText);
  return {
    addresses: keys.filter((key) => ready.get(key)).map((key) => known.get(key)!),
    notReadyAddresses: keys.filter((key) => !ready.get(key)).map((key) => known.get(key)!),
    ports: group.flatMap(({ port }) => port ?? []),
  };
}
