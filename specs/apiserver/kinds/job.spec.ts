// Goal: a Job has the defaults of the API, and what the API server refuses is refused.
// Rules: pkg/apis/batch/v1/defaults.go, pkg/apis/batch/validation/validation.go.

import { expect } from 'chai';
import { check } from '../../../src/apiserver/kinds/index';
import { job } from '../../../src/apiserver/kinds/job';
import type { Job } from '../../../src/apiserver/kinds/job';
import type { KubeObject } from '../../../src/values/kube-object';

function jobOf(spec: object, template: object = {}): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'shop' },
    spec: {
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'v1' }], ...template },
      },
      ...spec,
    },
  };
}

const completed = (spec: object) => (job.defaults(jobOf(spec)) as Job).spec;
const told = (spec: object, template: object = {}) =>
  check(jobOf(spec, template)).map(({ severity, path }) => `${severity} ${path}`);

describe('a Job of the API', () => {
  it('runs one pod to one success where it says nothing', () => {
    expect(completed({})).to.include({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
    });
    expect(completed({ parallelism: 3 })).to.not.have.property('completions');
    const policy = { podFailurePolicy: { rules: [] } };
    expect(completed(policy).podReplacementPolicy).to.equal('Failed');
  });

  it('is refused where the API server refuses it', () => {
    expect(told({})).to.deep.equal([]);
    const restart = 'error /spec/template/spec/restartPolicy';
    expect(told({}, { restartPolicy: 'Always' })).to.deep.equal([restart]);
    expect(told({ podFailurePolicy: { rules: [] } }, { restartPolicy: 'OnFailure' })).to.deep.equal(
      [restart],
    );
    expect(told({ completionMode: 'Indexed', parallelism: 2 })).to.deep.equal([
      'error /spec/completions',
    ]);
    expect(told({ completionMode: 'Random' })).to.deep.equal(['error /spec/completionMode']);
    expect(told({ backoffLimit: -1 })).to.deep.equal(['error /spec/backoffLimit']);
    const rule = (it: object) => told({ podFailurePolicy: { rules: [it] } });
    const path = 'error /spec/podFailurePolicy/rules/0';
    expect(rule({ action: 'FailIndex' })).to.deep.equal([`${path}/action`]);
    expect(rule({ action: 'FailJob' })).to.deep.equal([path]);
    const codes = (operator: string, values: number[]) =>
      rule({ action: 'FailJob', onExitCodes: { operator, values } });
    expect(codes('In', [0])).to.deep.equal([`${path}/onExitCodes/values`]);
    expect(codes('Is', [1])).to.deep.equal([`${path}/onExitCodes/operator`]);
    expect(codes('NotIn', [0])).to.deep.equal([]);
  });

  it('says what is not modelled', () => {
    expect(told({ backoffLimitPerIndex: 1, successPolicy: { rules: [{}] } })).to.deep.equal([
      'warning /spec/backoffLimitPerIndex',
      'warning /spec/successPolicy',
    ]);
    const cron = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'c', namespace: 'a' },
    };
    expect(check(cron).map(({ message }) => message)).to.deep.equal([
      'not modelled: CronJob: it makes no Jobs',
    ]);
  });

  it('keeps its template and its completions', () => {
    const before = job.defaults(jobOf({ completions: 3, parallelism: 3 }));
    const change = (spec: object) =>
      job.validateChange!(job.defaults(jobOf(spec)), before).map(({ path }) => path);
    expect(change({ completions: 3, parallelism: 1, suspend: true })).to.deep.equal([]);
    expect(change({ completions: 4, parallelism: 3 })).to.deep.equal(['/spec/completions']);
    const other = jobOf({ completions: 3, parallelism: 3 }, { hostname: 'x' });
    expect(job.validateChange!(job.defaults(other), before).map(({ path }) => path)).to.deep.equal([
      '/spec/template',
    ]);
    const elastic = { completionMode: 'Indexed', completions: 3, parallelism: 3 };
    const grown = job.defaults(jobOf({ ...elastic, completions: 5, parallelism: 5 }));
    expect(job.validateChange!(grown, job.defaults(jobOf(elastic)))).to.deep.equal([]);
  });
});
