// Goal: a scheduler that starts anew counts the pods that were made while the cluster settled, as it
// hears of them in its new list. Method: pods on some of the nodes, and as many more as there are
// other nodes, bound by a scheduler that has died and come back.

import { expect } from 'chai';

import type { Cluster } from '../../../src/cluster/cluster';
import type { Instant } from '../../../src/values/time';
import { settledWith } from './settled-with';

/** Beside the two DNS servers, which have nodes of their own. */
const TAKEN = 2;
const NODES = 6;

function deploymentOf(name: string, replicas: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec: {replicas: ${replicas}, selector: {matchLabels: {app: ${name}}},
  template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: main, image: nginx}]}}}
`;
}

/** How many pods there are on each node that has any. */
function podsPerNode({ api }: Cluster): number[] {
  const counts = new Map<string, number>();
  for (const { spec } of api.store.list('Pod')) {
    const { nodeName = '' } = spec as { nodeName?: string };
    counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
  }
  return [...counts.values()];
}

describe('a scheduler that starts anew', () => {
  it('counts the pods of series that it hears of in its new list', () => {
    const manifests = `${deploymentOf('first', TAKEN)}---\n${deploymentOf('later', 0)}`;
    const cluster = settledWith(manifests, '', NODES);
    const { components, handles, kernel } = cluster;
    const all = podsPerNode(cluster).length;
    expect(all).to.be.within(TAKEN, NODES - 1);
    handles.killComponent(
      components.find(({ name }) => name === 'scheduler')!,
      { restart: true },
    );
    kernel.runUntil(30_000_000 as Instant);
    handles.scale('Deployment', 'default/later', NODES - all);
    kernel.runUntil(60_000_000 as Instant);
    expect(podsPerNode(cluster)).to.deep.equal(Array(NODES).fill(1));
  });
});
