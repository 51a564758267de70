// Goal: `translate` reads the two tuples of the conntrack entries on a packet's path.

import { expect } from 'chai';
import translate from '../../../src/vocabulary/claims/translate';
import { ip } from '../../../src/values/ip';
import type { FiveTuple } from '../../../src/values/flow';
import type { TranslatedFlow } from '../../../src/values/trace';
import { shop, walk } from '../../runner/fake-cluster';

const ARGS = { from: '10.244.1.3:54321', to: '10.96.0.20:80' };

function tuple(src: string, sport: number | 'any', dst: string, dport: number | 'any'): FiveTuple {
  return { protocol: 'TCP', src: ip(src), sport, dst: ip(dst), dport };
}

/** The entry of tutorial row T8: ClusterIP to a pod on the same node. */
const DNAT: TranslatedFlow = {
  node: 'worker-1',
  original: tuple('10.244.1.3', 54321, '10.96.0.20', 80),
  reply: tuple('10.244.1.5', 8080, '10.244.1.3', 54321),
  unreplied: false,
};
const PLAIN: TranslatedFlow = {
  node: 'worker-2',
  original: tuple('10.244.1.3', 54321, '10.244.2.7', 8080),
  reply: tuple('10.244.2.7', 8080, '10.244.1.3', 54321),
  unreplied: false,
};
const SNAT: TranslatedFlow = { ...DNAT, reply: tuple('10.244.1.5', 8080, '10.244.1.1', 'any') };

function observe(translations: readonly TranslatedFlow[], args: object) {
  const cluster = shop();
  const asked: unknown[] = [];
  cluster.walks = (from, to) => {
    asked.push([from, to.address, cluster.sentWith]);
    return [walk('answered', { more: { translations } })];
  };
  const observation = translate.observe(cluster, { ...ARGS, ...args }, { explain: false });
  return { ...observation, asked };
}

const check = (args: object) => translate.check!({ ...ARGS, ...args }).map(({ path }) => path);

describe('translate', () => {
  it('sends from whoever has the address, with the port that is given', () => {
    const { asked } = observe([DNAT], { dnat: '10.244.1.5:8080' });
    expect(asked).to.deep.equal([[{ pod: 'shop/frontend-a' }, '10.96.0.20', { sport: 54321 }]]);
    const any = observe([DNAT], { from: '192.168.1.12:any', dnat: '10.244.1.5:8080' });
    expect(any.asked).to.deep.equal([[{ node: 'worker-2' }, '10.96.0.20', {}]]);
    const nobody = observe([DNAT], { from: '10.9.9.9:1', dnat: 'none' });
    expect(nobody).to.include({ holds: false, actual: 'nobody has the address 10.9.9.9' });
  });

  it('compares both tuples, ports included unless they are `any`', () => {
    expect(observe([DNAT], { reply: '10.244.1.5:8080 > 10.244.1.3:54321' }).holds).to.equal(true);
    expect(observe([DNAT], { reply: '10.244.1.5:8080 > 10.244.1.3:any' }).holds).to.equal(true);
    expect(observe([DNAT], { reply: '10.244.1.5:8080 > 10.244.1.3:1' }).holds).to.equal(false);
    expect(observe([DNAT], { original: '10.244.1.3:54321 > 10.96.0.20:80' }).holds).to.equal(true);
  });

  it('reads DNAT and SNAT from the difference of the tuples', () => {
    expect(observe([DNAT], { dnat: '10.244.1.5:8080', snat: 'none' }).holds).to.equal(true);
    expect(observe([SNAT], { dnat: '10.244.1.5:8080', snat: '10.244.1.1' }).holds).to.equal(true);
    expect(observe([SNAT], { snat: 'none' }).holds).to.equal(false);
    expect(observe([PLAIN], { dnat: 'none', snat: 'none' }).holds).to.equal(true);
  });

  it('looks on every node of the path, or on the one that is named', () => {
    expect(observe([DNAT, PLAIN], { dnat: 'none' }).holds).to.equal(false);
    expect(observe([DNAT, PLAIN], { dnat: 'none', node: 'worker-2' }).holds).to.equal(true);
    expect(observe([DNAT, PLAIN], { dnat: '10.244.1.5:8080', node: 'worker-2' }).holds).to.equal(
      false,
    );
    const none = observe([PLAIN], { dnat: 'none', node: 'worker-1' });
    expect(none).to.include({ holds: false, actual: 'no entry on worker-1' });
  });

  it('shows the entry that it found', () => {
    expect(observe([PLAIN, DNAT], { dnat: '10.244.1.9:8080' }).actual).to.equal(
      'original 10.244.1.3:54321 → 10.96.0.20:80, ' +
        'reply 10.244.1.5:8080 → 10.244.1.3:54321 on worker-1',
    );
  });

  it('refuses ends that are none', () => {
    expect(check({ dnat: '10.0.0.1', snat: 'none' })).to.deep.equal([]);
    expect(check({ dnat: 'backend' })).to.deep.equal(['/dnat']);
    expect(check({ from: '10.0.0.1', dnat: 'none' })).to.deep.equal(['/from']);
  });
});
