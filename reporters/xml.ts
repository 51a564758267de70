// XML 1.0 that every reader accepts, whatever text it is given.

export interface Element {
  readonly name: string;
  /** In the order of writing; undefined leaves an attribute out. */
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly children: readonly (Element | string)[];
}

export function element(
  name: string,
  attributes: Element['attributes'] = {},
  children: Element['children'] = [],
): Element {
  return { name, attributes, children };
}

/** The document, with two blanks of indent; text stands exactly as given. */
export function renderXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${render(root, '')}\n`;
}

function render(node: Element, indent: string): string {
  const head = `${indent}<${node.name}${renderAttributes(node.attributes)}`;
  if (node.children.length === 0) return `${head}/>`;
  if (node.children.some((child) => typeof child === 'string')) {
    const body = node.children.map((child) =>
      typeof child === 'string' ? escapeText(child) : render(child, ''),
    );
    return `${head}>${body.join('')}</${node.name}>`;
  }
  const body = node.children.map((child) => render(child as Element, `${indent}  `));
  return `${head}>\n${body.join('\n')}\n${indent}</${node.name}>`;
}

function renderAttributes(attributes: Element['attributes']): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escapeAttribute(String(value))}"`)
    .join('');
}

/** `>` is escaped as well: then `]]>` cannot occur. */
function escapeText(text: string): string {
  return clean(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\r/g, '&#13;');
}

/** Blanks other than the space are written as numbers, or a reader would turn them into spaces. */
function escapeAttribute(text: string): string {
  return escapeText(text).replace(/"/g, '&quot;').replace(/\n/g, '&#10;').replace(/\t/g, '&#9;');
}

// CSI sequences (colours, cursor), OSC sequences (titles, links) and single escapes.
// eslint-disable-next-line no-control-regex
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
// What XML 1.0 calls no character: most controls and the two non-characters of the first plane.
// eslint-disable-next-line no-control-regex
const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text without terminal escapes and without characters that XML 1.0 forbids. */
export function clean(text: string): string {
  return text.replace(ANSI, '').replace(ILLEGAL, '').replace(LONE_SURROGATE, '\ufffd');
}
