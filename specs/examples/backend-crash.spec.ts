// A regression spec as a team writes it for its own service: the Deployment and the Service that
// it ships, one backend that crashes, and what its clients may notice of that.
//
// In a project of your own the imports are
//   import { use, expect } from 'chai';
//   import { buildCluster, kubedrill } from 'kubedrill/chai';

import { expect, use } from 'chai';
import { buildCluster, kubedrill } from '../../src/chai/plugin';
import type { Drill } from '../../src/chai/plugin';

use(kubedrill);

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: {name: checkout}
---
apiVersion: v1
kind: Pod
metadata: {name: frontend, namespace: checkout}
spec: {containers: [{name: frontend, image: registry.example/checkout/frontend:3.2}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: payments, namespace: checkout}
spec:
  replicas: 3
  selector: {matchLabels: {app: payments}}
  template:
    metadata: {labels: {app: payments}}
    spec:
      containers:
        - name: payments
          image: registry.example/checkout/payments:1.9
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: checkout}
spec:
  clusterIP: 10.96.0.40
  selector: {app: payments}
  ports: [{name: http, port: 80, targetPort: http}]
`;

describe('checkout, when one payments pod crashes', () => {
  let drill: Drill;

  beforeEach(() => {
    drill = buildCluster({ nodes: 3, kubernetes: '1.36', manifests: [MANIFESTS] });
    drill.runUntil('10s');
  });

  it('finds payments by name, at the address that we gave it', () => {
    expect(drill.pod('checkout/frontend')).to.resolve('payments', { answers: ['10.96.0.40'] });
    expect(drill.pod('checkout/frontend')).to.resolve('payments.checkout.svc.cluster.local');
    expect(drill.pod('checkout/frontend')).to.resolve('paymentz', { rcode: 'NXDOMAIN' });
  });

  it('spreads its calls evenly, and the pods see who calls', () => {
    const frontend = drill.pod('checkout/frontend');
    expect(frontend).to.share('payments:80', { even: 'checkout/payments' });
    expect(frontend).to.reach('payments:80', { source: 'checkout/frontend' });
  });

  it('translates a call to a pod, and the answer back', () => {
    const [pod] = drill.cluster.podsOf('Deployment', 'checkout/payments');
    const { status } = drill.cluster.api.store.get('Pod', pod!)! as { status?: { podIP?: string } };
    expect(drill.pod('checkout/frontend')).to.translate({
      to: '10.96.0.40:80',
      dnat: `${status!.podIP}:8080`,
      snat: 'none',
      some: true,
    });
  });

  it('is refused by the dead pod at first, and by nobody two seconds later', () => {
    drill.kill({ pod: 'checkout/payments#1' });
    const frontend = drill.pod('checkout/frontend');
    expect(frontend).to.reach('payments:80', { outcome: 'refused', some: true });
    expect(frontend).to.reach('payments:80', { within: '2s' });
    expect(drill.service('checkout/payments')).to.converge({ within: '2s' });
  });

  it('survives the loss of a whole node within the time that Kubernetes needs', () => {
    drill.kill({ node: 'worker-2' });
    expect(drill.node('worker-1')).to.reach('10.96.0.40:80', { within: '60s' });
    expect(drill.node('worker-1')).not.to.reach('10.96.0.40:80', {
      outcome: 'timeout',
      within: '30s',
    });
  });
});
