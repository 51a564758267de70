// What the API server adds to the spec of a pod or of a pod template.
// source: pkg/apis/core/v1/defaults.go SetDefaults_PodSpec, SetDefaults_Probe, SetDefaults_Pod

import { copyWith } from '../../values/kube-object';
import { complete } from './define';
import type { Container, ContainerPort, HttpGet, PodSpec, Probe } from './pod';

const PROBE = {
  initialDelaySeconds: 0,
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
} as const satisfies Partial<Probe>;

const POD_SPEC = {
  restartPolicy: 'Always',
  dnsPolicy: 'ClusterFirst',
  terminationGracePeriodSeconds: 30,
  schedulerName: 'default-scheduler',
  hostNetwork: false,
} as const satisfies Partial<PodSpec>;

/** A pod spec with every default that the network can feel. */
export function defaultPodSpec(given: PodSpec | undefined): PodSpec {
  const spec = complete<PodSpec>(given, POD_SPEC);
  const { containers, initContainers } = spec;
  const main = defaultContainers(containers, spec);
  const init = initContainers && defaultContainers(initContainers, spec);
  if (main === containers && init === initContainers) return spec;
  const whole = copyWith(spec, { containers: main ?? [] });
  return init === undefined ? whole : copyWith(whole, { initContainers: init });
}

/**
 * Containers that say everything, by whether their pod is on the host's network: the pods of a
 * template share them.
 */
const completed = new WeakMap<readonly Container[], boolean>();

function defaultContainers<T extends readonly Container[] | undefined>(
  containers: T,
  spec: PodSpec,
): T | readonly Container[] {
  if (!Array.isArray(containers)) return containers;
  const isOnHost = spec.hostNetwork === true;
  if (completed.get(containers) === isOnHost) return containers;
  const all = (containers as readonly Container[]).map((it) => defaultContainer(it, spec));
  if (all.some((it, index) => it !== containers[index])) return all;
  // What may still change is no key.
  if (Object.isFrozen(containers)) completed.set(containers, isOnHost);
  return containers;
}

function defaultContainer(container: Container, spec: PodSpec): Container {
  const { ports: given } = container;
  const ports = given?.map((port) => defaultPort(port, spec.hostNetwork === true));
  const isSame = ports === undefined || ports.every((port, index) => port === given![index]);
  let whole = isSame ? container : copyWith(container, { ports });
  for (const field of PROBES) {
    const probe = container[field];
    const said = probe && defaultProbe(probe);
    if (said !== probe) whole = copyWith(whole, { [field]: said });
  }
  return whole;
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** Zero counts as absent, as in the API, except for the delay, whose default it is. */
function defaultProbe(given: Probe): Probe {
  const { timeoutSeconds, periodSeconds, successThreshold, failureThreshold } = given;
  const set = [timeoutSeconds, periodSeconds, successThreshold, failureThreshold];
  const isComplete = set.every(Boolean) && given.initialDelaySeconds !== undefined;
  const httpGet = given.httpGet && complete<HttpGet>(given.httpGet, { path: '/', scheme: 'HTTP' });
  if (isComplete && httpGet === given.httpGet) return given;
  return {
    ...given,
    ...(httpGet && { httpGet }),
    initialDelaySeconds: given.initialDelaySeconds ?? PROBE.initialDelaySeconds,
    timeoutSeconds: timeoutSeconds || PROBE.timeoutSeconds,
    periodSeconds: periodSeconds || PROBE.periodSeconds,
    successThreshold: successThreshold || PROBE.successThreshold,
    failureThreshold: failureThreshold || PROBE.failureThreshold,
  };
}

/** A pod on the host's network has its ports there: each container port is a host port. */
function defaultPort(port: ContainerPort, hostNetwork: boolean): ContainerPort {
  const withProtocol = complete<ContainerPort>(port, { protocol: 'TCP' });
  if (!hostNetwork || withProtocol.hostPort !== undefined) return withProtocol;
  return copyWith(withProtocol, { hostPort: withProtocol.containerPort });
}
