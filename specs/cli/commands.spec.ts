// Goal: the commands that run nothing: lint finds without running, explain and schema speak from
// the definitions that the model runs by.

import { expect } from 'chai';
import { NOT_MODELLED, TIMERS } from '../../src/timing';
import { LANGUAGE } from '../../src/vocabulary/index';
import { runInline, scenario } from './inline';

const good = scenario('good', '{at: 1s, reach: {from: client, to: web:80}}');
const bad = good.replace('reach:', 'reech:');

describe('kubedrill lint', () => {
  it('finds nothing in a good scenario', async () => {
    const { code, out } = await runInline({ 'a.yaml': good }, ['lint', '@']);
    expect(out).to.equal('1 file: 0 errors, 0 warnings\n');
    expect(code).to.equal(0);
  });

  it('shows each error with its place, and exits with 2', async () => {
    const { code, out } = await runInline({ 'a.yaml': bad, 'b.yaml': good }, ['lint', '@']);
    expect(code).to.equal(2);
    expect(out).to.contain('--> a.yaml:4:14').and.to.contain('did you mean "reach"?');
    expect(out).to.contain('2 files: 1 error, 0 warnings');
  });

  it('shows warnings, and fails on them where it shall be strict', async () => {
    const odd = good.replace(
      'spec:\n  clusterIP',
      'spec:\n  sessionAffinityConfig: {}\n  clusterIP',
    );
    const files = {
      'a.yaml': odd.replace('apiVersion: v1\nkind: Pod', 'apiVersion: x.org/v1\nkind: Widget'),
    };
    const { out } = await runInline(files, ['lint', '@']);
    expect(out).to.contain('warning[');
    expect((await runInline(files, ['lint', '@', '--strict'])).code).to.equal(2);
    expect((await runInline(files, ['lint', '@', '--quiet'])).out).not.to.contain('warning[');
  });

  it('exits with 2 where there is nothing to check', async () => {
    expect((await runInline({}, ['lint', '@/none.yaml'])).code).to.equal(2);
  });
});

