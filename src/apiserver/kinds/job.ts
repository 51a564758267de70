// Job: pods that run to their end, until enough of them have succeeded or too many have failed.

import type { KubeObject } from '../../values/kube-object';
import type { ManifestProblem } from '../../values/manifest-problem';
import { equalJson } from '../json';
import { complete, defineKind, error, noneOf } from './define';
import { validateLabels, validateMetadata } from './names';
import type { Condition } from './pod';
import { validatePodSpec } from './pod-validation';
import { defaultTemplate, isCount, TEMPLATE_FIELDS } from './workload';
import type { PodTemplate } from './workload';

export interface Job extends KubeObject {
  readonly kind: 'Job';
  readonly spec: JobSpec;
  readonly status?: JobStatus;
}

export interface JobSpec {
  readonly template: PodTemplate;
  readonly parallelism?: number;
  /** Undefined: one success is enough, and each pod knows by itself when the work is done. */
  readonly completions?: number;
  readonly completionMode?: 'NonIndexed' | 'Indexed';
  readonly backoffLimit?: number;
  readonly activeDeadlineSeconds?: number;
  readonly ttlSecondsAfterFinished?: number;
  readonly suspend?: boolean;
  readonly podReplacementPolicy?: 'TerminatingOrFailed' | 'Failed';
  readonly podFailurePolicy?: { readonly rules: readonly PodFailureRule[] };
}

/** What a failed pod means, where it meets one of the two requirements. */
export interface PodFailureRule {
  readonly action: 'FailJob' | 'Ignore' | 'Count' | 'FailIndex';
  readonly onExitCodes?: {
    readonly containerName?: string;
    readonly operator: 'In' | 'NotIn';
    readonly values: readonly number[];
  };
  readonly onPodConditions?: readonly { readonly type: string; readonly status?: string }[];
}

/** Times in whole microseconds. */
export interface JobStatus {
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  /** Of an indexed Job: `0-2,5`. */
  readonly completedIndexes?: string;
  readonly startTime?: number;
  readonly completionTime?: number;
  readonly conditions?: readonly Condition[];
  /** Finished pods by identity that are not in the numbers above yet. */
  readonly uncountedTerminatedPods?: {
    readonly succeeded?: readonly string[];
    readonly failed?: readonly string[];
  };
}

/** source: pkg/apis/batch/v1/defaults.go SetDefaults_Job */
function defaults(object: KubeObject): KubeObject {
  const given = (object as Job).spec as JobSpec | undefined;
  const isPlain = given?.completions === undefined && given?.parallelism === undefined;
  const spec = complete<JobSpec>(given, {
    ...(isPlain && { completions: 1 }),
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: given?.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
  });
  return { ...object, spec: { ...spec, template: defaultTemplate(spec.template) } };
}

const COUNTS = [
  'parallelism',
  'completions',
  'backoffLimit',
  'activeDeadlineSeconds',
  'ttlSecondsAfterFinished',
] as const;

/** source: pkg/apis/batch/validation/validation.go ValidateJobSpec */
function validate(object: KubeObject): ManifestProblem[] {
  const { spec } = object as Job;
  const problems = validateMetadata(object);
  for (const field of COUNTS) {
    if (spec[field] === undefined || isCount(spec[field])) continue;
    problems.push(error(`/spec/${field}`, `${JSON.stringify(spec[field])} is no whole number`));
  }
  const mode = spec.completionMode;
  if (mode !== 'NonIndexed' && mode !== 'Indexed') {
    const message = noneOf(mode, ['NonIndexed', 'Indexed']);
    problems.push(error('/spec/completionMode', message));
  }
  if (mode === 'Indexed' && spec.completions === undefined) {
    problems.push(error('/spec/completions', 'is required where completionMode is Indexed'));
  }
  const { template } = spec;
  problems.push(
    ...validateLabels(template.metadata?.labels, '/spec/template/metadata/labels'),
    ...validatePodSpec(template.spec, '/spec/template/spec'),
    ...validateRestart(spec),
    ...validatePolicy(spec),
  );
  return problems;
}

function validateRestart({ template, podFailurePolicy }: JobSpec): ManifestProblem[] {
  const { restartPolicy } = template.spec;
  const path = '/spec/template/spec/restartPolicy';
  if (restartPolicy !== 'Never' && restartPolicy !== 'OnFailure') {
    return [error(path, 'must be OnFailure or Never in the template of a Job')];
  }
  if (podFailurePolicy === undefined || restartPolicy === 'Never') return [];
  return [error(path, 'must be Never where there is a podFailurePolicy')];
}

function validatePolicy({ podFailurePolicy }: JobSpec): ManifestProblem[] {
  return (podFailurePolicy?.rules ?? []).flatMap((rule, index) => {
    const path = `/spec/podFailurePolicy/rules/${index}`;
    if (!['FailJob', 'Ignore', 'Count'].includes(rule.action)) {
      return [error(`${path}/action`, noneOf(rule.action, ['FailJob', 'Ignore', 'Count']))];
    }
    const isOne = (rule.onExitCodes === undefined) !== (rule.onPodConditions === undefined);
    if (!isOne) return [error(path, 'write one of onExitCodes and onPodConditions')];
    if (rule.onExitCodes === undefined) return [];
    const { operator, values } = rule.onExitCodes;
    if (operator === 'In' && values.includes(0)) {
      return [error(`${path}/onExitCodes/values`, '0 is no failure')];
    }
    const isKnown = operator === 'In' || operator === 'NotIn';
    const message = noneOf(operator, ['In', 'NotIn']);
    return isKnown ? [] : [error(`${path}/onExitCodes/operator`, message)];
  });
}

/** source: pkg/apis/batch/validation/validation.go ValidateJobSpecUpdate */
function validateChange(object: KubeObject, previous: KubeObject): ManifestProblem[] {
  const [now, before] = [(object as Job).spec, (previous as Job).spec];
  const kept = ['completionMode', 'template', 'podFailurePolicy'] as const;
  const problems = kept
    .filter((field) => !equalJson(now[field], before[field]))
    .map((field) => error(`/spec/${field}`, 'may not change'));
  const isElastic = now.completionMode === 'Indexed' && now.completions === now.parallelism;
  if (now.completions !== before.completions && !isElastic) {
    problems.push(
      error('/spec/completions', 'may change with parallelism alone, of an indexed Job'),
    );
  }
  return problems;
}

const PER_INDEX = 'failures are counted for the whole Job';

export const job = defineKind({
  apiVersions: ['batch/v1'],
  kind: 'Job',
  plural: 'jobs',
  shortNames: [],
  namespaced: true,
  fields: {
    spec: {
      template: TEMPLATE_FIELDS,
      parallelism: true,
      completions: true,
      completionMode: true,
      backoffLimit: true,
      activeDeadlineSeconds: true,
      ttlSecondsAfterFinished: true,
      suspend: true,
      podReplacementPolicy: true,
      podFailurePolicy: {
        rules: [
          {
            action: true,
            onExitCodes: { containerName: true, operator: true, values: true },
            onPodConditions: [{ type: true, status: true }],
          },
        ],
      },
      selector: 'pods belong to the Job by their owner alone',
      manualSelector: 'pods belong to the Job by their owner alone',
      backoffLimitPerIndex: PER_INDEX,
      maxFailedIndexes: PER_INDEX,
      successPolicy: 'the Job succeeds with all of its completions',
      managedBy: 'the Job controller takes care of it',
    },
  },
  defaults,
  validate,
  validateChange,
});
