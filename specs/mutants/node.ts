// What can be wrong about kubelets, containers and the addresses of pods.

import { HostLocal } from '../../src/node/cni/host-local';
import { ContainerRuntime } from '../../src/node/kubelet/container-runtime';
import { Kubelets } from '../../src/node/kubelet/kubelet';
import { PodLifecycle } from '../../src/node/kubelet/pod-lifecycle';
import { PodSandbox } from '../../src/node/pod-sandbox';
import type { ObjectKey } from '../../src/values/kube-object';
import { seconds, ZERO } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace } from './replace';
import type { Undo } from './replace';

type CrashOptions = Parameters<Kubelets['crashContainer']>[2];

function makeFirstRestartWait(): Undo {
  return replace(PodLifecycle.prototype, 'tryStart', (tryStart: PodLifecycle['tryStart']) => {
    return function (this: PodLifecycle, container, exitedAt) {
      if (exitedAt !== undefined && container.backOffAt === undefined) {
        container.backOffAt = exitedAt;
        container.backOff = seconds(10);
      }
      tryStart.call(this, container, exitedAt);
    };
  });
}

export const NODE_MUTANTS: readonly Mutant[] = [
  {
    name: 'exit-noticed-at-once',
    sentence: 'The kubelet learns of an exit at the instant of it, not at its next relist.',
    scenario: 'scenarios/timing/pod-death-tutorial.yaml',
    expectation: 'the kubelet has noticed the exit',
    breaks: () => withDelays({ 'kubelet.plegRelistPeriod': ZERO, 'kubelet.plegRelistCost': ZERO }),
  },
  {
    name: 'first-restart-waits',
    sentence: 'The first restart of a container waits ten seconds, as the second does.',
    scenario: 'scenarios/pods/crash-loop.yaml',
    expectation: 'it runs from the start',
    breaks: makeFirstRestartWait,
  },
  {
    name: 'first-restart-keeps-out-of-rotation',
    sentence: 'The same, seen by the rules of the nodes.',
    scenario: 'scenarios/timing/pod-death.yaml',
    expectation: 'service shop/backend has converged on all nodes',
    breaks: makeFirstRestartWait,
  },
  {
    name: 'back-off-never-grows',
    sentence: 'Every restart after the first waits ten seconds.',
    scenario: 'scenarios/pods/crash-loop.yaml',
    expectation: 'its third restart comes 20 s after',
    breaks: () => withDelays({ 'kubelet.crashLoopBackOffMax': seconds(10) }),
  },
  {
    name: 'new-address-with-every-restart',
    sentence: 'A container that is restarted gives its pod another address.',
    scenario: 'scenarios/pods/shared-namespace.yaml',
    expectation: 'always reaches 10.244.1.2:8080',
    breaks: () =>
      replace(ContainerRuntime.prototype, 'start', (start: ContainerRuntime['start']) => {
        return function (this: ContainerRuntime, container) {
          if (container.attempt > 1) moveAway(this, container.worker);
          start.call(this, container);
        };
      }),
  },
  {
    name: 'address-reused-at-once',
    sentence: 'An address that was given back is the next one to be given out.',
    scenario: 'scenarios/pods/address-reuse.yaml',
    expectation: 'the new ones have the addresses 6 to 8',
    breaks: () =>
      replace(HostLocal.prototype, 'nextFree', (nextFree: HostLocal['nextFree']) => {
        return function (this: HostLocal, index) {
          return nextFree.call(this, index, 0);
        };
      }),
  },
  {
    name: 'first-container-only',
    sentence: 'A pod is reached at the ports of its first container only.',
    scenario: 'scenarios/pods/shared-namespace.yaml',
    expectation: 'pod/shop/pair/app reaches localhost:9090',
    breaks: () =>
      replace(PodSandbox.prototype, 'listenerOn', (listenerOn: PodSandbox['listenerOn']) => {
        return function (this: PodSandbox, protocol, port) {
          const listener = listenerOn.call(this, protocol, port);
          const [first] = this.processes.values();
          return listener === first ? listener : undefined;
        };
      }),
  },
  {
    name: 'container-takes-the-pod-along',
    sentence: 'When one container exits, so do the others of its pod.',
    scenario: 'scenarios/pods/shared-namespace.yaml',
    expectation: 'always reaches 10.244.1.2:8080',
    breaks: () =>
      replace(Kubelets.prototype, 'crashContainer', () => {
        return function (this: Kubelets, pod: ObjectKey, _name: string, options: CrashOptions) {
          this.crashPod(pod, options);
        };
      }),
  },
  {
    name: 'one-port-for-two',
    sentence: 'Two containers of a pod can listen on one port.',
    scenario: 'scenarios/pods/port-conflict.yaml',
    expectation: 'the second container waits in CrashLoopBackOff',
    breaks: () => replace(ContainerRuntime.prototype, 'takenPort', () => () => undefined),
  },
];

type Worker = Parameters<ContainerRuntime['start']>[0]['worker'];

function moveAway(runtime: ContainerRuntime, worker: Worker): void {
  const { network, touch } = runtime['ground'];
  const { key, agent, uid, sandbox } = worker;
  const machine = network.machines.get(agent.node)!;
  machine.removeSandbox(sandbox!);
  network.detachPod(agent.node, key);
  const attachment = network.attachPod(agent.node, key);
  if (!attachment.ok) throw new Error(attachment.error);
  const { addresses } = attachment;
  const moved = new PodSandbox({
    podKey: key,
    uid,
    node: agent.node,
    addresses,
    hostNetwork: false,
  });
  for (const [name, process] of sandbox!.processes) moved.processes.set(name, process);
  machine.installSandbox(moved);
  worker.sandbox = moved;
  touch?.(agent.node);
}
