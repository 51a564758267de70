// How a container stands by what its kubelet knows of it: up, over, or to be started.
// source: pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions

import type { Instant } from '../../values/time';
import { isAlive } from './kubelet-state';
import type { ContainerRecord, PodWorker } from './kubelet-state';

/** Whether a start is under way in the pod: one container starts after the other. */
export function isBusy({ containers }: PodWorker): boolean {
  for (const { creating } of containers) if (creating) return true;
  return false;
}

/** Whether the kubelet has seen what its latest process does. */
export function isKnown({ seen, seenAttempt, attempt, process }: ContainerRecord): boolean {
  if (seenAttempt !== attempt) return false;
  return process?.state === 'exited' ? seen.state === 'terminated' : seen.state === 'running';
}

/** Whether it is a container proper, and was ever started. */
export function hasRun({ role, attempt }: ContainerRecord): boolean {
  return role === 'main' && attempt > 0;
}

/** Whether it has ended well, as far as the kubelet knows. */
export function isDone({ seen }: ContainerRecord): boolean {
  return seen.state === 'terminated' && seen.exitCode === 0;
}

/** Whether the kubelet takes the container for running. A start that it does not know of counts. */
export function isUp(container: ContainerRecord): boolean {
  return isAlive(container) && container.seen.state === 'running';
}

/** Whether the container has exited for good. */
export function isOver(container: ContainerRecord): boolean {
  const { role, seen, seenAttempt, attempt, worker } = container;
  if (seen.state !== 'terminated' || seenAttempt !== attempt || role === 'sidecar') return false;
  if (role === 'init' && seen.exitCode === 0) return true;
  const { restartPolicy = 'Always' } = worker.pod.spec;
  if (restartPolicy === 'Never') return true;
  return role === 'main' && restartPolicy === 'OnFailure' && seen.exitCode === 0;
}

/** Never started, or exited as far as the kubelet knows. */
export function needsStart({ seen, seenAttempt, attempt }: ContainerRecord): boolean {
  return attempt === 0 || (seen.state === 'terminated' && seenAttempt === attempt);
}

/** A fault may keep down what has run before; first starts it lets be. */
export function mayRestart({ attempt, worker }: ContainerRecord): boolean {
  return attempt === 0 || !worker.restartHeld;
}

/** When its latest process ended; undefined as long as the kubelet knows of no end. */
export function finishedAt({ seen }: ContainerRecord): Instant | undefined {
  return seen.state === 'terminated' ? seen.finishedAt : undefined;
}
