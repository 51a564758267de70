// Goal: the name of a template is that of its content. Method: compare it with the obvious twin, which
// makes a text of it first, over many values and over texts that JSON has to escape.

import { expect } from 'chai';

import { NAME_LETTERS } from '../../../src/apiserver/identity';
import type { PodTemplate } from '../../../src/apiserver/kinds/workload';
import { templateHash } from '../../../src/controllers/workloads/template-hash';
import { hashText, Stream } from '../../../src/kernel/random';
import { compareText } from '../../../src/values/order';

const PIECES = ['a', 'Z', '"', '\\', '\n', '\u0000', '\u001f', ' ', 'é', '\ud800', '\udfff', '😀'];

function textOf(stream: Stream): string {
  return Array.from({ length: stream.below(6) }, () => PIECES[stream.below(PIECES.length)]).join(
    '',
  );
}

function valueOf(stream: Stream, depth = 0): unknown {
  switch (stream.below(depth > 3 ? 5 : 7)) {
    case 0:
      return null;
    case 1:
      return stream.below(1_000) / 8;
    case 2:
      return stream.below(2) === 0;
    case 3:
      return undefined;
    case 4:
      return textOf(stream);
    case 5:
      return Array.from({ length: stream.below(4) }, () => valueOf(stream, depth + 1));
    default: {
      const length = stream.below(20);
      const fields = Array.from({ length }, () => [textOf(stream), valueOf(stream, depth + 1)]);
      return Object.fromEntries(fields) as unknown;
    }
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => compareText(a, b));
  return Object.fromEntries(fields.map(([field, part]) => [field, sorted(part)]));
}

function twin(value: unknown): string {
  const digits = [...String(hashText(JSON.stringify(sorted(value)) ?? 'null'))];
  return digits.map((digit) => NAME_LETTERS[digit.charCodeAt(0) % NAME_LETTERS.length]).join('');
}

describe('the hash of a template', () => {
  it('is that of its JSON with sorted fields', () => {
    const stream = new Stream(5);
    const hashes = new Set<string>();
    for (let round = 0; round < 2_000; round++) {
      const value = valueOf(stream);
      const hash = templateHash(value as PodTemplate);
      expect(hash, JSON.stringify(value)).to.equal(twin(value));
      hashes.add(hash);
    }
    expect(hashes.size).to.be.above(500);
  });

  it('does not hang on the order of fields, but on that of items', () => {
    const hashOf = (value: unknown): string => templateHash(value as PodTemplate);
    expect(hashOf({ a: 1, b: [1, 2] })).to.equal(hashOf({ b: [1, 2], a: 1 }));
    expect(hashOf({ a: 1, b: [1, 2] })).not.to.equal(hashOf({ a: 1, b: [2, 1] }));
    expect(hashOf({ a: 1, b: undefined })).to.equal(hashOf({ a: 1 }));
  });
});
