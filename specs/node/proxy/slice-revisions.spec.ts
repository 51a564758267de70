// Goal: a slice that is read from the version before it says what it would say if it were read
// from nothing, and what is the same in both stays the same objects. Method: chains of random
// versions, each read both ways.

import { expect } from 'chai';
import { shareParts } from '../../../src/apiserver/json';
import { Random } from '../../../src/kernel/random';
import { endpointsOfSlice } from '../../../src/node/proxy/endpoints-map';
import { deepFreeze } from '../../../src/values/kube-object';
import type { KubeObject } from '../../../src/values/kube-object';

type Below = (bound: number) => number;

interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: object;
}

const KEY = 'ns/svc:http/TCP';

function slice(
  endpoints: readonly SliceEndpoint[],
  fields: object = {},
  service = 'svc',
): KubeObject {
  const labels = { 'kubernetes.io/service-name': service };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'svc-1', namespace: 'ns', labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints,
    ...fields,
  };
}

/** As the store keeps it: what is the same as in the version before is the same object. */
function stored(object: KubeObject, before?: KubeObject): KubeObject {
  return deepFreeze(before === undefined ? object : shareParts(object, before));
}

function pods(...ready: readonly boolean[]): SliceEndpoint[] {
  return ready.map((it, index) => ({
    addresses: [`10.244.1.${9 + index}`],
    conditions: { ready: it },
  }));
}

/** Some of what can be there: copies of an address, ones that nobody can read, any order. */
function randomEndpoint(below: Below): SliceEndpoint {
  const address = ['10.0.0.', '10.0.0.1', 'fd00::', '10.00.0.'][
    below(20) < 17 ? below(2) : below(4)
  ];
  const conditions = {
    ...(below(3) > 0 && { ready: below(2) > 0 }),
    ...(below(3) === 0 && { terminating: below(2) > 0 }),
  };
  return { addresses: [`${address}${below(9)}`], conditions };
}

function changed(endpoints: readonly SliceEndpoint[], below: Below): SliceEndpoint[] {
  const next = [...endpoints];
  for (let times = below(4); times > 0; times--) {
    const place = below(next.length + 1);
    const known = next[place];
    const change = below(5);
    if (known === undefined || change === 0) next.splice(place, 0, randomEndpoint(below));
    else if (change === 1) next.splice(place, 1);
    else next[place] = { ...known, conditions: randomEndpoint(below).conditions! };
  }
  return next;
}

function randomPorts(below: Below): readonly object[] {
  const http = { name: 'http', port: 8080 };
  const [admin, again] = [
    { name: 'admin', port: 9090 },
    { name: 'http', port: 81 },
  ];
  const all = [[http], [http, admin], [again], [http, again]];
  return all[below(4)]!;
}

describe('an EndpointSlice that is read from the version before it', () => {
  it('says what it would say by itself', () => {
    const random = new Random(11).stream('slices');
    const below: Below = (bound) => random.below(bound);
    for (let chain = 0; chain < 300; chain++) {
      let endpoints = Array.from({ length: below(1 + (chain % 9)) }, () => randomEndpoint(below));
      let ports = randomPorts(below);
      let before: KubeObject | undefined;
      for (let version = 0; version < 12; version++) {
        const service = below(9) === 0 ? 'other' : 'svc';
        const after = stored(slice(endpoints, { ports }, service), before);
        const reading = endpointsOfSlice(after, 'IPv4', before);
        const alone = endpointsOfSlice(structuredClone(after), 'IPv4');
        expect([...reading], `${chain}/${version}`).to.deep.equal([...alone]);
        before = after;
        endpoints = changed(endpoints, below);
        if (below(9) === 0) ports = randomPorts(below);
      }
    }
  });

  it('says so, too, where an address and a port are there twice each', () => {
    const twice = (ready: boolean): SliceEndpoint[] => [...pods(ready), ...pods(true)];
    const ports = [8080, 81].map((port) => ({ name: 'http', port }));
    const before = stored(slice(twice(true), { ports }));
    expect(endpointsOfSlice(before, 'IPv4').get(KEY)).to.have.lengthOf(2);
    const after = stored(slice(twice(false), { ports }), before);
    const alone = endpointsOfSlice(structuredClone(after), 'IPv4');
    expect([...endpointsOfSlice(after, 'IPv4', before)]).to.deep.equal([...alone]);
  });

  it('has the same endpoints but for those that have changed', () => {
    const before = stored(slice(pods(true, true, true)));
    const was = endpointsOfSlice(before, 'IPv4').get(KEY)!;
    const unready = stored(slice(pods(true, false, true)), before);
    const is = endpointsOfSlice(unready, 'IPv4', before).get(KEY)!;
    expect(is.map((it, place) => it === was[place])).to.deep.equal([false, true, true]);
    const fewer = stored(slice(pods(true, false, true).slice(1)), unready);
    const left = endpointsOfSlice(fewer, 'IPv4', unready).get(KEY)!;
    expect(left).to.deep.equal(is.slice(0, 2));
    left.forEach((endpoint, place) => expect(endpoint).to.equal(is[place]));
  });

  it('is one reading with an earlier version that said the same, in each run from there', () => {
    const origin = stored(slice(pods(true, true)));
    const first = endpointsOfSlice(origin, 'IPv4');
    const runs = [0, 1].map(() => {
      const unready = stored(slice(pods(false, true)), origin);
      const ready = stored(slice(pods(true, true)), unready);
      const readings = [
        endpointsOfSlice(unready, 'IPv4', origin),
        endpointsOfSlice(ready, 'IPv4', unready),
      ];
      return readings;
    });
    expect(runs[0]![0]).not.to.equal(first);
    expect(runs[0]![1]).to.equal(first);
    expect(runs[1]![0]).to.equal(runs[0]![0]);
    expect(runs[1]![1]).to.equal(first);
  });
});
