// Goal: the text of a failed connection names its cause in the manifests, not only what the rules
// did with it: the causes of the troubleshooting flow chart (reference tutorials.md, T27).
// Method: the real cluster with one mistake each; the claim that fails tells why.

import { expect } from 'chai';

import { buildCluster } from '../../src/chai/plugin';
import type { Drill } from '../../src/chai/plugin';
import claim from '../../src/vocabulary/claims/reach';

const CLIENT = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'client' },
  spec: { containers: [{ name: 'main', image: 'example/client' }] },
};

function web(container: object): object {
  const labels = { app: 'web' };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'web', image: 'example/web', ...container }] },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  };
}

function service(spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec };
}

const PORTS = [{ port: 80, targetPort: 8080 }];
const LISTENING = { ports: [{ containerPort: 8080 }] };

function why(drill: Drill, to: string): string {
  drill.runUntil('1s');
  const args = { from: 'client', to } as const;
  return claim.observe(drill.cluster, args, { explain: true }).why.join('\n');
}

function drillOf(...manifests: object[]): Drill {
  return buildCluster({ nodes: 2, manifests: [CLIENT, ...manifests] as never });
}

describe('the reason of a failed connection', () => {
  it('names the labels that no pod has', () => {
    const drill = drillOf(web(LISTENING), service({ selector: { app: 'wbe' }, ports: PORTS }));
    expect(why(drill, 'web:80')).to.contain('selects app=wbe, and no pod in default has that');
  });

  const BEHIND_80 = service({ selector: { app: 'web' }, ports: PORTS });
  for (const [what, container, told] of [
    [
      'the port that a probe asks for and nobody listens on',
      { image: 'nginx', readinessProbe: { httpGet: { port: 8081 } } },
      'container "web" does not listen on port 8081, which its readiness probe asks for',
    ],
    [
      'the port name of a probe that no container declares',
      { ...LISTENING, readinessProbe: { tcpSocket: { port: 'htp' } } },
      'container "web" declares no port "htp", which its readiness probe asks for',
    ],
    [
      'a container that has nothing to do',
      { image: 'busybox:1.36' },
      'busybox:1.36 has nothing to do without a `command`',
    ],
  ] as const) {
    it(`names ${what}`, () => {
      expect(why(drillOf(web(container), BEHIND_80), 'web:80')).to.contain(told);
    });
  }

  it('names what ended the process that should have sent', () => {
    const idle = { ...CLIENT, spec: { containers: [{ name: 'main', image: 'busybox' }] } };
    const drill = buildCluster({ nodes: 1, manifests: [idle] as never }).runUntil('1s');
    const found = claim.observe(drill.cluster, { from: 'client', to: 'web:80' }, { explain: true });
    expect(found.actual).to.match(
      /^no process of client runs \(container "main" ended as it began/,
    );
  });

  it('names the node without power under the process that should have sent', () => {
    const drill = buildCluster({ nodes: 1, manifests: [CLIENT] as never });
    drill.kill({ node: 'worker-1' }).runUntil('1s');
    const found = claim.observe(drill.cluster, { from: 'client', to: 'web:80' }, { explain: true });
    expect(found.actual).to.contain('its node worker-1 has no power');
  });

  it('names the port name that no container declares', () => {
    const ports = [{ port: 80, targetPort: 'htpp' }];
    const drill = drillOf(web(LISTENING), service({ selector: { app: 'web' }, ports }));
    expect(why(drill, 'web:80')).to.contain('the port "htpp", which no container declares');
  });

  it('names the pods that are not ready', () => {
    const readinessProbe = { exec: { command: ['check'] }, initialDelaySeconds: 3_600 };
    const drill = drillOf(
      web({ ...LISTENING, readinessProbe }),
      service({ selector: { app: 'web' }, ports: PORTS }),
    );
    expect(why(drill, 'web:80')).to.match(/not ready of Service default\/web: default\/web-/);
  });

  it('names the ports that the Service has', () => {
    const drill = drillOf(web(LISTENING), service({ selector: { app: 'web' }, ports: PORTS }));
    expect(why(drill, 'web:81')).to.contain('Service default/web has no port 81/TCP, only 80/TCP');
  });

  it('says that nobody selects for a Service without a selector', () => {
    const drill = drillOf(web(LISTENING), service({ ports: PORTS }));
    expect(why(drill, 'web:80')).to.contain('Service default/web has no selector');
  });

  it('adds nothing where the connection succeeds', () => {
    const drill = drillOf(web(LISTENING), service({ selector: { app: 'web' }, ports: PORTS }));
    expect(why(drill, 'web:80')).not.to.contain('Service default/web');
  });
});
