// Clusters that have settled, of manifests written inside of specs.

import { createCluster } from '../../../src/cluster/create-cluster';
import type { Cluster } from '../../../src/cluster/cluster';
import { planText } from '../../runner/plan-text';

/**
 * A settled cluster of two nodes, or so many, or these, with these manifests. `more`: of its keys. `behaviour`:
 * of its pods.
 */
export function settledWith(
  manifests: string,
  more = '',
  nodes: number | string = 2,
  behaviour = '{}',
): Cluster {
  const text = `
scenario: the start
cluster: {nodes: ${nodes}${more}}
behaviour: ${behaviour}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
---
${manifests}`;
  return createCluster(planText(text, 'start.yaml').cluster, { seed: 1 });
}

/** A workload of one kind with a container that has such a probe. */
export function workloadOf(kind: string, fields: string, probe: string): string {
  const app = kind.toLowerCase();
  return `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${app}}
spec:
  ${fields === '' ? '' : `${fields.replaceAll(', ', '\n  ')}\n  `}selector: {matchLabels: {app: ${app}}}
  template:
    metadata: {labels: {app: ${app}}}
    spec: {containers: [{name: main, image: example/${app}, ${probe}}]}`;
}

export function podNamed(
  name: string,
  container = '{name: main, image: example/web}',
  more = '',
): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec: {${more}containers: [${container}]}
`;
}
