// Goal: whatever text a scenario, a manifest or a terminal brings in, the XML stays well-formed
// and keeps what can be kept.

import { expect } from 'chai';
import { clean, element, renderXml } from '../../reporters/xml';
import { parseXml } from './xml-parser';

function throughXml(text: string): { attribute: string; body: string } {
  const root = parseXml(renderXml(element('a', { b: text }, [element('c', {}, [text])])));
  return { attribute: root.attributes['b']!, body: root.children[0]!.text };
}

describe('the XML of reports', () => {
  for (const text of [
    'a < b && c > d "quoted" \'single\'',
    'line one\nline two\ttab\rreturn',
    'ends a CDATA section: ]]>',
    'an entity that is none: &nbsp; &#0;',
    'beyond the first plane: \u{1f680}',
    '<script>alert(1)</script>',
  ]) {
    it(`keeps ${JSON.stringify(text)}`, () => {
      expect(throughXml(text)).to.deep.equal({ attribute: text, body: text });
    });
  }

  it('drops what XML 1.0 calls no character', () => {
    expect(throughXml('a\u0000b\u0008c\u000bd\u001fe\uffffe').body).to.equal('abcdee');
  });

  it('replaces half of a surrogate pair', () => {
    expect(throughXml('a\ud800b\udc00c').body).to.equal('a\ufffdb\ufffdc');
  });

  it('drops the escapes of a terminal whole', () => {
    expect(clean('\u001b[31;1mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007')).to.equal(
      'red link',
    );
  });

  it('leaves out attributes without a value', () => {
    expect(renderXml(element('a', { b: undefined, c: 0 }))).to.contain('<a c="0"/>');
  });
});

describe('the XML parser of these specs', () => {
  for (const [what, text] of Object.entries({
    'a bare ampersand': '<a>&</a>',
    'an element that is not closed': '<a><b></a>',
    'two roots': '<a/><b/>',
    'a forbidden character': '<a>\u0001</a>',
    'the end of a CDATA section': '<a>]]></a>',
    'an attribute twice': '<a b="1" b="2"/>',
  })) {
    it(`refuses ${what}`, () => {
      expect(() => parseXml(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`)).to.throw();
    });
  }
});
