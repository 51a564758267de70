// Goal: streams are cut and parsed with exact places, whatever their line ends, and a broken
// document never hides its neighbours.

import { expect } from 'chai';
import { Report } from '../../src/language/report';
import { parseSource } from '../../src/language/source';
import { rangeOf } from '../../src/language/source-text';
import { splitStream } from '../../src/language/split-stream';
import { at, keyPlace } from '../../src/language/tree';
import type { Tree } from '../../src/language/tree';

function parse(text: string) {
  const report = new Report();
  const source = parseSource('file.yaml', text, report);
  return { documents: source.documents, codes: report.diagnostics.map(({ code }) => code), report };
}

function onlyTree(text: string): Tree {
  const { documents, codes } = parse(text);
  expect(codes).to.deep.equal([]);
  expect(documents).to.have.length(1);
  return documents[0]!.tree;
}

describe('a stream', () => {
  it('is cut at its markers, with directives and comments before them', () => {
    const text =
      '%YAML 1.2\n# first\n---\na: 1\n---\nb: |\n  ---x\n  text\n...\n# end\n---\nc: 3\n';
    const parts = splitStream(text).map(({ start, end }) => text.slice(start, end));
    expect(parts).to.deep.equal([
      '%YAML 1.2\n# first\n---\na: 1\n',
      '---\nb: |\n  ---x\n  text\n...\n',
      '# end\n---\nc: 3\n',
    ]);
  });

  it('has no document where there are only comments and markers', () => {
    expect(splitStream('# nothing\n---\n---\n# more\n...\n')).to.deep.equal([]);
    expect(splitStream('')).to.deep.equal([]);
    expect(splitStream('\uFEFF')).to.deep.equal([]);
  });

  it('tells scenarios from manifests, by their keys and not by their order', () => {
    const { documents } = parse(
      'tags: [a]\nscenario: one\n---\n{"kind": "Service", "apiVersion": "v1"}\n---\nx: 1\n',
    );
    expect(documents.map(({ is }) => is)).to.deep.equal(['scenario', 'manifest', 'neither']);
  });

  it('keeps the documents beside a broken one', () => {
    const { documents, codes } = parse('scenario: a\n---\nb: [\n---\nscenario: c\n');
    expect(documents).to.have.length(2);
    expect(codes).to.deep.equal(['KD1003']);
  });
});

describe('places', () => {
  for (const [name, end] of [
    ['line feeds', '\n'],
    ['carriage returns', '\r\n'],
  ] as const) {
    it(`are exact with ${name}`, () => {
      const tree = onlyTree(
        ['# c', 'scenario: x', 'cluster:', '  nodes: 3', '  cni: flannel', ''].join(end),
      );
      const nodes = at(tree, ['cluster', 'nodes'])!;
      expect(nodes.value).to.equal(3);
      expect(rangeOf(nodes.place)).to.deep.equal({
        file: 'file.yaml',
        line: 4,
        column: 10,
        endLine: 4,
        endColumn: 11,
      });
      expect(rangeOf(keyPlace(tree, ['cluster'], 'cni'))).to.include({
        line: 5,
        column: 3,
        endColumn: 6,
      });
    });
  }

  it('do not count a byte order mark', () => {
    const tree = onlyTree('\uFEFFscenario: x\n');
    expect(rangeOf(keyPlace(tree, [], 'scenario'))).to.include({
      line: 1,
      column: 1,
      endColumn: 9,
    });
  });

  it('are those of the file, not of the document', () => {
    const { documents } = parse('scenario: a\n---\nscenario: b\nend: 5s\n');
    expect(rangeOf(at(documents[1]!.tree, ['end'])!.place)).to.include({ line: 4, column: 6 });
  });
});

describe('values', () => {
  it('share what an alias stands for, and count it each time', () => {
    const tree = onlyTree('scenario: x\na: &one {k: 1}\nb: *one\nc: [*one, *one]\n');
    expect(tree.value).to.deep.equal({
      scenario: 'x',
      a: { k: 1 },
      b: { k: 1 },
      c: [{ k: 1 }, { k: 1 }],
    });
    expect(at(tree, ['b'])).to.equal(at(tree, ['a']));
    expect(tree.size).to.equal(1 + 1 + 2 + 2 + 1 + 4);
  });

  it('respect explicit tags and quotes', () => {
    const { value } = onlyTree('scenario: !!str 5\na: !!int "7"\nb: "7"\nc: ! 8\nd: !!null x\n');
    expect(value).to.deep.equal({ scenario: '5', a: 7, b: '7', c: '8', d: 'x' });
  });

  it('keep a key that is called like the prototype', () => {
    const { value } = onlyTree('scenario: x\n__proto__: {polluted: yes}\n');
    expect(Object.keys(value as object)).to.deep.equal(['scenario', '__proto__']);
    expect(({} as { polluted?: string }).polluted).to.equal(undefined);
  });

  it('merge with << in manifests, and keep it as a key in scenarios', () => {
    const { documents } = parse(
      'apiVersion: v1\nkind: X\nbase: &b {p: 1, q: 2}\nspec: {<<: *b, q: 3}\n---\nscenario: s\n<<: {p: 1}\n',
    );
    expect(at(documents[0]!.tree, ['spec'])!.value).to.deep.equal({ q: 3, p: 1 });
    expect(documents[1]!.tree.value).to.deep.equal({ scenario: 's', '<<': { p: 1 } });
  });
});
