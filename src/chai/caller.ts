// Where in a spec an assertion stands.

import type { SourceRange } from '../values/diagnostic';

const FRAME = /\(?((?:file:\/\/)?[^()\s]+):(\d+):(\d+)\)?$/;
const OWN = __dirname.replaceAll('\\', '/');

/** The nearest caller outside of this folder and of installed packages. */
export function callerRange(stack: string = new Error('where').stack ?? ''): SourceRange {
  for (const text of stack.split('\n').slice(1)) {
    const [, path = '', line, column] = FRAME.exec(text.trim()) ?? [];
    const file = path.replace(/^file:\/\//, '').replaceAll('\\', '/');
    const inside = file.startsWith(`${OWN}/`) || /\/node_modules\//.test(file);
    if (file === '' || inside || path.startsWith('node:')) continue;
    return place(relative(file), Number(line), Number(column));
  }
  return place('', 1, 1);
}

function place(file: string, line: number, column: number): SourceRange {
  return { file, line, column, endLine: line, endColumn: column };
}

function relative(file: string): string {
  const folder = `${process.cwd().replaceAll('\\', '/')}/`;
  return file.startsWith(folder) ? file.slice(folder.length) : file;
}
