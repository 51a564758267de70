// Pod: the containers that share one network namespace, where they run and how they fare.

import type { KubeObject } from '../../values/kube-object';
import type { Protocol } from '../../values/flow';
import type { Labels } from '../../values/labels';
import type { Instant } from '../../values/time';
import { defineKind, error } from './define';
import { validateMetadata } from './names';
import type { Affinity } from './node-affinity';
import { defaultPodSpec } from './pod-defaults';
import { POD_SPEC_FIELDS } from './pod-fields';
import { areSameBeside, validatePodSpec } from './pod-validation';
import { equalJson } from '../json';

export interface Pod extends KubeObject {
  readonly kind: 'Pod';
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly nodeName?: string;
  readonly nodeSelector?: Labels;
  readonly affinity?: Affinity;
  readonly tolerations?: readonly Toleration[];
  readonly hostNetwork?: boolean;
  readonly hostname?: string;
  readonly subdomain?: string;
  readonly setHostnameAsFQDN?: boolean;
  readonly hostAliases?: readonly { readonly ip: string; readonly hostnames?: readonly string[] }[];
  readonly dnsPolicy?: 'ClusterFirst' | 'ClusterFirstWithHostNet' | 'Default' | 'None';
  readonly dnsConfig?: PodDnsConfig;
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  readonly terminationGracePeriodSeconds?: number;
  readonly activeDeadlineSeconds?: number;
  readonly readinessGates?: readonly { readonly conditionType: string }[];
  readonly schedulerName?: string;
  readonly priorityClassName?: string;
  readonly priority?: number;
  readonly serviceAccountName?: string;
  readonly volumes?: readonly { readonly name: string; readonly [source: string]: unknown }[];
}

export interface PodDnsConfig {
  readonly nameservers?: readonly string[];
  readonly searches?: readonly string[];
  readonly options?: readonly { readonly name: string; readonly value?: string }[];
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly ports?: readonly ContainerPort[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: Handler; readonly postStart?: Handler };
  /** `Always` on an init container makes it a sidecar. */
  readonly restartPolicy?: 'Always';
  readonly imagePullPolicy?: string;
  readonly resources?: ContainerResources;
}

/** Quantities by resource: `cpu`, `memory`. */
export interface ContainerResources {
  readonly requests?: Readonly<Record<string, string | number>>;
  readonly limits?: Readonly<Record<string, string | number>>;
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly hostPort?: number;
  readonly hostIP?: string;
  readonly protocol?: Protocol;
}

/** What a probe or a hook does. */
export interface Handler {
  readonly httpGet?: HttpGet;
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string };
  readonly grpc?: { readonly port: number; readonly service?: string };
  readonly exec?: { readonly command?: readonly string[] };
  readonly sleep?: { readonly seconds: number };
}

export interface HttpGet {
  readonly path?: string;
  readonly port: number | string;
  readonly host?: string;
  readonly scheme?: 'HTTP' | 'HTTPS';
  readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
}

/** Durations in whole seconds. */
export interface Probe extends Handler {
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
  readonly terminationGracePeriodSeconds?: number;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  readonly tolerationSeconds?: number;
}

export interface PodStatus {
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly conditions?: readonly Condition[];
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly hostIP?: string;
  readonly hostIPs?: readonly { readonly ip: string }[];
  /** Virtual time in whole microseconds. */
  readonly startTime?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  /** Virtual time in whole microseconds. */
  readonly lastTransitionTime?: number;
  /** Of a Deployment: when its rollout last made progress. */
  readonly lastUpdateTime?: number;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount: number;
  readonly image?: string;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

/** Times in whole microseconds. */
export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: number };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason?: string;
    readonly startedAt?: number;
    readonly finishedAt?: number;
  };
}

/** Whether the pod's Ready condition is True. */
export function isPodReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, 'Ready')?.status === 'True';
}

/** Succeeded or Failed: the pod will never run again. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/**
 * Whether a controller counts the pod among its replicas.
 * source: pkg/controller/controller_utils.go IsPodActive
 */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  if (conditions === undefined) return undefined;
  // Every look at a pod comes by here, several times.
  for (let index = 0; index < conditions.length; index++) {
    if (conditions[index]!.type === type) return conditions[index];
  }
  return undefined;
}

/** What a pod is told that somebody ends. source: pkg/apis/core/types.go DisruptionTarget */
export function disruptionTarget(reason: string, message: string, now: Instant): Condition {
  return { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: now };
}

/** The conditions with `condition` in the place of the one of its type, or at their end. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  condition: Condition,
): Condition[] {
  const all = conditions ?? [];
  for (let index = 0; index < all.length; index++) {
    if (all[index]!.type === condition.type) return all.with(index, condition);
  }
  return all.concat(condition);
}

export const pod = defineKind({
  apiVersions: ['v1'],
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  namespaced: true,
  fields: { spec: POD_SPEC_FIELDS },
  defaults(object) {
    const spec = defaultPodSpec(object.spec as PodSpec | undefined);
    return spec === object.spec ? object : { ...object, spec };
  },
  validate: (object, previous) => [
    ...validateMetadata(object, previous),
    ...validatePodSpec((object as Pod).spec, '/spec'),
  ],
  validateChange(object, previous) {
    const [changed, given] = [(object as Pod).spec, (previous as Pod).spec];
    // So it is when a pod is bound.
    if (areSameBeside(changed, given, MUTABLE)) return [];
    if (equalJson(immutablePart(changed), immutablePart(given))) return [];
    return [error('/spec', 'a pod may not change, except for its images and added tolerations')];
  },
});

const MUTABLE: readonly string[] = ['tolerations', 'nodeName'];

/**
 * What must stay: everything but images, tolerations and the node of a pod that had none.
 * source: pkg/apis/core/validation/validation.go ValidatePodUpdate
 */
function immutablePart(spec: PodSpec): unknown {
  const { tolerations: _tolerations, nodeName: _nodeName, ...rest } = spec;
  const bare = ({ image: _image, ...container }: Container) => container;
  return {
    ...rest,
    containers: spec.containers.map(bare),
    initContainers: (spec.initContainers ?? []).map(bare),
  };
}
