// The policies of a cluster: agents where its network plug-in has any.

import type { ApiServer } from '../apiserver/api-server';
import type { Kernel } from '../kernel/kernel';
import type { Network } from '../network/index';
import { PolicyAgents } from '../node/policy/index';
import type { Timing } from '../timing';
import type { ClusterSpec } from '../values/cluster-spec';
import type { IP } from '../values/ip';

export interface PoliciesContext {
  readonly spec: ClusterSpec;
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly network: Network;
  /** Called when what a node enforces has changed. */
  readonly onChange: (node: string) => void;
}

/** Has the network ask the agents about packets; undefined where no policy has any effect. */
export function enforcePolicies(context: PoliciesContext): PolicyAgents | undefined {
  const { spec, network, kernel, api, timing, onChange } = context;
  const profile = network.plugin.policy?.(spec.cni.options);
  if (profile === undefined) return undefined;
  const { machines } = network;
  const nodeOf = new Map(
    [...machines.values()].flatMap(({ name, addresses }) => addresses.map((it) => [it, name])),
  );
  const namesAt = new Map(spec.externals.map(({ address, names }) => [address, names]));
  const agents = new PolicyAgents({
    kernel,
    api,
    timing,
    profile,
    nodes: spec.nodes.map(({ name }) => name),
    ...(spec.definitions && { definitions: spec.definitions }),
    nodeAt: (address) => nodeOf.get(address) ?? ownerOf(network, address),
    domainsAt: (address) => namesAt.get(address) ?? [],
    nameOfPod: (podKey) => network.nameOfPod(podKey),
    onChange,
  });
  network.policy = agents;
  return agents;
}

/** The node whose bridge or tunnel has the address; addresses of pods are nobody's. */
function ownerOf({ machines }: Network, address: IP): string | undefined {
  for (const machine of machines.values()) if (machine.isLocal(address)) return machine.name;
  return undefined;
}
