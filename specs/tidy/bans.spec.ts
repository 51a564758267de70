// Goal: each banned word is found where it is used, and only there. Method: one line of code for
// each ban; the list of lines must be as long as the list of bans.

import { expect } from 'chai';
import { BANS, checkBans } from './bans';
import { formatFinding } from './finding';

const BREACHES: readonly (readonly [string, string])[] = [
  ['Date', 'const now = new Date();'],
  ['performance', 'const now = performance.now();'],
  ['process', 'const tick = process.hrtime();'],
  ['Math.random', 'const draw = Math.random();'],
  ['crypto', 'const id = crypto.randomUUID();'],
  ['a timer', 'setTimeout(run, 5);'],
  ['async code', 'async function run() {}'],
  ['localeCompare', 'names.sort((a, b) => a.localeCompare(b));'],
  ['a locale', 'count.toLocaleString();'],
  ['for…in', 'for (const key in labels) use(key);'],
  ['structuredClone', 'const copy = structuredClone(pod);'],
  ['a bare sort', 'const sorted = ports.sort();'],
];

function findingsIn(text: string, path = 'src/kernel/a.ts'): string[] {
  return checkBans([{ path, text }]).map(formatFinding);
}

describe('the ban list', () => {
  it('has a breach for each ban', () => {
    expect(BREACHES.map(([name]) => name)).to.deep.equal(BANS.map(({ name }) => name));
  });

  for (const [name, line] of BREACHES) {
    it(`finds ${name}`, () => {
      const findings = findingsIn(`const a = 1;\n${line}`);
      expect(findings).to.have.lengthOf(1);
      expect(findings[0]).to.match(new RegExp(`^src/kernel/a.ts:2: ${name} is banned: \\w`));
    });
  }

  it('finds modules of Node, save the hash that names chains', () => {
    expect(findingsIn("import { readFileSync } from 'node:fs';")[0]).to.contain('no I/O');
    const hash = "import { createHash } from 'node:crypto';";
    expect(findingsIn(hash)).to.have.lengthOf(1);
    expect(findingsIn(hash, 'src/node/proxy/chain-name.ts')).to.deep.equal([]);
  });

  it('leaves words in comments and texts, variables named process, and other folders alone', () => {
    expect(
      findingsIn("// a Date\nconst text = 'Promise';\nprocess.state = 'exited';"),
    ).to.deep.equal([]);
    expect(findingsIn('const now = new Date();', 'src/cli/main.ts')).to.deep.equal([]);
  });
});
