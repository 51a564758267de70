// What every page must have, and what some pages must contain.

import { dirname, join } from 'node:path';
import type { Finding, SourceFile } from './finding';

/** One title for each page, on its first line. */
export function checkTitles(pages: readonly SourceFile[]): Finding[] {
  return pages.flatMap(({ path, text }) => {
    const titles = titlesOf(text);
    if (titles.length === 1 && titles[0] === 1) return [];
    if (titles.length === 0) return [{ path, message: 'has no title: begin with "# …"' }];
    const line = titles[1] ?? titles[0]!;
    return [{ path, line, message: 'a page has one title, on its first line; use "##" here' }];
  });
}

function titlesOf(text: string): number[] {
  let fenced = false;
  return text.split('\n').flatMap((line, index) => {
    if (line.startsWith('```')) fenced = !fenced;
    return !fenced && line.startsWith('# ') ? [index + 1] : [];
  });
}

/** Relative links lead to files that are there, and their anchors to headings of those pages. */
export function checkLinks(
  pages: readonly SourceFile[],
  exists: (path: string) => boolean,
): Finding[] {
  const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
  const problem = (path: string, file: string, anchor: string | undefined) => {
    const target = file === '' ? path : join(dirname(path), file);
    if (file !== '' && !exists(target)) return `links to ${file}, which is not there`;
    const there = anchors.get(target);
    if (anchor === undefined || there === undefined || there.has(anchor)) return undefined;
    return `links to #${anchor}, which is no heading of ${target}`;
  };
  return pages.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) =>
      [...line.matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)]*))?\)/g)].flatMap((match) => {
        const message = problem(path, match[1]!, match[2]);
        return message === undefined ? [] : [{ path, line: index + 1, message }];
      }),
    ),
  );
}

/** What GitHub makes of headings: letters, digits and dashes; equal ones are counted. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of text.replace(FENCED, '').matchAll(/^#+ +(.*)$/gm)) {
    const plain = heading!.replace(/\]\([^)]*\)/g, ']').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
    let free = anchor;
    for (let count = 1; anchors.has(free); count += 1) free = `${anchor}-${count}`;
    anchors.add(free);
  }
  return anchors;
}

const FENCED = /^```[\s\S]*?^```/gm;

/** Every entry of a list has its row (a first cell with its name in backticks) or its heading. */
export function checkDocumented(
  what: string,
  names: readonly string[],
  page: SourceFile | undefined,
  path: string,
): Finding[] {
  if (names.length === 0) return [{ path, message: `the list of every ${what} is empty` }];
  if (page === undefined) return [{ path, message: 'is missing: npm run docs' }];
  const documented = new Set(
    [...page.text.matchAll(/^(?:\| *|#+ +)`([^`]+)`/gm)].map((match) => match[1]!),
  );
  return names
    .filter((name) => !documented.has(name))
    .map((name) => ({ path, message: `${what} ${name} has no row: npm run docs` }));
}

/** Every timer says where its figure comes from. */
export function checkSources(
  timers: Readonly<Record<string, { readonly source: string }>>,
): Finding[] {
  const path = 'src/timers';
  const rows = Object.entries(timers);
  if (rows.length === 0) return [{ path, message: 'the table is empty' }];
  return rows
    .filter(([, { source }]) => source.trim() === '')
    .map(([name]) => ({ path, message: `${name} has no source` }));
}

/** The changelog has a place for the next change, before all releases. */
export function checkChangelog({ path, text }: SourceFile): Finding[] {
  const first = /^## .*/m.exec(text)?.[0];
  if (first === '## Unreleased') return [];
  return [{ path, message: 'its first section is "## Unreleased"' }];
}

/** The lockfile says what to install, never from which host. */
export function checkLockfile({ path, text }: SourceFile): Finding[] {
  return text.split('\n').flatMap((line, index) => {
    const host = /"resolved": *"([^"]*)"/.exec(line)?.[1];
    if (host === undefined) return [];
    const message = `names the host of ${host}: npm install with omit-lockfile-registry-resolved`;
    return [{ path, line: index + 1, message }];
  });
}
