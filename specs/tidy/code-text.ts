// TypeScript with its comments and the contents of its strings blanked out, so that a scan for a
// word finds code and nothing else. Offsets and lines stay as they were.

type Mode = 'code' | 'line-comment' | 'block-comment' | 'string' | 'template' | 'regex';

interface Scan {
  readonly text: string;
  readonly out: string[];
  index: number;
  mode: Mode;
  quote: string;
  /** Open braces inside of each `${`, innermost last. */
  readonly templates: number[];
  inClass: boolean;
}

/** The text with everything but code turned into spaces; `${…}` inside of templates is code. */
export function codeOf(text: string): string {
  const scan: Scan = {
    text,
    out: [],
    index: 0,
    mode: 'code',
    quote: '',
    templates: [],
    inClass: false,
  };
  while (scan.index < text.length) step(scan);
  return scan.out.join('');
}

function step(scan: Scan): void {
  const char = scan.text[scan.index]!;
  const pair = scan.text.slice(scan.index, scan.index + 2);
  switch (scan.mode) {
    case 'code':
      return inCode(scan, char, pair);
    case 'line-comment':
      if (char === '\n') scan.mode = 'code';
      return blank(scan, 1);
    case 'block-comment':
      if (pair === '*/') scan.mode = 'code';
      return blank(scan, pair === '*/' ? 2 : 1);
    case 'template':
      return inTemplate(scan, char, pair);
    case 'regex':
      return inRegex(scan, char);
    case 'string':
      if (char === '\\') return blank(scan, 2);
      if (char === scan.quote) scan.mode = 'code';
      return char === scan.quote ? keep(scan, 1) : blank(scan, 1);
  }
}

function inCode(scan: Scan, char: string, pair: string): void {
  if (pair === '//' || pair === '/*') {
    scan.mode = pair === '//' ? 'line-comment' : 'block-comment';
    return blank(scan, 2);
  }
  if (char === '/' && startsRegex(scan.out)) {
    scan.mode = 'regex';
    scan.inClass = false;
  } else if (char === "'" || char === '"') {
    scan.mode = 'string';
    scan.quote = char;
  } else if (char === '`') {
    scan.mode = 'template';
  } else if (scan.templates.length > 0 && (char === '{' || char === '}')) {
    const depth = scan.templates.pop()! + (char === '{' ? 1 : -1);
    if (depth > 0) scan.templates.push(depth);
    else scan.mode = 'template';
  }
  return keep(scan, 1);
}

function inTemplate(scan: Scan, char: string, pair: string): void {
  if (char === '\\') return blank(scan, 2);
  if (char === '`') {
    scan.mode = 'code';
    return keep(scan, 1);
  }
  if (pair !== '${') return blank(scan, 1);
  scan.mode = 'code';
  scan.templates.push(1);
  return keep(scan, 2);
}

function inRegex(scan: Scan, char: string): void {
  if (char === '\\') return blank(scan, 2);
  if (char === '[') scan.inClass = true;
  if (char === ']') scan.inClass = false;
  if (char === '/' && !scan.inClass) {
    scan.mode = 'code';
    return keep(scan, 1);
  }
  return blank(scan, 1);
}

/** A slash divides after a value and starts a regular expression everywhere else. */
function startsRegex(out: readonly string[]): boolean {
  const before = out.slice(-40).join('').trimEnd();
  return before === '' || /[([{,;=:?!&|+*%<>~^-]$|\b(?:return|case|typeof|of)$|=>$/.test(before);
}

function keep(scan: Scan, count: number): void {
  for (let rest = count; rest > 0; rest--) scan.out.push(scan.text[scan.index++] ?? '');
}

function blank(scan: Scan, count: number): void {
  for (let rest = count; rest > 0 && scan.index < scan.text.length; rest--) {
    scan.out.push(scan.text[scan.index++] === '\n' ? '\n' : ' ');
  }
}
