// One YAML document → tree. The parser of the package `yaml` is run with its smallest schema, in
// which every scalar is a text: what an unquoted word means is decided here, by dialect, and only
// here. Duplicate keys, aliases and tags are judged here too, with their exact places.

import { Alias, isMap, isScalar, isSeq, parseDocument as parseYaml } from 'yaml';
import type { Node, Pair, ParsedNode, Scalar as ScalarNode, YAMLError } from 'yaml';
import { didYouMean } from './did-you-mean';
import { findMisplaced } from './indentation';
import type { Misplaced } from './indentation';
import type { Report } from './report';
import { readScalar, surpriseOf } from './scalar';
import type { Dialect } from './scalar';
import { rangeOf } from './source-text';
import type { Place, SourceText } from './source-text';
import type { Chunk } from './split-stream';
import { gluedKeyIn, hintForBroken } from './yaml-hints';
import { asText, LARGEST, leaf, list, mapping } from './tree';
import type { Entry, Tree } from './tree';

const CORE_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq|binary|timestamp)$/;

/** Tags that ask for a value where a text stands: `!!int "7"`. */
const VALUE_TAGS: ReadonlySet<string> = new Set(['int', 'float', 'bool', 'null']);

/**
 * Parses one document. What is wrong goes to the report; the tree is undefined where the text is
 * broken or empty.
 */
