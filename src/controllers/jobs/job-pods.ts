// The pods that a Job makes.
// source: pkg/controller/job/{job_controller,indexed_job_utils}.go

import type { Job } from '../../apiserver/kinds/job';
import type { Pod } from '../../apiserver/kinds/pod';
import { INDEX_LABEL } from './job-indexes';
import { TRACKING } from './job-tally';
import { podFromTemplate } from '../workloads/pod-control';

/** A pod for the Job, or for one index of it. It stays until it is counted. */
export function podOfJob(job: Job, index: number | undefined): Pod {
  const { name, uid = '' } = job.metadata;
  const isIndexed = index !== undefined;
  const pod = podFromTemplate(job, job.spec.template, {
    labels: {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
      'controller-uid': uid,
      'job-name': name,
      ...(isIndexed && { [INDEX_LABEL]: String(index) }),
    },
    ...(isIndexed && { spec: { hostname: `${name}-${index}` } }),
  });
  const { annotations, ...metadata } = pod.metadata;
  const marks = { ...annotations, ...(isIndexed && { [INDEX_LABEL]: String(index) }) };
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(isIndexed && { generateName: `${name}-${index}-` }),
      ...(Object.keys(marks).length > 0 && { annotations: marks }),
      finalizers: [TRACKING],
    },
  };
}

/** The finalizers of the pod without that of its Job; null where none is left. */
export function withoutTracking({ metadata }: Pod): readonly string[] | null {
  const left = (metadata.finalizers ?? []).filter((it) => it !== TRACKING);
  return left.length === 0 ? null : left;
}
