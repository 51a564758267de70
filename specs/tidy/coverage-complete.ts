// After `nyc`: does the summary name every file of src and reporters? Exit code 1 where not.

import { readFileSync } from 'node:fs';
import { checkCoverage } from './coverage';
import { formatFinding } from './finding';
import { pathsBelow } from './tree';

/** Compiled output of a file that holds types only. */
const NO_CODE =
  /^"use strict";\s*(?:\/\/.*\s*)*Object\.defineProperty\(exports, "__esModule".*\s*(?:\/\/.*\s*)*$/;

const sources = ['src', 'reporters'].flatMap(pathsBelow).filter((path) => path.endsWith('.ts'));
const empty = sources.filter((path) =>
  NO_CODE.test(readFileSync(`dist/${path.replace(/\.ts$/, '.js')}`, 'utf8')),
);
const summary = JSON.parse(readFileSync('coverage/coverage-summary.json', 'utf8'));
const findings = checkCoverage(summary, sources, new Set(empty));

for (const finding of findings) console.error(formatFinding(finding));
const counted = sources.length - empty.length;
if (findings.length === 0) console.log(`coverage names all ${counted} files that have code`);
process.exitCode = findings.length === 0 ? 0 : 1;
