// Pods as they really are on their machines, whatever the API says of them.

import type { Cluster } from '../cluster/cluster';
import type { IP } from '../values/ip';

type Machine = Cluster['machines'] extends ReadonlyMap<string, infer M> ? M : never;
type PodSandbox = Machine['sandboxes'] extends ReadonlyMap<IP, infer S> ? S : never;

type ContainerProcess = PodSandbox['processes'] extends Map<string, infer P> ? P : never;

/** A pod's network namespace and the machine that holds it. */
export interface PlacedSandbox {
  readonly sandbox: PodSandbox;
  readonly machine: Machine;
}

/** The pod's sandbox; undefined while it has none. */
export function sandboxOf(cluster: Cluster, pod: string): PlacedSandbox | undefined {
  const spec = cluster.api.store.get('Pod', pod)?.spec as { nodeName?: string } | undefined;
  const machine = cluster.machines.get(spec?.nodeName ?? '');
  if (machine === undefined) return undefined;
  const sandbox = sandboxAmong(machine.sandboxes.values(), pod);
  const placed = sandbox ?? sandboxAmong(machine.hostSandboxes, pod);
  return placed && { sandbox: placed, machine };
}

function sandboxAmong(sandboxes: Iterable<PodSandbox>, pod: string): PodSandbox | undefined {
  for (const sandbox of sandboxes) if (sandbox.podKey === pod) return sandbox;
  return undefined;
}

/** Whether a process of the pod (of that container, if given) runs, so that it can send. */
export function isRunning(cluster: Cluster, pod: string, container?: string): boolean {
  const placed = sandboxOf(cluster, pod);
  if (placed === undefined || !placed.machine.powered) return false;
  const { processes } = placed.sandbox;
  if (container !== undefined) return isUp(processes.get(container));
  for (const process of processes.values()) if (isUp(process)) return true;
  return false;
}

/** The pod's addresses: of its sandbox, or as its status still gives them. */
export function addressesOf(cluster: Cluster, pod: string): readonly IP[] {
  const placed = sandboxOf(cluster, pod);
  if (placed !== undefined) return placed.sandbox.addresses;
  const status = cluster.api.store.get('Pod', pod)?.status as
    { podIPs?: readonly { ip: IP }[] } | undefined;
  return (status?.podIPs ?? []).map(({ ip }) => ip);
}

function isUp(process: ContainerProcess | undefined): boolean {
  return process !== undefined && process.state !== 'exited' && process.stoppedBy.size === 0;
}
