// Goal: the JUnit file says the same to every consumer. Method: results made by hand go through
// mocha and the reporter; the XML is read back by a strict parser and held against the rules of
// both published schemas.

import { expect } from 'chai';
import type { ChainLink } from '../../src/runner/cause-chain';
import { ZERO } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { diagnostic, outcome, range, report, result, withEnvironment } from './fixtures';
import type { Inline } from './fixtures';
import { J, violations, W } from './junit-schema';
import { all, parseXml } from './xml-parser';
import type { XmlNode } from './xml-parser';

const FAILED = outcome({
  title: 'shop/frontend reaches backend:80 within 2s of "crash"',
  status: 'failed',
  operator: 'after',
  expected: 'ok by t=12s, and from then on',
  actual: 'refused until t=12.6s for 1 of 3 possible backends',
  at: 12_600_000 as Instant,
  chain: [entry('kubelet@worker-2', 'observed', 'Pod/shop/backend-x7k')],
});

const MIXED: Inline = {
  results: [
    result({
      row: { 'cluster.proxy': 'ipvs' },
      outcomes: [
        outcome({ title: 'shop/frontend reaches backend:80' }),
        FAILED,
        outcome({ title: 'same title', range: range('scenarios/shop.yaml', 33) }),
        outcome({ title: 'same title', range: range('scenarios/shop.yaml', 34) }),
        outcome({
          title: 'an external client reaches shop/web',
          status: 'error',
          code: 'not-modelled',
          actual: 'unknown',
        }),
      ],
    }),
  ],
  broken: { 'scenarios/broken.yaml': [diagnostic(), diagnostic({ code: 'KD1204' })] },
};

function entry(actor: string, action: string, subject: string): ChainLink {
  const at = 11_600_000 as Instant;
  return { at, actor, action, subject, detail: '', took: ZERO };
}

async function junit(inline: Inline, name = 'junit'): Promise<XmlNode> {
  return parseXml((await report(inline, { reporters: [{ name }] })).text);
}

/** A document with one suite that has all that both schemas require, but for its content. */
function suite(inside: string, attributes = ''): XmlNode {
  return parseXml(
    '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="a" package="" id="0" ' +
      'hostname="h" timestamp="2026-01-01T00:00:00" tests="0" failures="0" errors="0" ' +
      `time="0.000"${attributes}>${inside}</testsuite></testsuites>`,
  );
}

