// Patterns of file names: `*`, `?`, `**`, `{a,b}`, `[abc]`. Pure text: no folder is read here.

/** Whether a path contains any character that makes it a pattern. */
export function isPattern(path: string): boolean {
  return /[*?{[]/.test(path);
}

/** The pattern as a regular expression over a whole path with forward slashes. */
export function globToRegExp(pattern: string): RegExp {
  let source = '';
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at);
    const set = /^\[(!?)([^\]]+)\]/.exec(rest);
    if (rest.startsWith('**/')) {
      source += '(?:[^/]+/)*';
      at += 2;
    } else if (rest.startsWith('**')) {
      source += '.*';
      at += 1;
    } else if (rest[0] === '*') source += '[^/]*';
    else if (rest[0] === '?') source += '[^/]';
    else if (set !== null) {
      source += `[${set[1] === '!' ? '^' : ''}${set[2]!.replaceAll('\\', '\\\\')}]`;
      at += set[0].length - 1;
    } else if (rest[0] === '{') {
      source += '(?:';
      depth++;
    } else if (rest[0] === '}' && depth > 0) {
      source += ')';
      depth--;
    } else if (rest[0] === ',' && depth > 0) source += '|';
    else source += rest[0]!.replace(/[.+^$()|[\]{}\\]/, '\\$&');
  }
  return new RegExp(`^${source}${')'.repeat(depth)}$`);
}

/** The folder that every match lies in: what stands before the first segment with a wildcard. */
export function fixedPart(pattern: string): string {
  const segments = pattern.split('/');
  const first = segments.findIndex(isPattern);
  return segments.slice(0, first < 0 ? undefined : first).join('/');
}
