// What the API server makes of a new object.

import { KindAdmission } from '../../src/apiserver/admission';
import { Store } from '../../src/apiserver/store';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import type { ClusterSpec } from '../../src/values/cluster-spec';
import { cidr } from '../../src/values/cidr';
import type { KubeObject } from '../../src/values/kube-object';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import type { KubeVersion } from '../../src/values/kube-version';
import { misshapenIn } from './object-shape';
import type { Answer, Question } from './vector-file';

const SERVICE_CIDR = '10.96.0.0/16';

/** The object as it would be stored; `fields` of the expectation are paths with dots. */
export function admit(question: Question): Answer {
  const object = question.ask['admit'] as KubeObject;
  const misshapen = misshapenIn(object);
  if (misshapen !== undefined) return { is: { valid: false }, why: [misshapen] };
  const kernel = new Kernel(1);
  const kubernetes = (question.cluster.kubernetes ?? NEWEST_VERSION) as KubeVersion;
  const timing = new Timing({ kubernetes, profile: 'instant' }, kernel.random);
  const spec = specOf(question, kubernetes);
  const admission = new KindAdmission({ kernel, timing, spec });
  const stored = admission.admit(object, undefined, new Store());
  if (typeof stored === 'string') return { is: { valid: false }, why: [stored] };
  const { fields = {} } = question.expect as { fields?: Readonly<Record<string, unknown>> };
  const read = Object.keys(fields).map((path) => [path, at(stored, path)] as const);
  return { is: { valid: true, fields: Object.fromEntries(read) } };
}

function specOf({ cluster }: Question, kubernetes: KubeVersion): ClusterSpec {
  const ranges = [cluster['serviceCIDR'] ?? SERVICE_CIDR].flat() as string[];
  const serviceCIDRs = ranges.flatMap((range) => range.split(',')).map((range) => range.trim());
  const ipFamilies = serviceCIDRs.map((range) => cidr(range).family);
  return { kubernetes, serviceCIDRs, ipFamilies } as unknown as ClusterSpec;
}

function at(object: unknown, path: string): unknown {
  return path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
