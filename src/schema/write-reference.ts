// `npm run docs`: writes docs/reference anew. With `--check` it compares instead, names the pages
// that differ, and ends with exit code 1 where there are any.

import * as fs from 'node:fs';
import { LANGUAGE } from '../vocabulary/index';
import { lexicon } from '../vocabulary/lexicon';
import { referencePages } from './reference';

const FOLDER = 'docs/reference';

/** Every page as it should be, by its path from the root of the project. */
function expectedPages(): ReadonlyMap<string, string> {
  const pages = referencePages(lexicon, LANGUAGE);
  return new Map([...pages].map(([name, text]) => [`${FOLDER}/${name}`, text]));
}

/** Paths of pages that differ from what they should be, or that nobody writes. */
export function outdatedPages(): string[] {
  const pages = expectedPages();
  const present = fs.existsSync(FOLDER) ? fs.readdirSync(FOLDER).sort() : [];
  const stray = present.map((name) => `${FOLDER}/${name}`).filter((path) => !pages.has(path));
  const changed = [...pages].filter(
    ([path, text]) => !fs.existsSync(path) || fs.readFileSync(path, 'utf8') !== text,
  );
  return [...changed.map(([path]) => path), ...stray];
}

function write(): void {
  fs.rmSync(FOLDER, { recursive: true, force: true });
  fs.mkdirSync(FOLDER, { recursive: true });
  for (const [path, text] of expectedPages()) fs.writeFileSync(path, text);
}

function check(): void {
  const outdated = outdatedPages();
  for (const path of outdated) console.error(`${path} is not up to date: npm run docs`);
  if (outdated.length === 0) console.log('the reference pages are up to date');
  process.exitCode = outdated.length === 0 ? 0 : 1;
}

if (require.main === module) {
  if (process.argv.includes('--check')) check();
  else write();
}
