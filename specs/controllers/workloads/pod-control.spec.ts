// Goal: of the pods that are too many, those go first that are worth least, each reason before the
// next. Rules: pkg/controller/controller_utils.go ActivePodsWithRanks.

import { expect } from 'chai';

import type { Pod } from '../../../src/apiserver/kinds/pod';
import {
  availableAt,
  isAvailable,
  rankForDeletion,
} from '../../../src/controllers/workloads/pod-control';
import type { Instant } from '../../../src/values/time';

const SECOND = 1_000_000;
const NOW = (3_600 * SECOND) as Instant;

interface Traits {
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly since?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly created?: number;
}

/** A pod that runs and is ready since the first second, unless the traits say otherwise. */
function pod(name: string, traits: Traits = {}): Pod {
  const { node = 'worker-1', phase = 'Running', ready = true, since = SECOND } = traits;
  const { cost, restarts = 0, created = SECOND } = traits;
  const annotations = { 'controller.kubernetes.io/pod-deletion-cost': cost };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, creationTimestamp: created, ...(cost !== undefined && { annotations }) },
    spec: { ...(node !== '' && { nodeName: node }), containers: [] },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since }],
      containerStatuses: [{ name: 'main', restartCount: restarts }],
    },
  } as unknown as Pod;
}

function order(pods: readonly Pod[], onNode: (node: string) => number = () => 1): string[] {
  return rankForDeletion(pods, onNode, NOW).map(({ metadata }) => metadata.name);
}

describe('the first pod to go', () => {
  const rows: readonly (readonly [string, Traits, Traits])[] = [
    ['has no node', { node: '' }, { phase: 'Pending', ready: false }],
    ['has not begun to run', { phase: 'Pending' }, { phase: 'Unknown', ready: false }],
    ['runs as far as is known only', { phase: 'Unknown' }, { ready: false }],
    ['is not ready', { ready: false }, { cost: '-5' }],
    ['is cheap by its own word', { cost: '-5' }, { cost: '0' }],
    ['is cheaper than another one', { cost: '5' }, { cost: '10' }],
    ['has a price that is no number, which counts as 0', { cost: 'much' }, { cost: '1' }],
    ['has not been ready for long', { since: 3_599 * SECOND }, { restarts: 5 }],
    ['was restarted more often', { restarts: 2 }, { restarts: 1, created: 3_599 * SECOND }],
    ['is young', { created: 3_599 * SECOND }, {}],
  ];
  for (const [title, less, more] of rows) {
    it(title, () => {
      expect(order([pod('more', more), pod('less', less)])).to.deep.equal(['less', 'more']);
      expect(order([pod('less', less), pod('more', more)])).to.deep.equal(['less', 'more']);
    });
  }

  it('shares its node with more of its kind', () => {
    const pods = [pod('alone', { node: 'worker-1' }), pod('doubled', { node: 'worker-2' })];
    expect(order(pods, (node) => (node === 'worker-2' ? 2 : 1))).to.deep.equal([
      'doubled',
      'alone',
    ]);
  });

  it('is the newer one of two that are alike in all of that', () => {
    expect(order([pod('older'), pod('newer')])).to.deep.equal(['newer', 'older']);
  });
});

describe('a pod is available', () => {
  it('when it has been ready for as long as it must', () => {
    const subject = pod('web', { since: 3_590 * SECOND });
    expect(availableAt(subject, 20)).to.equal(3_610 * SECOND);
    expect(isAvailable(subject, 20, NOW)).to.equal(false);
    expect(isAvailable(subject, 10, NOW)).to.equal(true);
    expect(isAvailable(subject, 0, NOW)).to.equal(true);
  });

  it('never while it is not ready', () => {
    expect(availableAt(pod('web', { ready: false }), 0)).to.equal(undefined);
    expect(isAvailable(pod('web', { ready: false }), 0, NOW)).to.equal(false);
  });
});
