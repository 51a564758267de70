// Goal: the house stays as src/README.md and docs/STYLE.md describe it. Method: each check is a
// pure function under specs/tidy/ with a failing fixture of its own; here they meet the project.

import { existsSync } from 'node:fs';
import { NOT_MODELLED, TIMERS } from '../src/timing';
import { DISPOSITIONS } from '../src/values/disposition';
import { LANGUAGE } from '../src/vocabulary/index';
import { checkBans } from './tidy/bans';
import { checkDeadFiles, entryPoints } from './tidy/dead-files';
import {
  checkChangelog,
  checkDocumented,
  checkLinks,
  checkLockfile,
  checkSources,
  checkTitles,
} from './tidy/documents';
import { exportsOf } from './tidy/exports';
import { formatFinding } from './tidy/finding';
import type { Finding } from './tidy/finding';
import { expectGolden } from './tidy/golden';
import { checkImports, checkMap, parseMap } from './tidy/layers';
import { checkNames, checkUnfinished } from './tidy/names';
import { checkSizes } from './tidy/sizes';
import { filesBelow, pathsBelow, readSource } from './tidy/tree';
import { checkDiagnostics, checkGoldens, checkVocabulary } from './tidy/vocabulary';

const FOLDERS = ['bench', 'reporters', 'specs', 'src'];
const CODE = filesBelow(FOLDERS, '.ts');
const PRODUCT = CODE.filter(({ path }) => /^(?:src|reporters)\//.test(path));
const SPECS = CODE.filter(({ path }) => path.startsWith('specs/'));
const SCENARIOS = filesBelow(['scenarios'], '.yaml');
const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'src/README.md'].map(readSource),
  ...filesBelow(['docs'], '.md'),
];

function expectTidy(findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  throw new Error(`${findings.length} to mend:\n${findings.map(formatFinding).join('\n')}`);
}

function page(path: string) {
  return PAGES.find((it) => it.path === path);
}

describe('the house', () => {
  it('imports by the map', () => {
    const map = parseMap(readSource('src/README.md'));
    expectTidy([...checkMap(map, CODE), ...checkImports(map, CODE)]);
  });

  it('has nothing in its model that depends on the machine', () => {
    expectTidy(checkBans(CODE));
  });

  it('is cut into pieces that can be read', () => {
    expectTidy(checkSizes(CODE));
  });

  it('names what is in each file, and leaves nothing unfinished', () => {
    const paths = [...FOLDERS, 'docs', 'scenarios', 'schema'].flatMap(pathsBelow);
    expectTidy([...checkNames(paths), ...checkUnfinished([...CODE, ...SCENARIOS, ...PAGES])]);
  });

  it('uses every file that it has', () => {
    const manifest = JSON.parse(readSource('package.json').text);
    expectTidy(checkDeadFiles(entryPoints(manifest, PRODUCT), PRODUCT));
  });

  it('exports what the golden says', () => {
    const files = ['src/index.ts', 'src/chai/plugin.ts', 'src/mocha/register.ts'].map(readSource);
    expectGolden('specs/tidy/exports.golden.txt', `${exportsOf(files).join('\n')}\n`);
  });

  it('has no golden of nothing', () => {
    expectTidy(checkGoldens(pathsBelow('specs'), SPECS));
  });
});

describe('the language', () => {
  it('has spec, scenario and page for every word', () => {
    const words = (['faults', 'actions', 'claims', 'operators'] as const).flatMap((folder) =>
      [...LANGUAGE[folder].keys()].map((name) => ({ folder, name })),
    );
    const paths = CODE.map(({ path }) => path);
    expectTidy(checkVocabulary(words, { paths, scenarios: SCENARIOS, pages: PAGES }));
  });

  it('has a page and a broken input for every diagnostic', () => {
    const goldens = filesBelow(['specs/language/bad'], '.txt');
    const reference = page('docs/reference/diagnostics.md');
    expectTidy(checkDiagnostics({ sources: PRODUCT, goldens, page: reference }));
  });

  it('documents every disposition and every delay', () => {
    const dispositions = 'docs/reference/dispositions.md';
    const timing = 'docs/reference/timing.md';
    expectTidy([
      ...checkDocumented(
        'disposition',
        Object.keys(DISPOSITIONS),
        page(dispositions),
        dispositions,
      ),
      ...[TIMERS, NOT_MODELLED].flatMap((timers) => [
        ...checkDocumented('timer', Object.keys(timers), page(timing), timing),
        ...checkSources(timers),
      ]),
    ]);
  });
});

describe('the papers of the house', () => {
  it('have one title each, and links that lead somewhere', () => {
    expectTidy([...checkTitles(PAGES), ...checkLinks(PAGES, existsSync)]);
  });

  it('are ready for the next change and the next install', () => {
    const papers = [...checkChangelog(readSource('CHANGELOG.md'))];
    expectTidy([...papers, ...checkLockfile(readSource('package-lock.json'))]);
  });
});
