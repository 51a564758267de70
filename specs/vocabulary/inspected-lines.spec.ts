// Goal: the chain of an `inspect` ends with a line that can have changed what it looks at: of that
// kind of object, of the agents of that node and of no other, or the line that the query finds.

import { expect } from 'chai';
import type { Instant } from '../../src/values/time';
import { isInspected } from '../../src/vocabulary/inspected-lines';

function inspects(path: string, actor: string, action: string, subject = 'Pod/shop/a'): boolean {
  return isInspected(path, { at: 0 as Instant, actor, action, subject, detail: '' });
}

describe('a line of the journal that an inspect looks at', () => {
  it('is of the kind that the query asks for, and stored', () => {
    for (const path of ['$.objects.pods[*].status', "$.objects['pods'][*]", '$.objects.Pod[*]']) {
      expect(inspects(path, 'apiserver', 'stored'), path).to.equal(true);
      expect(inspects(path, 'apiserver', 'stored', 'Service/shop/a'), path).to.equal(false);
      expect(inspects(path, 'kubelet@worker-1', 'killed'), path).to.equal(false);
    }
  });

  it('is of that kind to the letter, also of one that the model does not know', () => {
    const pods = '$.objects.pods[*]';
    expect(inspects(pods, 'apiserver', 'stored', 'PodDisruptionBudget/shop/a')).to.equal(false);
    expect(inspects('$.objects.Widget[*]', 'apiserver', 'stored', 'Widget/shop/a')).to.equal(true);
    expect(inspects('$.objects.Widget[*]', 'apiserver', 'stored')).to.equal(false);
  });

  it('is of an agent of the node, whose name may be the end of another', () => {
    const rules = "$.nodes['worker-1'].proxy.rules[*]";
    for (const path of [rules, '$.nodes.worker-1.conntrack']) {
      expect(inspects(path, 'kube-proxy@worker-1', 'synced'), path).to.equal(true);
      expect(inspects(path, 'kube-proxy@my-worker-1', 'synced'), path).to.equal(false);
      expect(inspects(path, 'kube-proxy@worker-2', 'synced'), path).to.equal(false);
      expect(inspects(path, 'apiserver', 'stored', 'Node/worker-1'), path).to.equal(false);
    }
  });

  it('is of an agent of any node where the query asks for all of them', () => {
    expect(inspects('$.nodes[*].conntrack', 'kube-proxy@worker-2', 'synced')).to.equal(true);
    expect(inspects('$.nodes[*].conntrack', 'scheduler', 'bound')).to.equal(false);
  });

  it('is what the query finds in the journal', () => {
    const killed = "$.journal[?(@.action == 'killed')]";
    expect(inspects(killed, 'kubelet@worker-1', 'killed')).to.equal(true);
    expect(inspects(killed, 'kubelet@worker-1', 'started')).to.equal(false);
  });

  it('announces, where the query asks for load balancers', () => {
    expect(inspects('$.loadBalancers[*]', 'metallb-speaker@a', 'announces')).to.equal(true);
    expect(inspects('$.loadBalancers[*]', 'metallb-speaker@a', 'killed')).to.equal(false);
  });

  it('is none where the query asks for what has no lines', () => {
    expect(inspects('$.now', 'apiserver', 'stored')).to.equal(false);
  });
});
