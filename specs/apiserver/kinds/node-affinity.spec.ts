// Goal: which nodes a pod demands, by labels, by expressions and by the name of the node.
// Rules: staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go,
// staging/src/k8s.io/apimachinery/pkg/labels/selector.go Requirement.Matches.

import { expect } from 'chai';

import { matchesNode } from '../../../src/apiserver/kinds/node-affinity';
import type { NodeSelectorTerm } from '../../../src/apiserver/kinds/node-affinity';

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'worker-1', labels: { zone: 'a', cores: '8', empty: '' } },
};

function required(...nodeSelectorTerms: NodeSelectorTerm[]): boolean {
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } };
  return matchesNode({ affinity }, NODE);
}

function line(key: string, operator: string, ...values: string[]): NodeSelectorTerm {
  return { matchExpressions: [{ key, operator: operator as 'In', values }] };
}

describe('a pod fits a node', () => {
  it('that has all labels of its nodeSelector', () => {
    expect(matchesNode({ nodeSelector: { zone: 'a' } }, NODE)).to.equal(true);
    expect(matchesNode({ nodeSelector: { zone: 'a', cores: '4' } }, NODE)).to.equal(false);
  });

  it('where it only prefers others', () => {
    const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 1, preference: {} }];
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } };
    expect(matchesNode({ affinity }, NODE)).to.equal(true);
  });

  it('without labels where it demands nothing, and not where it demands one', () => {
    const bare = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'bare' } };
    expect(matchesNode({}, bare)).to.equal(true);
    expect(matchesNode({ nodeSelector: { zone: 'a' } }, bare)).to.equal(false);
  });
});

describe('required node affinity', () => {
  const rows: readonly (readonly [NodeSelectorTerm, boolean])[] = [
    [line('zone', 'In', 'a', 'b'), true],
    [line('zone', 'In', 'b'), false],
    [line('disk', 'In', 'ssd'), false],
    [line('zone', 'NotIn', 'b'), true],
    [line('zone', 'NotIn', 'a'), false],
    [line('disk', 'NotIn', 'ssd'), true],
    [line('zone', 'Exists'), true],
    [line('disk', 'Exists'), false],
    [line('zone', 'DoesNotExist'), false],
    [line('disk', 'DoesNotExist'), true],
    [line('cores', 'Gt', '4'), true],
    [line('cores', 'Gt', '8'), false],
    [line('disk', 'Gt', '0'), false],
    [line('cores', 'Lt', '16'), true],
    [line('cores', 'Lt', '8'), false],
    [line('disk', 'Lt', '9'), false],
    [line('zone', 'Lt', '9'), false],
  ];
  for (const [term, fits] of rows) {
    const { key, operator, values } = term.matchExpressions![0]!;
    const text = `${key} ${operator} ${values!.join(', ')}`.trim();
    it(`${fits ? 'is met by' : 'is not met by'} ${text}`, () => {
      expect(required(term)).to.equal(fits);
    });
  }

  it('counts only whole numbers: an empty label is no 0', () => {
    expect(required(line('empty', 'Lt', '9'))).to.equal(false);
    expect(required(line('cores', 'Gt', '1.5'))).to.equal(false);
  });

  it('is met by one of its terms, but by all lines of a term', () => {
    const [met, missed] = [line('zone', 'In', 'a'), line('zone', 'In', 'b')];
    expect(required(missed, met)).to.equal(true);
    const matchExpressions = [...met.matchExpressions!, ...missed.matchExpressions!];
    expect(required({ matchExpressions })).to.equal(false);
  });

  it('is met by no node where a term is empty', () => {
    expect(required({})).to.equal(false);
  });

  it('reads the name of the node as a field, as DaemonSets do', () => {
    const byName = (name: string): NodeSelectorTerm => ({
      matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }],
    });
    expect(required(byName('worker-1'))).to.equal(true);
    expect(required(byName('worker-2'))).to.equal(false);
  });
});
