// Goal: `kubedrill explain FILE[:LINE]` tells how what takes time came about, also where it passed,
// and fits a terminal of 80 columns.

import { expect } from 'chai';
import { runInline } from './inline';

const SHOP = `
scenario: a crash
cluster: {nodes: 2}
timeline:
  - {at: 10s, id: crash, kill: {pod: shop/web}}
expect:
  - {at: 5s, reach: {from: shop/client, to: web:80}}
  - {after: crash, by: 5s, converge: {service: shop/web}}
  - after: crash
    hold: 20s
    outage: {from: shop/client, to: web:80, gap: {atMost: 1ms}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec: {containers: [{name: client, image: nginx}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.20, selector: {app: web}, ports: [{port: 80}]}
`;

const explain = (...argv: readonly string[]) =>
  runInline({ 'shop.yaml': SHOP }, ['explain', ...argv]);

describe('kubedrill explain FILE', () => {
  it('prints the chain of everything that takes time, within 80 columns', async () => {
    const { code, out } = await explain('@/shop.yaml');
    expect(code).to.equal(1);
    for (const line of out.split('\n')) expect(line.length, line).to.be.at.most(80);
    expect(out).to.contain('✓ service shop/web has converged on all nodes within 5s of "crash"');
    expect(out).to.match(/✗ shop\/client probes web:80 every 10ms with a gap of at most 1ms/);
    expect(out).to.match(/t=10s +fault started step\/crash \(kill\)/);
    expect(out).to.match(/\(200ms\.\.1s\), the\s+longest\s+wait/);
    expect(out).to.match(/\ntimers\n/);
    expect(out).to.not.contain('shop/client reaches');
  });

  it('prints that of one line', async () => {
    const { code, out } = await explain('@/shop.yaml:8');
    expect(code).to.equal(0);
    expect(out).to.contain('has converged').and.not.contain('probes');
  });

  it('prints the same as data', async () => {
    const { out } = await explain('@/shop.yaml:8', '--json');
    const { outcomes } = JSON.parse(out) as { outcomes: { chain: { actor: string }[] }[] };
    expect(outcomes).to.have.length(1);
    expect(outcomes[0]!.chain[0]!.actor).to.equal('fault');
  });

  it('says where nothing takes time, and where a file is missing', async () => {
    expect((await explain('@/shop.yaml:7')).err).to.match(/takes time/);
    const nowhere = await explain('@/nowhere.yaml');
    expect(nowhere).to.include({ code: 2 });
    // What was never found has no times: that would be a second, wrong reason.
    expect(nowhere.err).to.contain('no such file').and.not.contain('takes time');
    expect((await explain('@/shop.yaml:999')).err).to.not.contain('takes time');
  });
});
