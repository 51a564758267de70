// Sizes that keep a file readable: 70 lines a function, 400 lines a file, 100 columns a line.

import { codeOf } from './code-text';
import type { Finding, SourceFile } from './finding';

export const FUNCTION_LINES_MAX = 70;
export const FILE_LINES_MAX = 400;
export const COLUMNS_MAX = 100;

/** A spec may quote one long line of another file, or lay out a table. */
export const SPEC_COLUMNS_MAX = 140;

export function checkSizes(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => [...fileSize(file), ...lineSizes(file), ...functionSizes(file)]);
}

function fileSize({ path, text }: SourceFile): Finding[] {
  const count = text.trimEnd().split('\n').length;
  if (count <= FILE_LINES_MAX) return [];
  return [{ path, message: `${count} lines; at most ${FILE_LINES_MAX}: split it by subject` }];
}

function lineSizes({ path, text }: SourceFile): Finding[] {
  const limit = path.startsWith('specs/') ? SPEC_COLUMNS_MAX : COLUMNS_MAX;
  return text.split('\n').flatMap((line, index) => {
    const columns = [...line].length;
    if (columns <= limit) return [];
    return [{ path, line: index + 1, message: `${columns} columns; at most ${limit}` }];
  });
}

const FUNCTION = /^(?:export )?(?:default )?(?:async )?function\b/;
const METHOD = /^(?:(?:private|protected|static|override|async|get|set) |\*)*[\w$#]+(?:<.*>)?\(/;
const STATEMENT = /^(?:if|for|while|switch|catch|return|throw|super|describe|context|it)\b/;
const ARROW = /=>\s*\{$/;

/**
 * Functions by their layout, which prettier guarantees: a body ends at the first closing brace
 * that stands as deep as the line that opened it. The tables of `describe` are no functions.
 */
function functionSizes({ path, text }: SourceFile): Finding[] {
  const lines = codeOf(text).split('\n');
  return lines.flatMap((line, index) => {
    const head = line.trim();
    if (!opensFunction(head)) return [];
    const size = bodyEnd(lines, index) - index + 1;
    if (size <= FUNCTION_LINES_MAX) return [];
    const message = `a function of ${size} lines; at most ${FUNCTION_LINES_MAX}: name its parts`;
    return [{ path, line: index + 1, message }];
  });
}

function opensFunction(head: string): boolean {
  if (STATEMENT.test(head)) return false;
  if (FUNCTION.test(head) || ARROW.test(head)) return true;
  return METHOD.test(head) && /[{(]$/.test(head);
}

/** The line that closes what `start` opens; a lone call that ends in `;` closes itself. */
function bodyEnd(lines: readonly string[], start: number): number {
  const depth = indentOf(lines[start]!);
  for (let index = start + 1; index < lines.length; index++) {
    const line = lines[index]!;
    if (line.trim() === '' || indentOf(line) > depth) continue;
    if (!/^[)}\]].*[{([]$/.test(line.trim())) return index;
  }
  return lines.length - 1;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
