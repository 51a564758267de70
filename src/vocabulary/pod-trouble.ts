// Why a pod does not run, or runs and is not ready: what `kubectl describe pod` would lead an
// engineer to, in one clause.

import { conditionOf } from '../apiserver/kinds/pod';
import type { Container, ContainerStatus, Handler, Pod } from '../apiserver/kinds/pod';
import type { Cluster } from '../cluster/cluster';
import { sandboxOf } from './pods';

/** One clause about the pod, `container "web" …`; undefined where nothing is known to be wrong. */
export function tellTrouble(cluster: Cluster, key: string): string | undefined {
  const pod = cluster.api.store.get('Pod', key) as Pod | undefined;
  if (pod === undefined) return undefined;
  const scheduled = conditionOf(pod.status?.conditions, 'PodScheduled');
  if (scheduled?.status === 'False') return `not scheduled: ${scheduled.message ?? 'no node fits'}`;
  const { nodeName } = pod.spec;
  if (nodeName !== undefined && cluster.machines.get(nodeName)?.powered === false) {
    return `its node ${nodeName} has no power`;
  }
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  for (const status of statuses.filter(({ ready }) => !ready)) {
    const spec = containers.find(({ name }) => name === status.name);
    const trouble = spec && (tellEnd(spec, status) ?? tellProbe(cluster, key, spec, status));
    if (trouble !== undefined) return `container "${status.name}" ${trouble}`;
  }
  return undefined;
}

function tellEnd(container: Container, { state, lastState }: ContainerStatus): string | undefined {
  const end = state?.terminated ?? (state?.running ? undefined : lastState?.terminated);
  if (end === undefined) return undefined;
  const isWaiting = state?.waiting?.reason === 'CrashLoopBackOff' ? ', CrashLoopBackOff' : '';
  const isIdle = container.command === undefined && container.args === undefined;
  if (end.exitCode !== 137 && isIdle && end.startedAt === end.finishedAt) {
    const image = container.image ?? 'its image';
    return (
      `ended as it began (exit code ${end.exitCode}${isWaiting}): ${image} has nothing to do ` +
      'without a `command`, for example [sleep, infinity]'
    );
  }
  return `ended with exit code ${end.exitCode}${isWaiting}`;
}

function tellProbe(
  cluster: Cluster,
  key: string,
  container: Container,
  { started }: ContainerStatus,
): string | undefined {
  const [name, probe] =
    container.startupProbe !== undefined && started !== true
      ? ['startup probe', container.startupProbe]
      : ['readiness probe', container.readinessProbe];
  if (probe === undefined) return undefined;
  const written = (probe.httpGet ?? probe.tcpSocket ?? probe.grpc)?.port;
  if (written === undefined) return `fails its ${name} (exec ${wordsOf(probe)})`;
  const port = numberOf(container, written);
  if (port === undefined) {
    return `declares no port "${written}", which its ${name} asks for`;
  }
  const sandbox = sandboxOf(cluster, key)?.sandbox;
  if (sandbox === undefined) return undefined;
  if (sandbox.listenerOn('TCP', port) === undefined) {
    return `does not listen on port ${port}, which its ${name} asks for`;
  }
  const path = probe.httpGet === undefined ? '' : ` (GET ${probe.httpGet.path ?? '/'})`;
  return `listens on port ${port}, and its ${name}${path} has not passed`;
}

function numberOf(container: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort;
}

function wordsOf({ exec }: Handler): string {
  return (exec?.command ?? []).join(' ');
}
