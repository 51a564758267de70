// Goal: walks that come back are judged once, and only what is told by them alone. Method: frozen
// walks that are judged again and again, by a judge that counts.

import { expect } from 'chai';
import type { Trace } from '../../src/values/trace';
import type { Observation } from '../../src/vocabulary/define';
import { verdictOn } from '../../src/vocabulary/known-verdicts';
import type { Walk } from '../../src/vocabulary/walks';

const NOTHING = { why: [], traces: [], blames: [] };

function walkOf(name: string, isFrozen = true): Walk {
  const trace = { disposition: 'answered', reason: name } as unknown as Trace;
  if (isFrozen) Object.freeze(trace);
  return { source: { name, origin: { pod: name } }, trace };
}

/** The walks that one claim is asked about, and what it says of them. */
class Claim {
  readonly args = {};
  judged = 0;

  say(walks: readonly Walk[], denied = false): Observation {
    return verdictOn(this.args, { walks, single: true }, { explain: false, denied }, () => {
      this.judged++;
      const key = `${walks.map(({ trace }) => trace.reason).join()} ${denied}`;
      return { holds: true, possible: true, actual: 'ok', key, ...NOTHING };
    });
  }
}

describe('a verdict on walks', () => {
  const [one, two, three] = [walkOf('one'), walkOf('two'), walkOf('three')];

  it('is given once for walks that come back', () => {
    const claim = new Claim();
    const first = claim.say([one, two]);
    expect(claim.say([{ ...one }, { ...two }])).to.equal(first);
    expect(claim.judged).to.equal(1);
    expect(Object.isFrozen(first)).to.equal(true);
  });

  it('is another one for other walks, for the denied claim and for other arguments', () => {
    const claim = new Claim();
    const said = [
      claim.say([one, two]),
      claim.say([one]),
      claim.say([one, three]),
      claim.say([two, one]),
      claim.say([one, two], true),
    ];
    expect(said.map(({ key }) => key)).to.deep.equal([
      'one,two false',
      'one false',
      'one,three false',
      'two,one false',
      'one,two true',
    ]);
    const other = new Claim();
    other.say([one, two]);
    expect(other.judged).to.equal(1);
  });

  it('is given anew where a walk is not frozen, or where there is none', () => {
    const claim = new Claim();
    const loose = walkOf('loose', false);
    for (const walks of [[loose], [one, loose], []]) {
      claim.say(walks);
      claim.say(walks);
    }
    expect(claim.judged).to.equal(6);
  });
});