export function parseDocument(
  source: SourceText,
  chunk: Chunk,
  dialect: Dialect,
  report: Report,
): Tree | undefined {
  const text = source.text.slice(chunk.start, chunk.end);
  const whole: Place = { source, start: chunk.start, end: chunk.end };
  if (reportControl(source, chunk, report)) return undefined;
  try {
    const document = parseYaml(text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    // The first error is the cause; the others mostly follow from it.
    const [error] = document.errors;
    if (error !== undefined) reportBroken(error, source, chunk, report);
    if (error !== undefined || document.contents === null) return undefined;
    const builder = new TreeBuilder(source, chunk, dialect, report);
    const tree = builder.build(document.contents);
    if (tree.size <= LARGEST) return builder.failed ? undefined : tree;
    report.error(
      'KD1007',
      firstLine(whole),
      'the aliases of this document multiply to more than a million values',
    );
  } catch (error) {
    // The parser and the builder recurse; the stack is the only limit to the depth of a document.
    if (!(error instanceof RangeError)) throw error;
    reportTooDeep(whole, report);
  }
  return undefined;
}

class TreeBuilder {
  failed = false;
  private readonly source: SourceText;
  private readonly offset: number;
  private readonly dialect: Dialect;
  private readonly report: Report;
  private readonly anchors = new Map<string, Tree | 'open'>();

  constructor(source: SourceText, chunk: Chunk, dialect: Dialect, report: Report) {
    this.source = source;
    this.offset = chunk.start;
    this.dialect = dialect;
    this.report = report;
  }

  build(node: Node): Tree {
    if (node instanceof Alias) return this.resolve(node);
    this.checkTag(node);
    const anchor = (node as ScalarNode).anchor;
    if (anchor !== undefined) this.anchors.set(anchor, 'open');
    const tree = this.content(node);
    if (anchor !== undefined) this.anchors.set(anchor, tree);
    return tree;
  }

  private content(node: Node): Tree {
    const place = this.placeOf(node);
    if (isScalar(node)) return leaf(place, this.scalar(node, place));
    if (isSeq(node))
      return list(
        place,
        node.items.map((item) => this.build(item as Node)),
      );
    if (isMap(node)) return mapping(place, this.entries(node.items as Pair<Node, Node | null>[]));
    throw new TypeError(`a YAML node of an unknown class: ${String(node)}`);
  }

  private entries(pairs: readonly Pair<Node, Node | null>[]): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged: Tree[] = [];
    for (const { key, value } of pairs) {
      const keyTree = this.build(key);
      const name = this.keyName(key, keyTree);
      const tree = value === null ? leaf(keyTree.place, null) : this.build(value);
      if (name === '<<' && this.dialect === 'kubernetes' && isPlain(key)) {
        merged.push(...(tree.items ?? [tree]));
        continue;
      }
      const first = entries.get(name);
      if (first === undefined) entries.set(name, { key: keyTree.place, tree });
      else this.duplicate(name, keyTree.place, first.key);
    }
    // source: YAML merge keys as Kubernetes' parser honours them: what is written here wins.
    for (const part of merged) {
      for (const [name, entry] of part.entries ?? []) {
        if (!entries.has(name)) entries.set(name, entry);
      }
    }
    return entries;
  }

  private scalar(node: ScalarNode, place: Place): unknown {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const tag = CORE_TAG.exec(node.tag ?? '')?.[1];
    const resolvable = tag === undefined ? isPlain(node) && node.tag !== '!' : VALUE_TAGS.has(tag);
    if (!resolvable) return text;
    const surprise = this.dialect === 'kubernetes' ? surpriseOf(text) : undefined;
    if (surprise !== undefined) {
      this.report.warn('KD1011', place, surprise, `write "${text}" if you mean the text`);
    }
    return readScalar(text, this.dialect);
  }

  private keyName(key: Node, tree: Tree): string {
    if (tree.items !== undefined || tree.entries !== undefined) {
      this.failed = true;
      const template =
        this.source.text.startsWith('{{', tree.place.start - 1) ||
        this.source.text.startsWith('{{', tree.place.start);
      if (template) reportTemplate(tree.place, this.report);
      else this.report.error('KD1003', tree.place, 'a key must be a text, not a list or a mapping');
    }
    if (isScalar(key) && typeof key.value === 'string' && key.value !== '') return key.value;
    return asText(tree.value);
  }

  private duplicate(name: string, place: Place, first: Place): void {
    this.failed = true;
    const { line } = rangeOf(first);
    this.report.error(
      'KD1004',
      place,
      `the key "${name}" stands here twice`,
      `first on line ${line}`,
    );
  }

  private resolve(alias: Alias): Tree {
    const place = this.placeOf(alias);
    const target = this.anchors.get(alias.source);
    if (target !== undefined && target !== 'open') return target;
    this.failed = true;
    if (target === 'open') {
      this.report.error('KD1007', place, `the alias *${alias.source} contains itself`);
    } else {
      const meant = didYouMean(alias.source, this.anchors.keys());
      const hint = meant ?? `quote text that begins with an asterisk: "*${alias.source}"`;
      this.report.error('KD1005', place, `the alias *${alias.source} stands for nothing`, hint);
    }
    return leaf(place, null);
  }

  private checkTag(node: Node): void {
    const { tag } = node as ParsedNode;
    if (tag === undefined || CORE_TAG.test(tag) || tag === '!') return;
    this.failed = true;
    const name = tag.replace('tag:yaml.org,2002:', '!!');
    this.report.error(
      'KD1006',
      this.placeOf(node),
      `the tag ${name} is unknown`,
      'quote text that begins with an exclamation mark',
    );
  }

  private placeOf(node: Node): Place {
    const [start, end] = (node as ParsedNode).range;
    return { source: this.source, start: this.offset + start, end: this.offset + end };
  }
}

function isPlain(node: Node): boolean {
  return isScalar(node) && (node.type === 'PLAIN' || node.type === undefined);
}

