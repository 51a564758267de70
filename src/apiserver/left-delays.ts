// Delays that an object leaves to the API server, where the scenario overrides what that fills in:
// as if the objects had said them. The defaults of the kinds (kinds/*) come after.
// source: pkg/apis/core/v1/defaults.go, pkg/apis/apps/v1/defaults.go

import type { Timing } from '../timing';
import type { KubeObject } from '../values/kube-object';
import { seconds } from '../values/time';
import type { Duration } from '../values/time';
import type { Deployment } from './kinds/deployment';
import type { Container, PodSpec, Probe } from './kinds/pod';
import type { Service } from './kinds/service';

/** What is overridden, in seconds as the API counts. */
interface Left {
  readonly probe: Partial<Probe>;
  readonly grace: Pick<PodSpec, 'terminationGracePeriodSeconds'>;
  readonly progress: Partial<Deployment['spec']>;
  readonly affinity: number | undefined;
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

export class LeftDelays {
  private readonly left: Left;
  /** Whether nothing is overridden that an object may leave open. */
  readonly isEmpty: boolean;

  constructor(timing: Timing) {
    const { left, isEmpty } = readLeft(timing);
    this.left = left;
    this.isEmpty = isEmpty;
  }

  /** The object with every overridden delay that it leaves open. */
  complete(object: KubeObject): KubeObject {
    if (this.isEmpty) return object;
    const { kind } = object;
    if (kind === 'Pod') return { ...object, spec: this.podSpec(object.spec as PodSpec) };
    if (kind === 'Service') return this.service(object as Service);
    const { template, ...rest } = (object.spec ?? {}) as {
      readonly template?: { readonly spec?: PodSpec };
    };
    if (template?.spec === undefined) return object;
    const own = kind === 'Deployment' ? this.left.progress : {};
    const spec = { ...own, ...rest, template: { ...template, spec: this.podSpec(template.spec) } };
    return { ...object, spec };
  }

  private podSpec(given: PodSpec): PodSpec {
    const { containers, initContainers } = given;
    const filled = (all: readonly Container[]): readonly Container[] =>
      Array.isArray(all) ? all.map((container) => this.container(container)) : all;
    return {
      ...this.left.grace,
      ...given,
      containers: filled(containers),
      ...(initContainers !== undefined && { initContainers: filled(initContainers) }),
    };
  }

  private container(given: Container): Container {
    const probes = PROBES.flatMap((field) => {
      const probe = given[field];
      return probe === undefined ? [] : [[field, this.probe(probe)] as const];
    });
    return { ...given, ...Object.fromEntries(probes) };
  }

  /** Zero counts as absent, as in the API, except for the delay, of which it is the default. */
  private probe(given: Probe): Probe {
    const { periodSeconds, timeoutSeconds, ...rest } = given;
    return {
      ...this.left.probe,
      ...rest,
      ...(periodSeconds ? { periodSeconds } : {}),
      ...(timeoutSeconds ? { timeoutSeconds } : {}),
    };
  }

  private service(object: Service): KubeObject {
    const { sessionAffinity, sessionAffinityConfig } = object.spec ?? {};
    const said = sessionAffinityConfig?.clientIP?.timeoutSeconds;
    const timeoutSeconds = said ?? this.left.affinity;
    if (sessionAffinity !== 'ClientIP' || timeoutSeconds === undefined) return object;
    const config = { ...sessionAffinityConfig, clientIP: { timeoutSeconds } };
    return { ...object, spec: { ...object.spec, sessionAffinityConfig: config } };
  }
}

function readLeft(timing: Timing): { readonly left: Left; readonly isEmpty: boolean } {
  const period = wholeSeconds(timing.override('kubelet.probe'));
  const timeout = wholeSeconds(timing.override('kubelet.probeTimeout'));
  const delay = wholeSeconds(timing.override('kubelet.probeInitialDelay'));
  const grace = wholeSeconds(timing.override('spec.terminationGracePeriodSeconds'));
  const deadline = wholeSeconds(timing.override('spec.progressDeadlineSeconds'));
  const affinity = wholeSeconds(timing.override('service.sessionAffinity'));
  const left: Left = {
    probe: {
      ...(period !== undefined && { periodSeconds: period }),
      ...(timeout !== undefined && { timeoutSeconds: timeout }),
      ...(delay !== undefined && { initialDelaySeconds: delay }),
    },
    grace: { ...(grace !== undefined && { terminationGracePeriodSeconds: grace }) },
    progress: { ...(deadline !== undefined && { progressDeadlineSeconds: deadline }) },
    affinity,
  };
  const all = [period, timeout, delay, grace, deadline, affinity];
  return { left, isEmpty: all.every((it) => it === undefined) };
}

function wholeSeconds(delay: Duration | undefined): number | undefined {
  return delay === undefined ? undefined : Math.round(delay / seconds(1));
}
