// Which pods a kubelet does not take on, though they are bound to its node.

import { tolerates } from '../../apiserver/kinds/node';
import type { Pod } from '../../apiserver/kinds/pod';
import { isBestEffort, isCriticalPod } from '../../apiserver/kinds/pod-priority';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent, Verdict } from './kubelet-state';
import { pressuresOf } from './node-status';
import { SHUTTING_DOWN } from './node-shutdown';

/** Why pods are ended, and not taken on, for want of something. */
export const EVICTED = 'Evicted';

const MEMORY_PRESSURE = {
  key: 'node.kubernetes.io/memory-pressure',
  effect: 'NoSchedule',
} as const;

/** Why the kubelet rejects the pod; undefined where it takes it on. */
export function rejectionOf(
  ground: KubeletGround,
  agent: NodeAgent,
  pod: Pod,
): Omit<Verdict, 'disrupts'> | undefined {
  const pressures = pressuresOf(ground.state, agent.node);
  if (pressures.length > 0 && !isAdmitted(ground, pod, pressures)) {
    const message = `The node had condition: [${pressures.join(' ')}]. `;
    return { reason: EVICTED, message };
  }
  return agent.leaving === undefined ? undefined : SHUTTING_DOWN;
}

/** source: pkg/kubelet/eviction/eviction_manager.go Admit */
function isAdmitted({ api }: KubeletGround, pod: Pod, pressures: readonly string[]): boolean {
  if (isCriticalPod(pod, (kind, key) => api.store.get(kind, key))) return true;
  if (pressures.length > 1 || pressures[0] !== 'MemoryPressure') return false;
  const tolerations = pod.spec.tolerations ?? [];
  return !isBestEffort(pod) || tolerations.some((it) => tolerates(it, MEMORY_PRESSURE));
}
