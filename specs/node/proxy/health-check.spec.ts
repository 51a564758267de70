// Goal: what load balancers hear from a node, case by case of upstream's tests
// (pkg/proxy/healthcheck/healthcheck_test.go; services.md §14).

import { expect } from 'chai';

import {
  answerForProxy,
  answerForService,
  isLeaving,
  serviceHealthOf,
} from '../../../src/node/proxy/health-check';
import type { Endpoint, ProxyInput, ServicePort } from '../../../src/node/proxy/proxy-mode';
import { servicePortKey } from '../../../src/node/proxy/proxy-mode';
import { ip } from '../../../src/values/ip';
import type { KubeVersion } from '../../../src/values/kube-version';

const PORT = 32_100;

function servicePort(port: string): ServicePort {
  return {
    id: { namespace: 'shop', name: 'web', port, protocol: 'TCP' },
    clusterIP: ip('10.96.0.1'),
    port: 80,
    nodePort: undefined,
    externalIPs: [],
    loadBalancerVIPs: [ip('10.99.0.1')],
    loadBalancerSourceRanges: [],
    healthCheckNodePort: PORT,
    affinitySeconds: undefined,
    internalPolicyLocal: false,
    externalPolicyLocal: true,
  };
}

function endpoint(address: string, nodeName: string, ready = true): Endpoint {
  const conditions = { ready, serving: true, terminating: !ready };
  return { ip: ip(address), port: 80, nodeName, ...conditions, zoneHints: [], nodeHints: [] };
}

function inputOf(endpoints: readonly Endpoint[]): ProxyInput {
  const ports = [servicePort('http'), servicePort('https')];
  return {
    servicePorts: new Map(ports.map((it) => [servicePortKey(it.id), it])),
    endpoints: new Map(ports.map((it) => [servicePortKey(it.id), endpoints])),
  };
}

function health(endpoints: readonly Endpoint[]) {
  return serviceHealthOf(inputOf(endpoints), 'n1').get(PORT)!;
}

describe('the health check port of a Service', () => {
  it('counts the ready endpoints of the node, each address once for all ports', () => {
    const all = [
      endpoint('10.0.0.1', 'n1'),
      endpoint('10.0.0.2', 'n1'),
      endpoint('10.0.0.3', 'n2'),
    ];
    expect(health(all)).to.deep.equal({ service: 'shop/web', port: PORT, localEndpoints: 2 });
  });

  it('does not count what is terminating, though it may still serve', () => {
    expect(health([endpoint('10.0.0.1', 'n1', false)]).localEndpoints).to.equal(0);
  });

  it('answers 200 with the weight where there are any, 503 where not', () => {
    const some = answerForService(health([endpoint('10.0.0.1', 'n1')]), true);
    expect(some).to.deep.include({ status: 200, localEndpoints: 1 });
    expect(some.headers['X-Load-Balancing-Endpoint-Weight']).to.equal('1');
    expect(answerForService(health([]), true).status).to.equal(503);
  });

  it('answers 503 while kube-proxy itself is not healthy', () => {
    const answer = answerForService(health([endpoint('10.0.0.1', 'n1')]), false);
    expect(answer).to.deep.include({ status: 503, localEndpoints: 1 });
  });

  it('is not there for a Service that has none', () => {
    expect(serviceHealthOf(inputOf([]), 'n1').has(PORT + 1)).to.equal(false);
  });
});

describe('the health port of kube-proxy', () => {
  const tainted = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] },
  };
  const answer = (path: string, node: typeof tainted | undefined, version = '1.36') =>
    answerForProxy(path, node, true, version as unknown as KubeVersion)?.status;

  it('says no on a node that is about to go, from 1.30 on', () => {
    expect(answer('/healthz', tainted)).to.equal(503);
    expect(answer('/healthz', tainted, '1.29')).to.equal(200);
    expect(answer('/healthz', undefined)).to.equal(200);
  });

  it('knows that a restart would not help such a node', () => {
    expect(answer('/livez', tainted)).to.equal(200);
  });

  it('has no other page', () => {
    expect(answer('/', undefined)).to.equal(undefined);
  });

  it('counts a node that is being deleted as leaving', () => {
    const deleted = { ...tainted, spec: {}, metadata: { name: 'n1', deletionTimestamp: 1 } };
    expect(isLeaving(deleted)).to.equal(true);
    expect(isLeaving(undefined)).to.equal(false);
  });
});
