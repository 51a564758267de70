// The text of one file with its lines, and places in it.

import type { SourceRange } from '../values/diagnostic';

export class SourceText {
  /** As the user named it, with forward slashes. */
  readonly path: string;
  readonly text: string;
  private starts: readonly number[] | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** The lines without their ends, for code frames. */
  get lines(): readonly string[] {
    return this.text.split(/\r?\n/);
  }

  /** The range between two offsets; the end is moved back over trailing blanks. */
  rangeOf(start: number, end: number): SourceRange {
    let last = end;
    while (last > start && /\s/.test(this.text[last - 1]!)) last--;
    const [line, column] = this.positionOf(start);
    const [endLine, endColumn] = this.positionOf(last);
    return { file: this.path, line, column, endLine, endColumn };
  }

  /** The offset of a line and a column, both counted from 1. */
  offsetOf(line: number, column: number): number {
    this.starts ??= lineStarts(this.text);
    return (this.starts[line - 1] ?? this.text.length) + column - 1;
  }

  private positionOf(offset: number): [line: number, column: number] {
    this.starts ??= lineStarts(this.text);
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return [low + 1, offset - this.starts[low]! + 1];
  }
}

/** A stretch of a file by offsets, turned into lines and columns only when somebody asks. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

export function rangeOf(place: Place): SourceRange {
  return place.source.rangeOf(place.start, place.end);
}

/** What stands there, as written. */
export function writtenAt(place: Place): string {
  return place.source.text.slice(place.start, place.end).trimEnd();
}

function lineStarts(text: string): readonly number[] {
  // A byte order mark is no column.
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
