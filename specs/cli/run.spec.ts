// Goal: `kubedrill run` runs what can be run, reports it, and its exit code says how it went.
// Method: small scenarios through the whole command line, in this process.

import { expect } from 'chai';
import { runInline, scenario } from './inline';

const PASSES = '{at: 1s, reach: {from: client, to: web:80}}';
const FAILS = '{at: 1s, reach: {from: client, to: web:80, outcome: refused}}';

const green = scenario('green', PASSES);
const red = scenario('red', PASSES, FAILS);
const broken = 'scenario: broken\nexpect:\n  - {at: 1s, reech: {from: a, to: b:80}}\n';

describe('kubedrill run', function () {
  this.timeout(60_000);

  it('exits with 0 where every expectation holds', async () => {
    const { code, out, err } = await runInline({ 'a.yaml': green }, ['run', '@/a.yaml']);
    expect(code, err).to.equal(0);
    expect(out).to.contain('✓ client reaches web:80 at 1s').and.to.contain('passed, 0 failed');
    expect(err).to.equal('');
  });

  it('exits with 1 where one fails, and says why and where', async () => {
    const { code, out } = await runInline({ 'a.yaml': red }, ['run', '@/a.yaml']);
    expect(code).to.equal(1);
    expect(out).to.contain('✗ client is refused by web:80 at 1s').and.to.contain('a.yaml:5:5');
    expect(out).to.match(/repeat +npx kubedrill run a\.yaml:5 --seed 1/);
    expect(out.trimEnd().split('\n').at(-1)).to.match(/^\d+ passed, 1 failed, 0 errors/);
  });

  it('exits with 2 for an invalid file, and still runs the others', async () => {
    const files = { 'a.yaml': broken, 'b.yaml': green };
    const { code, out } = await runInline(files, ['run', '@']);
    expect(code).to.equal(2);
    expect(out).to.contain('did you mean "reach"?').and.to.contain('✓ client reaches web:80 at 1s');
  });

  it('exits with the highest code of all', async () => {
    const { code } = await runInline({ 'a.yaml': broken, 'b.yaml': red }, ['run', '@']);
    expect(code).to.equal(2);
  });

  it('exits with 2 where nothing runs', async () => {
    const { code, err } = await runInline({ 'a.yaml': green }, ['run', '@/a.yaml', '--grep', 'zz']);
    expect(code).to.equal(2);
    expect(err).to.contain('nothing ran: no expectation matches the flags');
  });

  it('exits with 2 for a file that does not exist, and runs the others', async () => {
    const given = ['run', '@/a.yaml', '@/nowhere.yaml'];
    const { code, out, err } = await runInline({ 'a.yaml': green }, given);
    expect(code).to.equal(2);
    expect(err).to.contain('no such file: nowhere.yaml');
    expect(out).to.contain('✓ client reaches');
  });

  it('exits with 2 for a file without a scenario', async () => {
    const files = { 'a.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n' };
    const { code, err } = await runInline(files, ['run', '@/a.yaml']);
    expect(code).to.equal(2);
    expect(err).to.contain('this file holds no scenario');
  });

  it('says warnings in one line each, at most ten: the error is what matters', async () => {
    const object = (name: number) =>
      `---\napiVersion: x.org/v1\nkind: Widget\nmetadata: {name: w${name}}\n`;
    const widgets = Array.from({ length: 12 }, (_, index) => object(index)).join('');
    const unknown = green.replace('from: client', 'from: cleint');
    const { code, out, err } = await runInline({ 'a.yaml': `${unknown}${widgets}` }, ['run', '@']);
    expect(code).to.equal(2);
    expect(out).to.contain('error[KD1601]');
    expect(err.match(/^a\.yaml:\d+:\d+: warning\[KD1207\]: .*$/gm)).to.have.length(10);
    expect(err).to.contain('… and 2 more; `kubedrill lint` lists them');
  });

  it('runs the expectation at a line', async () => {
    const { code, out } = await runInline({ 'a.yaml': red }, ['run', '@/a.yaml:4']);
    expect(code).to.equal(0);
    expect(out).to.contain('1 passed, 0 failed');
  });

  it('stops after the first failure where it shall', async () => {
    const files = { 'a.yaml': scenario('two', FAILS, PASSES), 'b.yaml': green };
    const { code, out } = await runInline(files, ['run', '@', '--bail']);
    expect(code).to.equal(1);
    expect(out).to.contain('0 passed, 1 failed');
  });

  it('lists without running', async () => {
    const { code, out } = await runInline({ 'a.yaml': red }, ['run', '@', '--list']);
    expect(code).to.equal(0);
    expect(out).to.equal(
      [
        'a.yaml:1  red',
        '  a.yaml:4  client reaches web:80 at 1s',
        '  a.yaml:5  client is refused by web:80 at 1s',
        '',
      ].join('\n'),
    );
  });

  it('runs one row of a matrix', async () => {
    const text = green.replace('expect:', 'matrix:\n  cluster.nodes: [1, 2]\nexpect:');
    const { code, out } = await runInline({ 'a.yaml': text }, [
      'run',
      '@',
      '--row',
      'cluster.nodes=1',
    ]);
    expect(code).to.equal(0);
    expect(out).to.contain('green [cluster.nodes=1]').and.not.to.contain('cluster.nodes=2');
  });

  it('writes several reports at once, and equal ones for equal seeds', async () => {
    const given = [
      'run',
      '@',
      '--reporter',
      'json=@/out/report.json',
      '--reporter',
      'junit=@/r.xml',
    ];
    const [one, two] = [
      await runInline({ 'a.yaml': red }, given),
      await runInline({ 'a.yaml': red }, given),
    ];
    const report = JSON.parse(one.read('out/report.json')) as {
      runs: { seed: number; digest: string }[];
    };
    const again = JSON.parse(two.read('out/report.json')) as typeof report;
    expect(report.runs[0]!.seed).to.equal(1);
    expect(report.runs[0]!.digest).to.equal(again.runs[0]!.digest);
    expect(one.read('r.xml')).to.contain('<failure message="expected refused');
    expect(one.out).to.contain('✗ client is refused');
  });

  it('tells by another seed that it was another run', async () => {
    const { out } = await runInline({ 'a.yaml': green }, ['run', '@', '--seed', '7']);
    expect(out).to.contain('seed 7)');
  });

  const mistakes: Readonly<Record<string, [argv: string[], message: string]>> = {
    'an unknown flag': [['run', '--grpe', 'x'], 'unknown flag --grpe; did you mean --grep?'],
    'an unknown command': [['rum'], 'unknown command rum; did you mean run?'],
    'a command that resembles none': [['table'], 'the commands are run, lint, '],
    'a scenario in place of a command': [['a.yaml'], 'did you mean kubedrill run a.yaml?'],
    'a broken pattern': [['run', '@', '--grep', '('], '--grep ('],
    'a seed that is none': [['run', '@', '--seed', '1.5'], 'a seed is a whole number'],
    'a row without a value': [['run', '@', '--row', 'x'], 'write KEY=VALUE'],
    'an unknown reporter': [['run', '@', '--reporter', 'junt'], 'did you mean junit?'],
    'two reporters on one output': [
      ['run', '@', '--reporter', 'junit', '--reporter', 'json'],
      'cannot both write to standard output',
    ],
    'two reporters on one file': [
      ['run', '@', '--reporter', 'junit=a', '--reporter', 'json=a'],
      'two reporters cannot both write a',
    ],
    'a reporter that writes no files': [
      ['run', '@', '--reporter', 'dot=a.txt'],
      'the reporter dot writes no files',
    ],
    'no command': [[], 'a command is missing'],
  };
  for (const [what, [argv, message]] of Object.entries(mistakes)) {
    it(`exits with 2 for ${what}`, async () => {
      const { code, err, out } = await runInline({ 'a.yaml': green }, argv);
      expect(code).to.equal(2);
      expect(err).to.contain(message);
      expect(out).to.equal('');
    });
  }

  it('exits with 2 where a report cannot be written, and shows the run all the same', async () => {
    const given = ['run', '@/a.yaml', '--reporter', 'junit=@/a.yaml/out.xml'];
    const { code, out, err } = await runInline({ 'a.yaml': green }, given);
    expect(code).to.equal(2);
    expect(err).to.contain('cannot write the report a.yaml/out.xml');
    expect(out).to.contain('✓ client reaches');
  });
});

describe('kubedrill', () => {
  it('prints its version and its help', async () => {
    expect((await runInline({}, ['--version'])).out).to.match(/^\d+\.\d+\.\d+\n$/);
    for (const argv of [['--help'], ['run', '--help'], ['explain', '-h']]) {
      const { code, out } = await runInline({}, argv);
      expect(code).to.equal(0);
      expect(out).to.match(/^usage: kubedrill/);
      expect(Math.max(...out.split('\n').map((line) => line.length))).to.be.at.most(80);
    }
  });
});
