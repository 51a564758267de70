// Goal: a kubelet that was cut off renews its lease with the first of its tries that gets through
// (timing.md §2.1 "node lease renew", §2.2 "repeated heartbeat failure", C11).

import { expect } from 'chai';

import { Random } from '../../../src/kernel/random';
import { distrustAt, leaseReturn } from '../../../src/node/kubelet/lease-return';
import type { Outage } from '../../../src/node/kubelet/lease-return';
import { Timing } from '../../../src/timing';
import { NEWEST_VERSION } from '../../../src/values/kube-version';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';

const timing = new Timing({ kubernetes: NEWEST_VERSION, profile: 'default' }, new Random(1));
const at = (seconds: number): Instant => (seconds * 1_000_000) as Instant;
const outage = (cut: 'silent' | 'refused', actor = 'kubelet@worker-1'): Outage => {
  return { actor, cut, firstTry: at(100) };
};
const waited = (cut: 'silent' | 'refused', mended: number): string =>
  leaseReturn(outage(cut), at(mended), timing).timer;
const back = (cut: 'silent' | 'refused', mended: number): number =>
  leaseReturn(outage(cut), at(mended), timing).at / 1_000_000;

describe('the lease of a node comes back', () => {
  it('with the renewal that is due, if none was missed', () => {
    expect(back('silent', 99)).to.equal(100);
    expect(back('refused', 100)).to.equal(100);
  });

  it('over the old connection while its first request is being sent again', () => {
    expect([101, 102, 104].map((mended) => back('silent', mended))).to.deep.equal([
      101.4, 103, 106.2,
    ]);
  });

  it('over a new one from the second failed try on: 20 s after the first was sent', () => {
    expect(distrustAt(outage('silent'), timing)).to.equal(at(120));
    // After 106.2 s the old connection is tried once more, at 112.6 s.
    expect([110, 113, 119.9].map((mended) => back('silent', mended))).to.deep.equal([
      112.6, 120, 120,
    ]);
  });

  it('with a repetition of the first packet of a new connection', () => {
    expect([120.5, 122, 124, 128].map((mended) => back('silent', mended))).to.deep.equal([
      121, 123, 127, 130,
    ]);
  });

  it('and says what it mostly waited for', () => {
    expect(waited('silent', 99)).to.equal('kubelet.leaseRenewInterval');
    expect(waited('silent', 102)).to.equal('client.tcpRetransmission');
    expect(waited('silent', 119.9)).to.equal('kubelet.leaseRequestTimeout');
    expect(waited('silent', 122)).to.equal('client.synRetransmission');
    expect(waited('refused', 101)).to.equal('kubelet.leaseBackoff');
  });

  it('by the patience that follows from the settings of this kubelet alone', () => {
    const own = new Map([
      ['kubelet@worker-1', { 'kubelet.nodeStatusUpdateFrequency': seconds(4) }],
    ]);
    const options = { kubernetes: NEWEST_VERSION, profile: 'default', ofActors: own } as const;
    const differing = new Timing(options, new Random(1));
    const distrusts = (actor: string): number =>
      (distrustAt(outage('silent', actor), differing)! - at(100)) / 1_000_000;
    expect(distrusts('kubelet@worker-1')).to.equal(8);
    expect(distrusts('kubelet@worker-2')).to.equal(20);
    const back = (actor: string): number =>
      leaseReturn(outage('silent', actor), at(107), differing).at / 1_000_000;
    expect([back('kubelet@worker-1'), back('kubelet@worker-2')]).to.deep.equal([108, 112.6]);
  });

  it('within 17 s of a long outage: ten for a try, seven for the pause after it', () => {
    for (let mended = 200; mended < 400; mended += 0.7) {
      expect(back('silent', mended) - mended).to.be.within(0, 17);
    }
  });

  it('within 7 s where tries are refused at once', () => {
    expect(distrustAt(outage('refused'), timing)).to.equal(undefined);
    expect([100.1, 100.3, 101].map((mended) => back('refused', mended))).to.deep.equal([
      100.2, 100.6, 101.4,
    ]);
    for (let mended = 120; mended < 200; mended += 0.7) {
      expect(back('refused', mended) - mended).to.be.within(0, 7);
    }
  });
});
