// Goal: what the reference says about Services, DNS and policies holds beyond the published
// vectors. These were derived from its text, and each holds a sentence of it.

import { expect } from 'chai';
import { runVectors } from './run';
import { readVectorFile } from './vector-file';

/** How many questions each file asks at least. */
const FILES = { services: 400, dns: 240, netpol: 80 } as const;

describe('own vectors', () => {
  for (const [domain, number] of Object.entries(FILES)) {
    it(`of domain ${domain} agree with the model, and none is passed over`, () => {
      const result = runVectors(readVectorFile(`specs/vectors/own-${domain}.json`));
      expect(result.disagreements.join('\n')).to.equal('');
      expect([...result.skipped]).to.deep.equal([]);
      expect(result.passed).to.be.at.least(number);
    });
  }
});
