// What a line that is not YAML was probably meant to be.

/**
 * `message` is the parser's, `line` is where it stumbled, and `earlier` is the text of the document
 * before that.
 */
export function hintForBroken(message: string, line: string, earlier: string): string | undefined {
  const v6 = /(?:^|[\s:{,])(\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\](?::\w+)?)/.exec(line);
  if (v6 !== null) return `an IPv6 address in brackets needs quotes: "${v6[1]}"`;
  if (/\t/.test(/^\s*/.exec(line)![0])) return 'indent with spaces; YAML forbids tabs';
  if (/flow (map|sequence|collection)/i.test(message)) {
    return hintForBracket(/end with a \]/.test(message) ? '[' : '{', [lastLine(earlier), line]);
  }
  const quote = /missing closing (["'])quote/i.exec(message)?.[1];
  if (quote !== undefined) {
    const lines = `${earlier}${line}`.split(/\r?\n/);
    const opened = lines.find((text) => text.split(quote).length % 2 === 0) ?? line;
    return `close the quote, or leave it out, in: ${shortened(opened)}`;
  }
  if (/nested mappings are not allowed/i.test(message)) {
    const key = /^\s*(?:- )?([^\s:]+):\s/.exec(line)?.[1];
    return key === undefined
      ? undefined
      : `a text with a colon and a space needs quotes: ${key}: "…"`;
  }
  return gluedKeyIn(line)?.hint;
}

/** A key that its value stands too close to for YAML to tell: its column from 0, and what to do. */
export function gluedKeyIn(
  line: string,
): { readonly column: number; readonly text: string; readonly hint: string } | undefined {
  const [, before, key, value] = /^(\s*(?:- +)?)([A-Za-z]+):([^\s/].*)$/.exec(line) ?? [];
  if (before === undefined) return undefined;
  const hint = `write a space after the colon: ${key}: ${value}`;
  return { column: before.length, text: `${key}:${value}`, hint };
}

/** A bracket is missed at the end of what stands in it, or a comment has swallowed it. */
function hintForBracket(bracket: '{' | '[', lines: readonly string[]): string | undefined {
  const opened = lines.find((text) => isOpen(bracket, text));
  if (opened === undefined) return undefined;
  const comment = / (#\S+)/.exec(withoutQuotes(opened));
  if (comment !== null) {
    return 'a # after a space begins a comment: leave the space out, or quote the text';
  }
  return `a ${bracket} is not closed in: ${shortened(opened)}`;
}

function lastLine(text: string): string {
  return text.trimEnd().split(/\r?\n/).at(-1)!;
}

function shortened(line: string): string {
  const text = line.trim();
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Whether a line opens a bracket more often than it closes it. */
function isOpen(bracket: '{' | '[', line: string): boolean {
  const text = withoutQuotes(line).replace(/(^| )#.*$/, '');
  return text.split(bracket).length > text.split(bracket === '{' ? '}' : ']').length;
}

function withoutQuotes(text: string): string {
  return text.replace(/"[^"]*"|'[^']*'/g, '');
}