function reportBroken(error: YAMLError, source: SourceText, chunk: Chunk, report: Report): void {
  const start = chunk.start + Math.min(error.pos[0], chunk.end - chunk.start);
  const end = chunk.start + Math.min(error.pos[1], chunk.end - chunk.start);
  const place: Place = { source, start, end: Math.max(end, start) };
  if (error.code === 'RESOURCE_EXHAUSTION') {
    return reportTooDeep({ source, start: chunk.start, end: chunk.end }, report);
  }
  const line = lineAt(source.text, start);
  if (/^\s*\{\{|[:-] \{\{/m.test(source.text.slice(chunk.start, chunk.end))) {
    reportTemplate(place, report);
    return;
  }
  if (reportMisplaced(error, source, chunk, report)) return;
  const earlier = source.text.slice(chunk.start, source.text.lastIndexOf('\n', start - 1) + 1);
  const hint = hintForBroken(error.message, line, earlier);
  report.error('KD1003', place, `this is not YAML: ${sentence(error.message)}`, hint);
}

/** Whether a key or a dash in a column of its own is the reason, which is then reported. */
function reportMisplaced(
  error: YAMLError,
  source: SourceText,
  chunk: Chunk,
  report: Report,
): boolean {
  if (!LAYOUT_ERRORS.has(error.code) || /flow|quote/i.test(error.message)) return false;
  const lineOf = (offset: number): number => rangeOf({ source, start: offset, end: offset }).line;
  const lines = source.text.slice(0, chunk.end).split(/\r?\n/);
  const noticed = lineOf(chunk.start + Math.min(error.pos[0], chunk.end - chunk.start));
  const found = findMisplaced(lines, lineOf(chunk.start) - 1, noticed - 1);
  if (found === undefined) return false;
  // Without a space after its colon, the line above begins no mapping that it could go on with.
  const above = lines.slice(0, found.line).findLastIndex((text) => /\S/.test(text));
  const glued = gluedKeyIn(lines[above] ?? '');
  if (glued !== undefined && glued.column === found.column) {
    const at = placeInLine(source, { ...glued, line: above });
    report.error('KD1003', at, `this is not YAML: "${glued.text}" is one word`, glued.hint);
    return true;
  }
  const message = `this is not YAML: "${found.text}" is indented unlike what is above it`;
  report.error('KD1003', placeInLine(source, found), message, found.hint);
  return true;
}

/** What the parser says of lines that begin in the wrong column, among other mistakes. */
const LAYOUT_ERRORS: ReadonlySet<string> = new Set([
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'UNEXPECTED_TOKEN',
]);

/**
 * Characters that no YAML may contain, of which the parser lets some pass: a text with one of
 * them cannot be compared with anything that anybody can type.
 * source: YAML 1.2.2, production 1 (c-printable)
 */
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u0080-\u0084\u0086-\u009F]/;

function reportControl(source: SourceText, { start, end }: Chunk, report: Report): boolean {
  const found = UNPRINTABLE.exec(source.text.slice(start, end));
  if (found === null) return false;
  const place: Place = { source, start: start + found.index, end: start + found.index + 1 };
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  const message = `this is not YAML: it contains the control character U+${code}`;
  report.error('KD1003', place, message, `remove it, or write "\\u${code}" in double quotes`);
  return true;
}

function reportTooDeep(place: Place, report: Report): void {
  report.error('KD1008', firstLine(place), 'this document is nested too deeply to be read');
}

export function reportTemplate(place: Place, report: Report): void {
  report.error(
    'KD1202',
    place,
    'this is a template, not a manifest: it contains {{ … }}',
    'render it first, for example with `helm template`, and point to what comes out',
  );
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end < 0 ? text.length : end);
}

function placeInLine(
  source: SourceText,
  { line, column, text }: Pick<Misplaced, 'line' | 'column' | 'text'>,
): Place {
  const start = source.offsetOf(line + 1, column + 1);
  return { source, start, end: start + text.length };
}

function firstLine(place: Place): Place {
  const text = place.source.text;
  const start = place.start + /^(?:---)?\s*/.exec(text.slice(place.start, place.end))![0].length;
  const end = text.indexOf('\n', start);
  return { ...place, start, end: end < 0 || end > place.end ? place.end : end };
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1).replace(/\s+/g, ' ');
}
