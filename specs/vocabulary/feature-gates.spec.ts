// Goal: whoever closes a feature gate that the model heeds is not told that it is not modelled.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { lexicon } from '../../src/vocabulary/lexicon';

describe('the feature gates that the model asks', () => {
  it('are known to the language', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
    const texts = files.filter((it) => it.endsWith('.ts')).map((it) => join('src', it));
    const asked = texts.flatMap((path) => [
      ...readFileSync(path, 'utf8').matchAll(/featureGates\?\.\['(\w+)'\]/g),
    ]);
    const names = asked.map(([, name]) => name!);
    expect(names).to.include('PLEGOnDemandRelist');
    expect(lexicon.featureGates).to.include.members(names);
  });
});
