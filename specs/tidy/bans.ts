// Words that would let the machine, the clock or the locale into a run, each with what to write
// instead.

import { codeOf } from './code-text';
import { lineAt } from './finding';
import type { Finding, SourceFile } from './finding';

/** The folders whose code decides the result of a run. */
export const MODEL_FOLDERS = [
  'src/values',
  'src/kernel',
  'src/timers',
  'src/timing.ts',
  'src/apiserver',
  'src/controllers',
  'src/node',
  'src/workloads',
  'src/network',
  'src/cluster',
  'src/vocabulary',
  'src/runner',
];

export interface Ban {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
}

const EVENT = 'declare an event and schedule it with the kernel';
const CLOCK = 'read Kernel.now: the model has no other clock';

export const BANS: readonly Ban[] = [
  { name: 'Date', pattern: /\bDate\b/g, instead: CLOCK },
  { name: 'performance', pattern: /\bperformance\b/g, instead: CLOCK },
  {
    name: 'process',
    pattern:
      /(?<![.\w])process\.(?:hrtime|env|argv|exit|cwd|nextTick|std\w+|on|memoryUsage|platform)\b/g,
    instead: 'a run depends on its plan and its seed only',
  },
  { name: 'Math.random', pattern: /\bMath\s*\.\s*random\b/g, instead: 'draw from Kernel.random' },
  { name: 'crypto', pattern: /(?<![.\w])crypto\s*\./g, instead: 'draw from Kernel.random' },
  {
    name: 'a timer',
    pattern: /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/g,
    instead: EVENT,
  },
  { name: 'async code', pattern: /\b(?:async|await|Promise)\b/g, instead: EVENT },
  {
    name: 'localeCompare',
    pattern: /\.localeCompare\b/g,
    instead: 'order with compareText of values/order.ts',
  },
  {
    name: 'a locale',
    pattern: /\bIntl\b|\.toLocale\w*/g,
    instead: 'write the text form out: it may not depend on the machine',
  },
  {
    name: 'for…in',
    pattern: /\bfor\s*\(\s*(?:const|let|var)\s+[\w$]+\s+in\b/g,
    instead: 'walk sortedKeys of values/order.ts',
  },
  {
    name: 'structuredClone',
    pattern: /\bstructuredClone\b/g,
    instead: 'spread what changes and share the rest',
  },
  {
    name: 'a bare sort',
    pattern: /\.(?:sort|toSorted)\(\s*\)/g,
    instead: 'name the order: sort(compareText), or sortedBy of values/order.ts',
  },
];

const NODE_IMPORT = /\bfrom\s*(['"])node:/g;

/** Every banned word in the model folders, with its replacement. */
export function checkBans(files: readonly SourceFile[]): Finding[] {
  return files.filter(({ path }) => isModel(path)).flatMap(bansIn);
}

function isModel(path: string): boolean {
  return MODEL_FOLDERS.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

function bansIn(file: SourceFile): Finding[] {
  const code = codeOf(file.text);
  const findings = BANS.flatMap(({ name, pattern, instead }) =>
    [...code.matchAll(pattern)].map(({ index }) =>
      banned(file, index, `${name} is banned: ${instead}`),
    ),
  );
  const modules = [...file.text.matchAll(NODE_IMPORT)]
    // Chain names are hashes: the rules of kube-proxy carry sha256 digests in their names.
    .filter(({ index }) => !isHashOfProxy(file, index))
    .map(({ index }) => banned(file, index, 'node: modules are banned: the model does no I/O'));
  return [...findings, ...modules];
}

function isHashOfProxy(file: SourceFile, index: number): boolean {
  return (
    file.path.startsWith('src/node/proxy/') && file.text.startsWith("from 'node:crypto'", index)
  );
}

function banned(file: SourceFile, index: number, message: string): Finding {
  return { path: file.path, line: lineAt(file.text, index), message };
}
