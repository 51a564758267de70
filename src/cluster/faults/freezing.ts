// Stops processes as SIGSTOP does, and nodes as a hypervisor does: nothing is lost, nothing moves,
// and the kernel of a node whose processes are stopped still answers handshakes for them.

import type { Kernel } from '../../kernel/kernel';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { Machine } from '../../node/machine';
import { processOwner } from '../../values/component';
import type { Components } from '../components/components';

export interface FreezingContext {
  readonly kernel: Kernel;
  readonly kubelets: Kubelets;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly components: Components;
  readonly touch: () => void;
}

export interface FreezingHandles {
  /**
   * Stops the processes of a pod that run now, or of one container of it; counted by token. A
   * process that is started later runs. Returns whether there was any.
   */
  pausePod(pod: string, container: string | undefined, token: string): boolean;
  resumePod(pod: string, container: string | undefined, token: string): void;
  /** Stops a whole node: nothing on it moves, its kernel included. */
  pauseNode(node: string, token: string): boolean;
  resumeNode(node: string, token: string): void;
}

export function freezingHandles(context: FreezingContext): FreezingHandles {
  const { kubelets, machines, touch } = context;
  return {
    pausePod(pod, container, token) {
      const hit = stop(context, pod, container, token);
      kubelets.refreshProbes(pod);
      touch();
      return hit;
    },
    resumePod(pod, container, token) {
      goOn(context, pod, container, token);
      kubelets.refreshProbes(pod);
      touch();
    },
    pauseNode(node, token) {
      const machine = machines.get(node);
      if (machine?.powered !== true) return false;
      machine.stoppedBy.add(token);
      for (const pod of podsOn(machine)) stop(context, pod, undefined, token);
      for (const component of context.components.on(node)) {
        context.components.pauseComponent(component, token);
      }
      context.kernel.pause(`systemd@${node}`, token);
      touch();
      return true;
    },
    resumeNode(node, token) {
      const machine = machines.get(node);
      if (machine?.stoppedBy.delete(token) !== true) return;
      for (const component of context.components.on(node)) {
        context.components.resumeComponent(component, token);
      }
      for (const pod of podsOn(machine)) goOn(context, pod, undefined, token);
      context.kernel.resume(`systemd@${node}`, token);
      touch();
    },
  };
}

function podsOn(machine: Machine): readonly string[] {
  const all = [...machine.sandboxes.values(), ...machine.hostSandboxes];
  return [...new Set(all.map(({ podKey }) => podKey))];
}

function stop(
  { kernel, kubelets }: FreezingContext,
  pod: string,
  only: string | undefined,
  token: string,
): boolean {
  let hit = false;
  for (const process of kubelets.sandboxOf(pod)?.processes.values() ?? []) {
    if (process.state === 'exited' || (only !== undefined && process.container !== only)) continue;
    process.stoppedBy.add(token);
    kernel.pause(processOwner(pod, process.container), token);
    hit = true;
  }
  return hit;
}

function goOn(
  { kernel, kubelets }: FreezingContext,
  pod: string,
  only: string | undefined,
  token: string,
): void {
  for (const process of kubelets.sandboxOf(pod)?.processes.values() ?? []) {
    if (only !== undefined && process.container !== only) continue;
    process.stoppedBy.delete(token);
    kernel.resume(processOwner(pod, process.container), token);
  }
}
