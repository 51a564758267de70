// Goal: several reporters share one run, and none can spoil it for the others.

import { expect } from 'chai';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseUse } from '../../reporters/multi';
import { Memory, outcome, report, result } from './fixtures';
import { parseXml } from './xml-parser';

const inline = { results: [result({ outcomes: [outcome({ title: 'holds' })] })] };

describe('several reporters', () => {
  let folder = '';

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kubedrill-'));
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it('write side by side, and make the folders that they need', async () => {
    const file = path.join(folder, 'deep', 'er', 'out.xml');
    const reporters = [{ name: 'console' }, { name: 'junit', file }];
    const { text, problems } = await report(inline, { reporters });
    expect(problems).to.deep.equal([]);
    expect(text).to.contain('✓ holds');
    expect(parseXml(fs.readFileSync(file, 'utf8')).attributes['tests']).to.equal('1');
  });

  it('replace a report of before instead of adding to it', async () => {
    const file = path.join(folder, 'out.json');
    fs.writeFileSync(file, 'x'.repeat(100_000));
    await report(inline, { reporters: [{ name: 'json', file }] });
    expect(() => JSON.parse(fs.readFileSync(file, 'utf8'))).not.to.throw();
  });

  it('are not hidden by one that cannot write', async () => {
    fs.writeFileSync(path.join(folder, 'file'), '');
    const file = path.join(folder, 'file', 'out.xml');
    const reporters = [{ name: 'junit', file }, { name: 'console' }];
    const { text, problems } = await report(inline, { reporters });
    expect(text).to.contain('✓ holds');
    expect(problems).to.have.length(1);
    expect(problems[0]!.kind).to.equal('unwritable');
    expect(problems[0]!.message).to.contain(file).and.to.contain('is a file, not a folder');
  });

  it('are not hidden by one that crashes, which is told once', async () => {
    class Torn extends Memory {
      override write(): void {
        throw new Error('torn');
      }
    }
    const file = path.join(folder, 'out.json');
    const reporters = [{ name: 'console' }, { name: 'json', file }];
    const { problems } = await report(inline, { reporters }, new Torn());
    expect(problems.map(({ kind }) => kind)).to.deep.equal(['crashed']);
    expect(JSON.parse(fs.readFileSync(file, 'utf8'))).to.have.nested.property('totals.passed', 1);
  });

  it('may be those of mocha', async () => {
    const file = path.join(folder, 'xunit.xml');
    const reporters = [{ name: 'xunit', file }];
    expect((await report(inline, { reporters })).problems).to.deep.equal([]);
    expect(fs.readFileSync(file, 'utf8')).to.contain('<testsuite');
  });

  it('are named in one text for the command line of mocha', () => {
    expect(parseUse('console+junit:strict:a/b.xml+junit:strict+json:c.json')).to.deep.equal([
      { name: 'console' },
      { name: 'junit:strict', file: 'a/b.xml' },
      { name: 'junit:strict' },
      { name: 'json', file: 'c.json' },
    ]);
  });
});
