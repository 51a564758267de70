// Goal: no mistake of the command line is passed over in silence.

import { expect } from 'chai';
import { helpText, parseArguments, UsageError } from '../../src/cli/arguments';
import type { CommandLine } from '../../src/cli/arguments';

const line: CommandLine = {
  usage: 'run [FILE]…',
  summary: 'Runs scenarios.',
  flags: {
    grep: { value: 'RE', help: 'Only what matches.' },
    reporter: { value: 'NAME[=FILE]', repeatable: true, help: 'How to report. '.repeat(9) },
    bail: { help: 'Stop early.' },
  },
};

function parse(...argv: string[]) {
  return parseArguments(line, argv);
}

describe('the arguments of a command', () => {
  it('are flags with and without values, and positionals, in any order', () => {
    const args = parse('a.yaml', '--bail', '--grep', 'x y', 'b.yaml', '--reporter=junit=out.xml');
    expect(args.positionals).to.deep.equal(['a.yaml', 'b.yaml']);
    expect(args.has('bail')).to.equal(true);
    expect(args.value('grep')).to.equal('x y');
    expect(args.all('reporter')).to.deep.equal(['junit=out.xml']);
  });

  it('keep the order of what is repeated', () => {
    const args = parse('--reporter', 'console', '--reporter', 'json=a.json');
    expect(args.all('reporter')).to.deep.equal(['console', 'json=a.json']);
  });

  it('end at two dashes', () => {
    expect(parse('--', '--bail').positionals).to.deep.equal(['--bail']);
  });

  const mistakes: Readonly<Record<string, [argv: string[], message: string]>> = {
    'an unknown flag': [['--grpe', 'x'], 'unknown flag --grpe; did you mean --grep?'],
    'a flag that resembles none': [['--frobnicate'], 'unknown flag --frobnicate'],
    'an unknown short flag': [['-x'], 'unknown flag -x'],
    'a name that every object has': [['--toString'], 'unknown flag --toString'],
    'a missing value': [['--grep'], '--grep needs a value: --grep RE'],
    'an empty value': [['--grep='], '--grep needs a value: --grep RE'],
    'a value for a switch': [['--bail=yes'], '--bail takes no value'],
    'a value given twice': [
      ['--grep', 'a', '--grep', 'b'],
      '--grep may be given once, not 2 times',
    ],
  };
  for (const [what, [argv, message]] of Object.entries(mistakes)) {
    it(`refuse ${what}`, () => {
      expect(() => parse(...argv)).to.throw(UsageError, message);
    });
  }

  it('are explained within 80 columns', () => {
    const help = helpText(line);
    expect(help).to.match(/^usage: kubedrill run/);
    expect(Math.max(...help.split('\n').map((text) => text.length))).to.be.at.most(80);
    for (const flag of ['--grep RE', '--reporter NAME[=FILE] …', '--bail', '--help']) {
      expect(help).to.contain(flag);
    }
  });
});
