// Goal: a DNS server whose question can go more ways than can be followed is told as such, to
// whoever asks the server by itself.

import { expect } from 'chai';
import { answersOf } from '../../../src/cluster/lookups/dns-answers';
import { ratio } from '../../../src/values/ratio';
import { emptyReply } from '../../../src/workloads/dns-message';
import { coursesOf } from '../../../src/workloads/index';
import type { DnsServers } from '../../../src/workloads/index';

const HALF = ratio(1, 2);
const COIN = [
  { probability: HALF, value: true },
  { probability: HALF, value: false },
];

/** What servers say that answer so. */
function answersBy(answer: DnsServers['answer']) {
  const servers = { answer } as Partial<DnsServers> as DnsServers;
  return answersOf(servers, 'kube-system/coredns-1', 'web.shop.svc.cluster.local', ['IPv4']);
}

describe('what a DNS server would answer', () => {
  it('is not known where there are too many ways, and that is no failure', () => {
    // 2 to the power of 15 courses.
    const answers = answersBy(() =>
      coursesOf((choose) => {
        for (let toss = 0; toss < 15; toss++) choose(COIN);
        return emptyReply('NXDOMAIN');
      }),
    );
    expect(answers).to.equal('its question can go too many ways to be followed to their ends');
  });

  it('is nothing where no server runs', () => {
    expect(answersBy(() => undefined)).to.equal(undefined);
  });

  it('fails where anything else goes wrong', () => {
    const fail = (): never => {
      throw new RangeError('something else');
    };
    expect(() => answersBy(fail)).to.throw('something else');
  });
});
