// Goal: a reply is cut where it does not fit: 512 octets over UDP, what EDNS offers, all over TCP.

import { expect } from 'chai';
import { emptyReply } from '../../src/workloads/dns-message';
import { fitTo } from '../../src/workloads/dns-size';

const QUESTION = { name: 'many.shop.svc.cluster.local', type: 'A' };

function replyOf(count: number) {
  const answers = Array.from({ length: count }, (_, index) => {
    return { ...QUESTION, ttl: 30, data: `10.244.1.${index}` };
  });
  return { ...emptyReply('NOERROR', true), answers };
}

describe('a reply of many addresses', () => {
  // 12 for the header, 33 for the question, 16 for each address behind a pointer.
  it('of 29 fits into 512 octets, and of 30 does not', () => {
    expect(fitTo(replyOf(29), QUESTION, 'UDP', 0).truncated).to.equal(false);
    const cut = fitTo(replyOf(30), QUESTION, 'UDP', 0);
    expect([cut.truncated, cut.answers.length]).to.deep.equal([true, 29]);
  });

  it('fits whole into what EDNS offers, and into TCP', () => {
    expect(fitTo(replyOf(74), QUESTION, 'UDP', 1_232).truncated).to.equal(false);
    expect(fitTo(replyOf(75), QUESTION, 'UDP', 1_232).truncated).to.equal(true);
    expect(fitTo(replyOf(200), QUESTION, 'TCP', 0).truncated).to.equal(false);
  });

  it('loses its additional records first', () => {
    const additional = replyOf(20).answers;
    const cut = fitTo({ ...replyOf(20), additional }, QUESTION, 'UDP', 0);
    expect([cut.answers.length, cut.additional.length]).to.deep.equal([20, 9]);
  });
});
