// Pods as they really are on their machines, whatever the API says of their state.

import type { Store } from '../../apiserver/store';
import { noteProcesses } from '../../network/index';
import type { Machine } from '../../node/machine';
import type { ContainerProcess, PodSandbox } from '../../node/pod-sandbox';

interface Ground {
  readonly api: { readonly store: Store };
  readonly machines: ReadonlyMap<string, Machine>;
}

/** A pod's network namespace and the machine that holds it. */
export interface PlacedSandbox {
  readonly sandbox: PodSandbox;
  readonly machine: Machine;
}

/** The sandbox of a pod on the machine to which it is bound; undefined while it has none. */
export function placedSandbox({ api, machines }: Ground, pod: string): PlacedSandbox | undefined {
  const spec = api.store.get('Pod', pod)?.spec as { nodeName?: string } | undefined;
  const machine = machines.get(spec?.nodeName ?? '');
  if (machine === undefined) return undefined;
  const sandbox = sandboxAmong(machine.sandboxes.values(), pod);
  const placed = sandbox ?? sandboxAmong(machine.hostSandboxes, pod);
  return placed && { sandbox: placed, machine };
}

/** Whether a process of the pod (of that container, if given) runs, so that it can send. */
export function runsPod(ground: Ground, pod: string, container?: string): boolean {
  const placed = placedSandbox(ground, pod);
  if (placed === undefined || !placed.machine.powered) return false;
  noteProcesses(placed.sandbox);
  const { processes } = placed.sandbox;
  if (container !== undefined) return isUp(processes.get(container));
  for (const process of processes.values()) if (isUp(process)) return true;
  return false;
}

function sandboxAmong(sandboxes: Iterable<PodSandbox>, pod: string): PodSandbox | undefined {
  for (const sandbox of sandboxes) if (sandbox.podKey === pod) return sandbox;
  return undefined;
}

function isUp(process: ContainerProcess | undefined): boolean {
  return process !== undefined && process.state !== 'exited' && process.stoppedBy.size === 0;
}
