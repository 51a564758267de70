// Goal: what users install works. Method: pack the package as npm publishes it, install the
// tarball into an empty project, and use it there as its README says.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];

const SCENARIO = `
scenario: a pod reaches another
cluster: {nodes: 2}
expect:
  - {at: 1s, reach: {from: client, to: pod/server:8080}}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: main, image: example/client}]}
---
apiVersion: v1
kind: Pod
metadata: {name: server}
spec: {containers: [{name: main, image: example/server, ports: [{containerPort: 8080}]}]}
`;

const SPEC = `
const { expect, use } = require('chai');
const { buildCluster, kubedrill } = require('kubedrill/chai');
use(kubedrill);
it('asserts with the chai plugin', () => {
  const drill = buildCluster({ nodes: 2 });
  expect(drill.cluster.machines.size).to.equal(2);
  expect(require('kubedrill').createCluster).to.be.a('function');
});
`;

describe('the packed package', function () {
  this.timeout(300_000);
  const project = mkdtempSync(join(tmpdir(), 'kubedrill-packed-'));

  before('pack and install', () => {
    execFileSync(NPM, ['pack', '--ignore-scripts', '--pack-destination', project, ...QUIET]);
    const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
    writeFileSync(join(project, 'package.json'), '{"name": "empty", "private": true}');
    execFileSync(NPM, ['install', `./${tarball}`, ...QUIET], { cwd: project });
    writeFileSync(join(project, 'first.yaml'), SCENARIO);
    writeFileSync(join(project, 'own.spec.js'), SPEC);
  });

  after('remove the project', () => {
    rmSync(project, { recursive: true, force: true });
  });

  function npx(...args: readonly string[]) {
    return spawnSync('npx', ['--no', '--', ...args], { cwd: project, encoding: 'utf8' });
  }

  it('runs a scenario by `npx kubedrill`', () => {
    const { status, stdout, stderr } = npx('kubedrill', 'run', 'first.yaml');
    expect(status, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/[1-9]\d* passed, 0 failed, 0 errors/);
  });

  it('runs scenarios and specs by `npx mocha` with kubedrill/register', () => {
    const files = [
      '--require',
      'kubedrill/register',
      '--extension',
      'yaml',
      'first.yaml',
      'own.spec.js',
    ];
    const { status, stdout, stderr } = npx('mocha', ...files);
    expect(status, stdout + stderr).to.equal(0);
    expect(stdout).to.contain('client reaches').and.to.contain('asserts with the chai');
    expect(stdout)
      .to.match(/[1-9]\d* passing/)
      .and.not.to.match(/failing|pending/);
  });

  it('ships its schema for editors, and none of its specs', () => {
    const root = join(project, 'node_modules/kubedrill');
    const files = readdirSync(root, { recursive: true }).map(String);
    expect(files).to.include('schema/scenario.schema.json');
    expect(files.filter((name) => name.includes('specs'))).to.deep.equal([]);
  });
});
