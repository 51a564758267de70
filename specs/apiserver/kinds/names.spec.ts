// Goal: names and labels have the form that the API wants of each kind, and an API version that
// is not served is told from one that nobody knows.
// Rules: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go,
// pkg/apis/core/validation/validation.go ValidateNamespaceName, pkg/apis/rbac/validation.

import { expect } from 'chai';

import { isNamespaced } from '../../../src/apiserver/kinds';
import type { KubeObject } from '../../../src/values/kube-object';
import { verdictOn } from './verdict';

function named(kind: string, metadata: object, apiVersion = 'v1'): KubeObject {
  return { apiVersion, kind, metadata } as KubeObject;
}

function labelled(labels: object): string[] {
  return verdictOn(named('ConfigMap', { name: 'a', labels }));
}

describe('a name', () => {
  it('is required, or the beginning of one', () => {
    expect(verdictOn(named('ConfigMap', {}))).to.deep.equal([
      'error /metadata/name: name or generateName is required',
    ]);
    expect(verdictOn(named('ConfigMap', { generateName: 'web-' }))).to.deep.equal([]);
  });

  it('may be dotted, but not for a Namespace', () => {
    expect(verdictOn(named('ConfigMap', { name: 'a.b' }))).to.deep.equal([]);
    expect(verdictOn(named('Namespace', { name: 'a.b' }))).to.deep.equal([
      'error /metadata/name: "a.b" is no DNS label: a-z, 0-9 and "-"',
    ]);
  });

  it('begins with a letter for a Service', () => {
    const metadata = { generateName: '2-' };
    const service = { ...named('Service', metadata), spec: { ports: [{ port: 80 }] } };
    expect(verdictOn(service)).to.deep.equal([
      'error /metadata/generateName: "2-" is no DNS label: small letters, digits and "-", a ' +
        'letter first',
    ]);
  });

  it('may hold colons for a role alone', () => {
    const role = named('ClusterRole', { name: 'system:node' }, 'rbac.authorization.k8s.io/v1');
    expect(verdictOn(role)).to.deep.equal([]);
    expect(verdictOn(named('ConfigMap', { name: 'system:node' }))).to.deep.equal([
      'error /metadata/name: "system:node" is no DNS name: small letters, digits, "-" and "."',
    ]);
  });

  it('has at most 253 letters, 63 in a label', () => {
    expect(verdictOn(named('ConfigMap', { name: 'a'.repeat(253) }))).to.deep.equal([]);
    expect(verdictOn(named('ConfigMap', { name: 'a'.repeat(254) }))).to.have.length(1);
    expect(verdictOn(named('Namespace', { name: 'a'.repeat(63) }))).to.deep.equal([]);
    expect(verdictOn(named('Namespace', { name: 'a'.repeat(64) }))[0]).to.match(/is no DNS label/);
  });
});

describe('a label', () => {
  it('is a text: numbers and truth values of YAML need quotes', () => {
    expect(labelled({ version: 2 })).to.deep.equal([
      'error /metadata/labels/version: must be a string, is 2 (put it in quotes)',
    ]);
  });

  it('may have a prefix that is a DNS name', () => {
    expect(labelled({ 'example.com/team': 'a' })).to.deep.equal([]);
    expect(labelled({ 'Example/team': 'a' })).to.deep.equal([
      'error /metadata/labels/Example~1team: "Example/team" is no label name',
    ]);
  });

  it('may be empty, and has at most 63 letters', () => {
    expect(labelled({ a: '', b: 'x'.repeat(63) })).to.deep.equal([]);
    expect(labelled({ b: 'x'.repeat(64) })).to.have.length(1);
    expect(labelled({ ['k'.repeat(64)]: 'x' })).to.have.length(1);
  });
});

describe('an API version', () => {
  it('of a known kind that was never served is refused, with the one to use', () => {
    expect(verdictOn(named('Deployment', { name: 'a' }, 'apps/v3'))).to.deep.equal([
      'error /apiVersion: Deployment is not served in apps/v3 (use apiVersion: apps/v1)',
    ]);
  });

  it('of another group cannot share the name of a kind', () => {
    const service = named('Service', { name: 'a' }, 'serving.knative.dev/v1');
    expect(verdictOn(service)).to.deep.equal([
      'error /apiVersion: serving.knative.dev/v1 Service cannot be kept beside v1 Service',
    ]);
  });

  it('that is gone is told with its release, and with the one that took its place', () => {
    const autoscaler = named('HorizontalPodAutoscaler', { name: 'a' }, 'autoscaling/v2beta2');
    expect(verdictOn(autoscaler)).to.deep.equal([
      'error /apiVersion: autoscaling/v2beta2 HorizontalPodAutoscaler is gone since Kubernetes ' +
        '1.26 (use apiVersion: autoscaling/v2)',
    ]);
  });

  it('does not tell whether objects have a namespace where the kind does', () => {
    expect(isNamespaced('apps/v3', 'Deployment')).to.equal(true);
    expect(isNamespaced('v2', 'Node')).to.equal(false);
  });
});
