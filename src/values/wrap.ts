// Text broken into lines between its words.

/**
 * Breaks a text between words so that no line is longer than `width`; the first line is indented
 * by `first` columns, the others by `next`. A word that is longer than a line stays whole.
 */
export function wrap(text: string, width: number, first = 0, next = first): readonly string[] {
  const lines: string[] = [];
  let line = ' '.repeat(first);
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(next) + word;
    } else {
      line += empty ? word : ` ${word}`;
    }
    empty = false;
  }
  return [...lines, line];
}
