// Goal: a word that lacks its spec, scenario or page is found, and so is a diagnostic that
// nothing provokes and a golden that nobody reads.

import { expect } from 'chai';
import { formatFinding } from './finding';
import { checkDiagnostics, checkGoldens, checkVocabulary } from './vocabulary';

const KILL = { folder: 'faults', name: 'kill' } as const;
const complete = {
  paths: ['src/vocabulary/faults/kill.ts', 'specs/vocabulary/faults/kill.spec.ts'],
  scenarios: [{ path: 'scenarios/a.yaml', text: 'timeline:\n  - {at: 1s, kill: {pod: a}}' }],
  pages: [{ path: 'docs/reference/faults.md', text: '## `kill`' }],
};

describe('a word of the language', () => {
  it('is complete with file, spec, scenario and page', () => {
    expect(checkVocabulary([KILL], complete)).to.deep.equal([]);
    const block = [{ path: 'scenarios/a.yaml', text: '  - at: 1s\n    kill:\n      pod: a' }];
    expect(checkVocabulary([KILL], { ...complete, scenarios: block })).to.deep.equal([]);
  });

  it('is told everything that it lacks', () => {
    const findings = checkVocabulary([KILL], { paths: [], scenarios: [], pages: [] });
    expect(findings.map(formatFinding)).to.deep.equal([
      'src/vocabulary/faults/kill.ts: the word "kill" has no file of its own',
      'src/vocabulary/faults/kill.ts: has no spec: write specs/vocabulary/faults/kill.spec.ts',
      'src/vocabulary/faults/kill.ts: no scenario uses "kill": write one under scenarios/',
      'src/vocabulary/faults/kill.ts: is not in docs/reference/faults.md: npm run docs',
    ]);
  });

  it('is not used by a comment or by a longer word', () => {
    const scenarios = [{ path: 'scenarios/a.yaml', text: '# kill: x\nskill: 1\nabout: kill' }];
    expect(checkVocabulary([KILL], { ...complete, scenarios })).to.have.lengthOf(1);
  });

  it('exists at all', () => {
    expect(checkVocabulary([], complete)).to.have.lengthOf(1);
  });
});

describe('a diagnostic', () => {
  const sources = [{ path: 'src/language/a.ts', text: "error('KD1203')" }];

  it('is documented and provoked', () => {
    const goldens = [{ path: 'specs/language/bad/a.diagnostics.txt', text: 'error KD1203' }];
    const page = { path: 'docs/reference/diagnostics.md', text: '| `KD1203` |' };
    expect(checkDiagnostics({ sources, goldens, page })).to.deep.equal([]);
  });

  it('is missed in the reference and among the broken inputs', () => {
    const findings = checkDiagnostics({ sources, goldens: [], page: undefined });
    expect(findings.map(formatFinding)).to.deep.equal([
      'docs/reference/diagnostics.md: KD1203 is missing',
      'specs/language/bad: no broken input provokes KD1203',
    ]);
  });

  it('exists at all', () => {
    expect(checkDiagnostics({ sources: [], goldens: [], page: undefined })).to.have.lengthOf(1);
  });
});

describe('a golden', () => {
  it('belongs to an input beside it or to a spec that names it', () => {
    const paths = ['specs/good/a.yaml', 'specs/good/a.plan.json', 'specs/exports.golden.txt'];
    const specs = [{ path: 'specs/tidy.spec.ts', text: "'specs/exports.golden.txt'" }];
    expect(checkGoldens(paths, specs)).to.deep.equal([]);
  });

  it('is an orphan otherwise', () => {
    const paths = ['specs/good/a.plan.json', 'specs/x.golden.txt'];
    expect(checkGoldens(paths, []).map(({ path }) => path)).to.deep.equal(paths);
  });
});