describe('the junit reporter', () => {
  it('counts failures and errors apart', async () => {
    const root = await junit(MIXED);
    expect(root.attributes).to.include({
      name: 'kubedrill',
      tests: '7',
      failures: '1',
      errors: '3',
    });
    const [broken, shop] = root.children;
    expect(broken!.attributes).to.include({ tests: '2', failures: '0', errors: '2', id: '0' });
    expect(shop!.attributes).to.include({ tests: '5', failures: '1', errors: '1', id: '1' });
  });

  it('decides failure or error from the outcome, whatever the texts say', async () => {
    const lying = outcome({ title: 'AssertionError', status: 'error', code: 'vacuous' });
    const root = await junit({ results: [result({ outcomes: [lying] })] });
    expect(all(root, 'failure')).to.have.length(0);
    expect(all(root, 'error')[0]!.attributes['type']).to.equal('Vacuous');
  });

  it('names the kind of each failure', async () => {
    const claims = ['reach', 'resolve', 'translate', 'converge', 'share', 'path', 'inspect'];
    const outcomes = claims.map((claim) => outcome({ title: claim, claim, status: 'failed' }));
    outcomes.push(
      outcome({ title: 'settles', claim: 'settle', status: 'failed', code: 'not-settled' }),
    );
    const root = await junit({ results: [result({ outcomes })] });
    expect(all(root, 'failure').map(({ attributes }) => attributes['type'])).to.deep.equal([
      'ReachabilityMismatch',
      'DnsMismatch',
      'NatMismatch',
      'ConvergenceTimeout',
      'ShareMismatch',
      'PathMismatch',
      'StateMismatch',
      'NotSettled',
    ]);
  });

  it('says in one line what was expected and what was observed', async () => {
    const root = await junit(MIXED);
    expect(all(root, 'failure')[0]!.attributes['message']).to.equal(
      'expected ok by t=12s, and from then on, ' +
        'observed refused until t=12.6s for 1 of 3 possible backends',
    );
  });

  it('cuts a message of more than 300 characters', async () => {
    const long = outcome({ title: 'long', status: 'failed', actual: 'x'.repeat(900) });
    const root = await junit({ results: [result({ outcomes: [long] })] });
    expect(all(root, 'failure')[0]!.attributes['message']).to.have.length(300);
  });

  it('ends the text of a failure with the one line from which tools take the place', async () => {
    const root = await junit(MIXED);
    const lines = all(root, 'failure')[0]!.text.trimEnd().split('\n');
    expect(lines.at(-1)).to.equal('    at Context.<reach> (scenarios/shop.yaml:31:5)');
    expect(lines.filter((line) => line.includes('at Context'))).to.have.length(1);
    expect(lines.join('\n'))
      .to.contain('31 | - at: 5s')
      .and.to.contain('    expected  ok by t=12s');
  });

  it('gives each case the file and the line of its expectation', async () => {
    const root = await junit(MIXED);
    const [loads, , reaches] = all(root, 'testcase');
    expect(loads!.attributes).to.include({ file: 'scenarios/broken.yaml', line: '17' });
    expect(reaches!.attributes).to.include({ file: 'scenarios/shop.yaml', line: '31' });
  });

  it('makes no two cases of one class bear the same name', async () => {
    const root = await junit(MIXED);
    const names = all(root, 'testcase').map(
      ({ attributes }) => `${attributes['classname']} ${attributes['name']}`,
    );
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include('scenarios.shop [cluster_proxy=ipvs] same title #2');
  });

  it('keeps dots of names out of the class path', async () => {
    const dotted = result({
      file: 'scenarios/v1.36/a.b.yaml',
      outcomes: [outcome({ title: 'x' })],
    });
    const root = await junit({ results: [dotted] });
    expect(all(root, 'testcase')[0]!.attributes['classname']).to.equal('scenarios.v1_36.a_b');
    expect(root.children[0]!.attributes['package']).to.equal('scenarios.v1_36');
  });

  it('is written also where no scenario can be loaded', async () => {
    const root = await junit({ broken: { 'scenarios/broken.yaml': [diagnostic()] } });
    expect(all(root, 'error')[0]!.attributes).to.include({ type: 'KD1101' });
    expect(root.children[0]!.attributes['name']).to.equal('scenario loads');
  });

  it('calls a run that broke off an error and not a failure', async () => {
    const crash = { title: 'the shop keeps answering', error: new TypeError('x is undefined') };
    const root = await junit({ ...MIXED, crash });
    expect(all(root, 'failure')).to.have.length(0);
    expect(all(root, 'error').at(-1)!.attributes['type']).to.equal('InternalError');
    expect(all(root, 'testcase')).to.have.length(7);
  });

  it('tells of failing cases what led to them, in virtual time', async () => {
    const root = await junit(MIXED);
    const cases = all(root, 'testcase').filter((each) => all(each, 'system-out').length > 0);
    expect(cases).to.have.length(1);
    expect(all(cases[0]!, 'system-out')[0]!.text).to.contain(
      't=11.6s kubelet@worker-2 observed Pod/shop/backend-x7k',
    );
  });

  it('tells of a run how to repeat it', async () => {
    const root = await junit(MIXED);
    const pairs = all(root.children[1]!, 'properties')[0]!.children.map(
      ({ attributes }) => `${attributes['name']}=${attributes['value']}`,
    );
    expect(pairs).to.include.members([
      'seed=1',
      'digest=0badcafe',
      'simulated=1m30s',
      'kubernetes=1.36',
      'cni=flannel',
      'proxy=iptables',
      'matrix.cluster.proxy=ipvs',
    ]);
  });

  it('gives equal bytes for equal results under SOURCE_DATE_EPOCH', async () => {
    const [first, second] = await withEnvironment({ SOURCE_DATE_EPOCH: '86400' }, () =>
      Promise.all([1, 2].map(() => report(MIXED, { reporters: [{ name: 'junit' }] }))),
    );
    expect(first!.text).to.equal(second!.text);
    expect(first!.text).to.contain('timestamp="1970-01-02T00:00:00"').and.contain('time="0.000"');
  });
});

describe('what is said of another seed, in JUnit', () => {
  const actual = 'not judged: it is said of seed 7, and this is seed 1';
  const pinned = outcome({ title: 'pinned', status: 'skipped', actual });

  it('is skipped, with the reason', async () => {
    for (const name of ['junit', 'junit:strict']) {
      const root = await junit({ results: [result({ outcomes: [pinned] })] }, name);
      const [skipped] = all(root, 'skipped');
      expect(skipped!.attributes, name).to.deep.equal({ message: actual });
    }
  });
});

describe('the junit reporter, strict', () => {
  for (const [name, schema] of Object.entries({ W, J })) {
    it(`keeps the rules of schema ${name}`, async () => {
      expect(violations(await junit(MIXED, 'junit:strict'), schema)).to.deep.equal([]);
    });
  }

  it('differs from the rich profile, which both schemas reject', async () => {
    const rich = await junit(MIXED);
    expect(violations(rich, W)).to.include('testcase may have no @line');
    expect(violations(rich, J)).to.include('testcase may have no @line');
  });

  it('keeps what led to a failure, in the output of the suite', async () => {
    const root = await junit(MIXED, 'junit:strict');
    const output = root.children[1]!.children.find(({ name }) => name === 'system-out');
    expect(output!.text).to.contain('t=11.6s kubelet@worker-2 observed');
  });
});

describe('the rules of the JUnit schemas', () => {
  const complete = '<properties/><system-out/><system-err/>';

  it('accept a document that meets both', () => {
    expect(violations(suite(complete), W)).to.deep.equal([]);
    expect(violations(suite(complete), J)).to.deep.equal([]);
  });

  it('notice a missing element, a wrong order and a foreign attribute', () => {
    expect(violations(suite('<properties/>'), W)).to.include('testsuite has 0 of system-out');
    expect(violations(suite('<system-out/><properties/><system-err/>'), W)[0]).to.match(/order/);
    expect(violations(suite(complete, ' file="x"'), W)).to.include('testsuite may have no @file');
  });

  it('notice a time with more than three decimals', () => {
    const root = parseXml(
      '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="a" tests="0" ' +
        'failures="0" errors="0" time="0.03123"/></testsuites>',
    );
    expect(violations(root, J)).to.deep.equal(['testsuite@time may not be "0.03123"']);
  });
});
