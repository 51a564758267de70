// Goal: the small words of the model: versions, order, objects, flows, dispositions.

import { expect } from 'chai';
import { DISPOSITIONS, outcomeOf } from '../../src/values/disposition';
import type { Disposition } from '../../src/values/disposition';
import { ANY_PORT, formatTuple, reversed, tupleKey } from '../../src/values/flow';
import type { FiveTuple } from '../../src/values/flow';
import { ip } from '../../src/values/ip';
import { deepFreeze, keyOf, nameOf, splitKey } from '../../src/values/kube-object';
import { isAtLeast, isModelledVersion, NEWEST_VERSION } from '../../src/values/kube-version';
import type { KubeVersion } from '../../src/values/kube-version';
import { compareText, sortedBy, sortedKeys } from '../../src/values/order';

describe('a Kubernetes version', () => {
  it('compares by number: 1.9 is older than 1.30', () => {
    expect(isAtLeast('1.9' as KubeVersion, '1.30')).to.equal(false);
    expect(isAtLeast('1.30' as KubeVersion, '1.9')).to.equal(true);
    expect(isAtLeast('1.30' as KubeVersion, '1.30')).to.equal(true);
  });

  it('is modelled or not', () => {
    expect(isModelledVersion(NEWEST_VERSION)).to.equal(true);
    expect(isModelledVersion('1.3')).to.equal(false);
  });
});

describe('order', () => {
  it('is that of code units, in every locale', () => {
    expect(['z', 'ä', 'a', 'Z'].sort(compareText)).to.deep.equal(['Z', 'a', 'z', 'ä']);
  });

  it('does not move whole-number keys to the front, as JavaScript does', () => {
    expect(sortedKeys({ b: 1, 10: 1, 2: 1 })).to.deep.equal(['10', '2', 'b']);
  });

  it('leaves its input alone', () => {
    const items = [{ name: 'b' }, { name: 'a' }];
    expect(sortedBy(items, ({ name }) => name).map(({ name }) => name)).to.deep.equal(['a', 'b']);
    expect(items[0]!.name).to.equal('b');
  });
});

describe('an object', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name: 'cart-0' } };
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-1' } };

  it('has a key, with its namespace where it has one', () => {
    expect([keyOf(pod), keyOf(node)]).to.deep.equal(['shop/cart-0', 'worker-1']);
    expect(nameOf(pod)).to.equal('Pod/shop/cart-0');
    expect(splitKey('shop/cart-0')).to.deep.equal({ namespace: 'shop', name: 'cart-0' });
    expect(splitKey('worker-1')).to.deep.equal({ namespace: '', name: 'worker-1' });
  });

  it('is frozen to its last part', () => {
    const object = deepFreeze({ spec: { ports: [{ port: 80 }] } });
    expect(() => {
      object.spec.ports[0]!.port = 81;
    }).to.throw(TypeError);
  });
});

describe('a flow', () => {
  const tuple: FiveTuple = {
    protocol: 'TCP',
    src: ip('10.244.1.3'),
    sport: 54_321,
    dst: ip('10.96.0.20'),
    dport: 80,
  };

  it('reads as it is written', () => {
    expect(formatTuple(tuple)).to.equal('10.244.1.3:54321 → 10.96.0.20:80');
    expect(formatTuple({ ...tuple, sport: ANY_PORT })).to.contain('10.244.1.3:any');
  });

  it('turns round, and twice round is the same', () => {
    expect(formatTuple(reversed(tuple))).to.equal('10.96.0.20:80 → 10.244.1.3:54321');
    expect(tupleKey(reversed(reversed(tuple)))).to.equal(tupleKey(tuple));
    expect(tupleKey(reversed(tuple))).not.to.equal(tupleKey(tuple));
    expect(tupleKey({ ...tuple, protocol: 'UDP' })).not.to.equal(tupleKey(tuple));
  });
});

describe('a disposition', () => {
  it('has an outcome, save the one that is no answer at all', () => {
    const names = Object.keys(DISPOSITIONS) as Disposition[];
    const without = names.filter((name) => outcomeOf(name) === undefined);
    expect(without).to.deep.equal(['not-modelled']);
    expect(names.filter((name) => outcomeOf(name) === 'ok')).to.deep.equal(['answered']);
  });
});
