// Goal: the failure that the README shows is what users see: expected, actual, the hops, the
// reason, the line, and the command that repeats it. Method: the whole text, to the byte.

import { expect } from 'chai';
import { execute } from '../src/cli/main';
import { EXIT } from '../src/cli/exit-code';
import { expectGolden } from './tidy/golden';

describe('docs/first-failure.yaml', () => {
  const before = process.env['SOURCE_DATE_EPOCH'];

  beforeEach(() => {
    // No wall-clock time in the text.
    process.env['SOURCE_DATE_EPOCH'] = '0';
  });

  afterEach(() => {
    if (before === undefined) delete process.env['SOURCE_DATE_EPOCH'];
    else process.env['SOURCE_DATE_EPOCH'] = before;
  });

  it('fails, and says why', async () => {
    let text = '';
    const io = {
      out: { write: (part: string) => void (text += part), isTTY: false, columns: 100 },
      complain: (part: string) => void (text += `${part}\n`),
    };
    const code = await execute(['run', 'docs/first-failure.yaml', '--no-color'], io);
    expect(code, text).to.equal(EXIT.failed);
    expectGolden('specs/first-failure.golden.txt', text);
  });
});
