// Session affinity has a memory, and the model must come to the kernel's conclusions from the same
// one: after a client's first connection the kernel's own lists are read into the model, and from
// then on both must send that client to one endpoint, by whichever address it calls.

import type { Cluster } from '../../src/cluster/cluster';
import { ip } from '../../src/values/ip';
import { runIn } from './commands';
import { serviceFlow } from './flows';
import type { Flow } from './flows';
import type { Observer } from './observe';
import type { LabService } from './services';
import { caseOf, sample, sendOnce, verdictOf } from './trial';
import type { Verdict } from './trial';

interface Client {
  readonly name: string;
  /** The first one opens; all of them must then stick. */
  readonly ways: readonly Parameters<typeof serviceFlow>[3][];
}

const CLIENTS: readonly Client[] = [
  { name: 'p1', ways: ['cluster IP', 'VIP', 'node port of n1'] },
  { name: 'p2', ways: ['VIP', 'cluster IP', 'external IP'] },
  { name: 'n1', ways: ['cluster IP', 'VIP'] },
  { name: 'outside', ways: ['node port of n1'] },
];

/** How often a client calls again: by chance alone it would hardly stay with one of three. */
const AGAIN = 8;

/** Clients of the Services with session affinity, one after the other. */
export async function affinityVerdicts(
  cluster: Cluster,
  observer: Observer,
  services: readonly LabService[],
): Promise<Verdict[]> {
  const sticky = services.filter(({ affinitySeconds }) => affinitySeconds !== undefined);
  const clients = sticky.flatMap((service) =>
    CLIENTS.map(({ name, ways }) =>
      ways.map((way) => serviceFlow(cluster, name, service, way, 'TCP')),
    ),
  );
  const firsts = clients.map((flows) => caseOf(cluster, flows[0]!));
  await sample(observer, firsts);
  await remember(cluster);
  const again = clients.flat().map((flow) => caseOf(cluster, repeated(flow)));
  await sendOnce(observer, again, AGAIN);
  return [...firsts.map((it) => verdictOf({ ...it, isSample: true })), ...again.map(verdictOf)];
}

function repeated(flow: Flow): Flow {
  return { ...flow, title: `${flow.title}, again` };
}

/** Puts what the kernels remember into the model's lists, under the names that the rules gave. */
async function remember(cluster: Cluster): Promise<void> {
  for (const machine of cluster.machines.values()) {
    const lists = [...(await recentLists(machine.name)), ...(await setElements(machine.name))];
    for (const { list, address } of lists) {
      machine.recent.set(list, ip(address), cluster.kernel.now);
    }
  }
}

interface Remembered {
  readonly list: string;
  readonly address: string;
}

/** `-m recent`: one file for each list, one line for each address. */
async function recentLists(namespace: string): Promise<Remembered[]> {
  const script = 'cd /proc/net/xt_recent 2>/dev/null && grep -H src= * || true';
  const text = await runIn(namespace, 'sh', ['-c', script]);
  return [...text.matchAll(/^([^:\n]+):src=(\S+)/gm)].map(([, list, address]) => {
    return { list: list!, address: address! };
  });
}

/** nft: the elements of sets whose elements age. */
async function setElements(namespace: string): Promise<Remembered[]> {
  const { nftables } = JSON.parse(await runIn(namespace, 'nft', ['-j', 'list', 'sets'])) as {
    nftables: { set?: { name: string; timeout?: number; elem?: unknown[] } }[];
  };
  return nftables.flatMap(({ set }) => {
    if (set?.timeout === undefined) return [];
    const elements = (set.elem ?? []) as { elem: { val: string } }[];
    return elements.map(({ elem }) => ({ list: set.name, address: elem.val }));
  });
}
