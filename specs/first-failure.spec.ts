// Goal: what users see first is what the README shows: a green run, and a red one with what was
// expected, what happened, the hops, the reason, the line, and the command that repeats it.
// Method: the whole text of both runs, to the byte; UPDATE_GOLDEN=1 writes it into golden and README.

import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { EXIT } from '../src/cli/exit-code';
import { execute } from '../src/cli/main';
import { expectGolden } from './tidy/golden';

/** Runs the command line as a pipe sees it, and returns its exit code and its text. */
async function kubedrill(...argv: readonly string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const io = {
    out: { write: (part: string) => void (text += part), isTTY: false, columns: 80 },
    complain: (part: string) => void (text += `${part}\n`),
  };
  const code = await execute([...argv, '--no-color'], io);
  return { code, text };
}

/** The README's block that begins with this command shows this text. */
function expectInReadme(command: string, text: string): void {
  const readme = readFileSync('README.md', 'utf8');
  const start = readme.indexOf(`\`\`\`\n$ ${command}\n`);
  expect(start, `the README shows ${command}`).to.be.at.least(0);
  const end = readme.indexOf('\n```\n', start + 4);
  const block = `\`\`\`\n$ ${command}\n${text.trimEnd()}`;
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync('README.md', readme.slice(0, start) + block + readme.slice(end));
    return;
  }
  expect(readme.slice(start, end), 'UPDATE_GOLDEN=1 npm test rewrites it').to.equal(block);
}

describe('the first runs of a user', () => {
  const before = process.env['SOURCE_DATE_EPOCH'];

  beforeEach(() => {
    // No wall-clock time in the text.
    process.env['SOURCE_DATE_EPOCH'] = '0';
  });

  afterEach(() => {
    if (before === undefined) delete process.env['SOURCE_DATE_EPOCH'];
    else process.env['SOURCE_DATE_EPOCH'] = before;
  });

  it('pass: docs/first-scenario.yaml', async () => {
    const { code, text } = await kubedrill('run', 'docs/first-scenario.yaml');
    expect(code, text).to.equal(EXIT.passed);
    expectInReadme('npx kubedrill run docs/first-scenario.yaml', text);
  });

  it('fail, and say why: docs/first-failure.yaml', async () => {
    const { code, text } = await kubedrill('run', 'docs/first-failure.yaml');
    expect(code, text).to.equal(EXIT.failed);
    expect(text).to.match(/expected .*\n +actual .*refused for 1 of 3/);
    expect(text).to.contain('repeat    npx kubedrill run docs/first-failure.yaml:');
    expectGolden('specs/first-failure.golden.txt', text);
    expectInReadme('npx kubedrill run docs/first-failure.yaml', text);
  });

  it('are of the scenario that the README prints', () => {
    const readme = readFileSync('README.md', 'utf8');
    const scenario = readFileSync('docs/first-scenario.yaml', 'utf8');
    expect(readme).to.contain(`\`\`\`yaml\n${scenario}\`\`\``);
  });
});
