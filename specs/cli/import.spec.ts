// Goal: `kubedrill import chaos-mesh` writes a scenario that runs, says what it lost, and shows it
// in its exit code.

import { expect } from 'chai';
import { runInline, SHOP } from './inline';

const KILL = `
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata: {name: kill-web}
spec: {action: pod-kill, mode: one, selector: {labelSelectors: {app: web}}}
`;
const CUT = `
apiVersion: chaos-mesh.org/v1alpha1
kind: NetworkChaos
metadata: {name: cut-web}
spec:
  action: partition
  mode: all
  selector: {labelSelectors: {app: web}}
  direction: both
  duration: 30s
`;

describe('kubedrill import', () => {
  it('carries everything over, with a comment above each step', async () => {
    const { code, out, err } = await runInline({ 'a.yaml': KILL }, [
      'import',
      'chaos-mesh',
      '@/a.yaml',
    ]);
    expect(err).to.equal('');
    expect(code).to.equal(0);
    expect(out).to.contain(
      '  # PodChaos default/kill-web, a.yaml:2\n' +
        '  - {at: 10s, kill: {pods: {namespace: default, labels: {app: web}}, pick: one, how: delete}}\n',
    );
  });

  it('says on standard error and in a comment what is lost', async () => {
    const files = { 'a.yaml': `${KILL}---${CUT.replace('duration', 'device: eth7\n  duration')}` };
    const { code, out, err } = await runInline(files, ['import', 'chaos-mesh', '@/a.yaml']);
    expect(code).to.equal(1);
    expect(err).to.match(/^a\.yaml:15:11: differs: spec\.device: /);
    expect(out).to.contain('  #   a.yaml:15:11: differs: spec.device: ');
  });

  it('writes a scenario that runs', async () => {
    const flags = [
      '--manifests',
      'shop.yaml',
      '--at',
      '20s',
      '--out',
      '@/out.yaml',
      '--title',
      'cut off',
    ];
    const made = await runInline({ 'a.yaml': CUT }, ['import', 'chaos-mesh', '@/a.yaml', ...flags]);
    expect(made.code, made.err).to.equal(0);
    const scenario =
      made.read('out.yaml') +
      '  - {at: 19s, reach: {from: client, to: web:80}}\n' +
      '  - {at: 49s, reach: {from: client, to: web:80, outcome: timeout}}\n' +
      '  - {at: 51s, reach: {from: client, to: web:80}}\n';
    const ran = await runInline({ 'out.yaml': scenario, 'shop.yaml': SHOP }, ['run', '@/out.yaml']);
    expect(ran.code, ran.out).to.equal(0);
    expect(ran.out).to.contain('cut off').and.to.contain('every step of the timeline takes effect');
  });

  it('without manifests is there to be extended', async () => {
    const made = await runInline({ 'a.yaml': KILL }, ['import', 'chaos-mesh', '@/a.yaml']);
    const own =
      'scenario: mine\nextends: chaos.yaml\nmanifests: [shop.yaml]\nexpect:\n' +
      '  - {at: 60s, reach: {from: client, to: web:80}}\n';
    const files = { 'chaos.yaml': made.out, 'own.yaml': own, 'shop.yaml': SHOP };
    const ran = await runInline(files, ['run', '@/own.yaml']);
    expect(ran.code, ran.out).to.equal(0);
  });

  it('fails where there is nothing to carry over or to read', async () => {
    const files = { 'a.yaml': KILL.replace('PodChaos', 'IOChaos'), 'b.yaml': `${KILL}---\n{` };
    const nothing = await runInline(files, ['import', 'chaos-mesh', '@/a.yaml']);
    expect(nothing.code).to.equal(2);
    expect(nothing.out).to.equal('');
    expect(nothing.err).to.contain('nothing in');
    const broken = await runInline(files, ['import', 'chaos-mesh', '@/b.yaml']);
    expect(broken.code).to.equal(2);
    expect(broken.out).to.contain('kill-web');
    expect((await runInline({}, ['import', 'chaos-mesh', '@/no.yaml'])).code).to.equal(2);
    expect((await runInline({}, ['import', 'litmus', 'a.yaml'])).err).to.contain('usage:');
    expect(
      (await runInline(files, ['import', 'chaos-mesh', '@/a.yaml', '--at', '5'])).code,
    ).to.equal(2);
  });
});