describe('kubedrill explain', () => {
  for (const [kind, words] of Object.entries(LANGUAGE)) {
    for (const [name, word] of words as ReadonlyMap<string, { examples: readonly string[] }>) {
      it(`explains ${name}, one of the ${kind}, with its examples`, async () => {
        const { code, out } = await runInline({}, ['explain', name]);
        expect(code).to.equal(0);
        for (const example of word.examples) expect(out).to.contain(example.split('\n')[0]);
      });
    }
  }

  it('explains the code of a diagnostic', async () => {
    const { code, out } = await runInline({}, ['explain', 'kd1101']);
    expect(code).to.equal(0);
    expect(out).to.equal('KD1101  A key is unknown.\n');
    const unknown = await runInline({}, ['explain', 'KD9999']);
    expect(unknown.err).to.contain('no diagnostic has the code KD9999');
  });

  it('lists every word without one', async () => {
    const { out } = await runInline({}, ['explain']);
    for (const words of Object.values(LANGUAGE)) {
      for (const name of words.keys()) expect(out).to.match(new RegExp(`^ {2}${name} `, 'm'));
    }
  });

  it('shows every timer with its source', async () => {
    const { out } = await runInline({}, ['explain', 'timers']);
    const names = [TIMERS, NOT_MODELLED].flatMap((it) => Object.keys(it));
    for (const name of names) expect(out).to.match(new RegExp(`^${name}$`, 'm'));
    expect(out.match(/^ {2}source /gm)).to.have.length(names.length);
  });

  it('says of a timer that is no row what is missed without it', async () => {
    const { out } = await runInline({}, ['explain', 'timers']);
    expect(out.match(/^ {2}without /gm)).to.have.length(Object.keys(NOT_MODELLED).length);
    const headings = ['kubelet.probe', 'kubelet.volumesReady', 'Not modelled'];
    const places = [...headings, 'kubelet.housekeeping'].map((it) => out.indexOf(`\n${it}`));
    expect(places).to.deep.equal([...places].sort((a, b) => a - b));
    expect(places[0]).to.be.greaterThan(0);
  });

  it('explains one timer, in the version and the profile that are asked for', async () => {
    const { code, out } = await runInline({}, ['explain', 'coredns.ttl']);
    expect(code).to.equal(0);
    expect(out)
      .to.match(/^coredns\.ttl\n {2}wait +5s: /)
      .and.to.contain('whole seconds');
    expect(out.match(/^\S/gm)).to.have.length(1);
    const grace = 'controller-manager.nodelifecycle.monitorGracePeriod';
    const old = await runInline({}, ['explain', grace, '--kubernetes', '1.31']);
    expect(old.out).to.match(/wait +40s/);
    const missing = await runInline({}, ['explain', 'coredns.forwardExpire']);
    expect(missing.out).to.contain('without');
    const typo = await runInline({}, ['explain', 'conntrack.upd']);
    expect(typo.err).to.contain('did you mean conntrack.udp?');
  });

  it('says since when there is a knob', async () => {
    const { out } = await runInline({}, ['explain', 'timers']);
    expect(out.replace(/\s+/g, ' ')).to.contain(
      'maxContainerRestartPeriod (since 1.35, with the feature gate KubeletCrashLoopBackOffMax ' +
        'since 1.32)',
    );
  });

  // kubernetes#126287: the grace period of nodes grew from 40 s to 50 s in 1.32.
  it('shows the timers of an older version', async () => {
    const grace = /monitorGracePeriod\n {2}wait +(\w+):/;
    const shown = async (version: string): Promise<string | undefined> =>
      grace.exec((await runInline({}, ['explain', 'timers', '--kubernetes', version])).out)?.[1];
    expect(await shown('1.31')).to.equal('40s');
    expect(await shown('1.36')).to.equal('50s');
  });

  it('shows what becomes of packets', async () => {
    const { out } = await runInline({}, ['explain', 'dispositions']);
    expect(out).to.match(/no-endpoints +refused:/);
  });

  const mistakes: Readonly<Record<string, [argv: string[], message: string]>> = {
    'an unknown word': [['kil'], 'the language has no word kil; did you mean kill?'],
    'two words': [['kill', 'reach'], 'explain takes one word'],
    'an unknown version': [['timers', '--kubernetes', '1.2'], '--kubernetes 1.2: modelled are'],
    'an unknown profile': [['timers', '--profile', 'x'], '--profile x: there are default'],
  };
  for (const [what, [argv, message]] of Object.entries(mistakes)) {
    it(`refuses ${what}`, async () => {
      const { code, err } = await runInline({}, ['explain', ...argv]);
      expect(code).to.equal(2);
      expect(err).to.contain(message);
    });
  }
});

describe('kubedrill schema', () => {
  it('prints a schema that knows every word', async () => {
    const { code, out } = await runInline({}, ['schema']);
    expect(code).to.equal(0);
    expect(JSON.parse(out)).to.have.property('$schema').that.contains('2020-12');
    for (const words of [LANGUAGE.faults, LANGUAGE.claims]) {
      for (const name of words.keys()) expect(out).to.contain(`"${name}"`);
    }
  });

  it('writes it to a file', async () => {
    const { out, read } = await runInline({}, ['schema', '--output', '@/deep/schema.json']);
    expect(out).to.equal('');
    expect(JSON.parse(read('deep/schema.json'))).to.have.property('$schema');
  });

  it('refuses arguments and files that cannot be written', async () => {
    expect((await runInline({}, ['schema', 'x'])).code).to.equal(2);
    const { code, err } = await runInline({ a: '' }, ['schema', '--output', '@/a/b.json']);
    expect(code).to.equal(2);
    expect(err).to.contain('cannot write the report');
  });
});
