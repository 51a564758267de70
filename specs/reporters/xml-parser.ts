// A strict reader of the XML that the reporters write: elements, attributes and text. Anything
// that is not well-formed throws with its offset.

export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlNode[];
  /** All text directly within, entities resolved. */
  text: string;
}

const NAME = '[A-Za-z_][A-Za-z0-9_.-]*';
const OPEN = new RegExp(`^<(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>`);
const CLOSE = new RegExp(`^</(${NAME})\\s*>`);
const ATTRIBUTE = new RegExp(`(${NAME})="([^"<]*)"`, 'g');
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
// XML 1.0, production 2; lone surrogates match nothing of it under the u flag.
const LEGAL = /^[\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** Reads a whole document. Throws on the first thing that XML does not allow. */
export function parseXml(text: string): XmlNode {
  if (!text.startsWith(DECLARATION)) throw new Error('the XML declaration is missing');
  if (!LEGAL.test(text)) throw new Error('a character that XML 1.0 forbids');
  const document: XmlNode = { name: '', attributes: {}, children: [], text: '' };
  const open = [document];
  for (let at = DECLARATION.length; at < text.length;) {
    at += text[at] === '<' ? readTag(text.slice(at), open, at) : readText(text, at, open.at(-1)!);
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  const [root] = document.children;
  if (root === undefined || document.children.length > 1) throw new Error('not exactly one root');
  if (document.text.trim() !== '') throw new Error('text outside of the root');
  return root;
}

function readTag(rest: string, open: XmlNode[], at: number): number {
  const closing = CLOSE.exec(rest);
  if (closing !== null) {
    const node = open.pop()!;
    if (node.name !== closing[1])
      throw new Error(`</${closing[1]}> closes <${node.name}> at ${at}`);
    return closing[0].length;
  }
  const opening = OPEN.exec(rest);
  if (opening === null) throw new Error(`not a tag at ${at}: ${rest.slice(0, 40)}`);
  const [tag, name = '', attributes = '', empty] = opening;
  const node: XmlNode = { name, attributes: readAttributes(attributes), children: [], text: '' };
  open.at(-1)!.children.push(node);
  if (empty !== '/') open.push(node);
  return tag.length;
}

function readAttributes(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(ATTRIBUTE)) {
    if (name in found) throw new Error(`the attribute ${name} stands twice`);
    // A reader turns line ends and tabs of an attribute into spaces unless they are references.
    found[name] = resolve(value.replace(/[\n\r\t]/g, ' '));
  }
  return found;
}

function readText(text: string, at: number, node: XmlNode): number {
  const end = text.indexOf('<', at);
  const raw = text.slice(at, end < 0 ? text.length : end);
  if (raw.includes(']]>')) throw new Error(']]> within text');
  node.text += resolve(raw);
  return raw.length;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function resolve(text: string): string {
  if (/&(?!(#\d+|#x[0-9a-fA-F]+|[a-z]+);)/.test(text)) throw new Error(`a bare & in: ${text}`);
  return text.replace(
    /&(#x?)?([0-9a-zA-Z]+);/g,
    (whole, number: string | undefined, name: string) => {
      if (number === undefined) {
        if (!(name in ENTITIES)) throw new Error(`unknown entity ${whole}`);
        return ENTITIES[name]!;
      }
      return String.fromCodePoint(parseInt(name, number === '#' ? 10 : 16));
    },
  );
}

/** Every element of that name below a node, in document order. */
export function all(node: XmlNode, name: string): XmlNode[] {
  return node.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...all(child, name),
  ]);
}
