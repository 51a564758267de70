// Goal: hints by CPU send each zone its share of a Service, and are taken away where that cannot
// be done fairly. Rules and facts: staging/src/k8s.io/endpointslice/topologycache
// (topologycache.go, sliceinfo.go; the rows are those of TestAddHints and TestSetNodes).

import { expect } from 'chai';

import type { SliceEndpoint } from '../../../src/apiserver/kinds/endpointslice';
import type { Node } from '../../../src/apiserver/kinds/node';
import type { SliceDraft, SlicePlan } from '../../../src/controllers/endpointslices/slice-draft';
import { cpuShares, hintByCpu } from '../../../src/controllers/endpointslices/topology-aware-hints';

function node(zone: string | undefined, cpu: string | undefined, parts: object = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', labels: zone ? { 'topology.kubernetes.io/zone': zone } : {}, ...parts },
    status: {
      ...(cpu !== undefined && { allocatable: { cpu } }),
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

function endpoint(zone: string | undefined, parts: object = {}): SliceEndpoint {
  const place = zone === undefined ? {} : { zone };
  return { addresses: ['10.0.0.1'], conditions: { ready: true }, ...place, ...parts };
}

function hinted(zone: string, to = zone): SliceEndpoint {
  return endpoint(zone, { hints: { forZones: [{ name: to }] } });
}

function draft(...endpoints: SliceEndpoint[]): SliceDraft {
  return { base: undefined, family: 'IPv4', ports: [], labels: {}, endpoints };
}

function plan(parts: Partial<SlicePlan>): SlicePlan {
  return { create: [], update: [], remove: [], unchanged: [], ...parts };
}

function hintsOf({ endpoints }: SliceDraft): (string | undefined)[] {
  return endpoints.map(({ hints }) => hints?.forZones?.map(({ name }) => name).join('+'));
}

function shares(...given: readonly number[]): ReadonlyMap<string, number> {
  return new Map(given.map((share, index) => ['abc'[index]!, share]));
}

describe('the shares of CPU', () => {
  it('are those of the ready workers, by zone', () => {
    const nodes = [
      node('b', '3'),
      node('a', '500m'),
      node('a', '0.5'),
      node('c', '64', { labels: { 'node-role.kubernetes.io/control-plane': '' } }),
      node('c', '64', { labels: { 'node-role.kubernetes.io/master': '' } }),
      { ...node('c', '64'), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } },
    ];
    expect([...cpuShares(nodes as Node[])!]).to.deep.equal([
      ['a', 0.25],
      ['b', 0.75],
    ]);
  });

  it('cannot be told where a node has no zone, or no CPU that can be read', () => {
    expect(cpuShares([node('a', '1'), node(undefined, '1')])).to.equal(undefined);
    expect(cpuShares([node('a', '1'), node('b', undefined)])).to.equal(undefined);
    expect(cpuShares([node('a', '1'), node('b', 'many')])).to.equal(undefined);
  });
});

describe('hints by CPU', () => {
  it('send each zone to its own endpoints where these are enough', () => {
    const subject = draft(endpoint('a'), endpoint('b'));
    expect(hintByCpu(plan({ create: [subject] }), shares(0.45, 0.55))).to.equal(undefined);
    expect(hintsOf(subject)).to.deep.equal(['a', 'b']);
  });

  it('are none for endpoints that are not ready, or do not say so', () => {
    const unready = endpoint('b', { conditions: { ready: false } });
    const subject = draft(endpoint('a'), endpoint('b'), unready, endpoint('b', { conditions: {} }));
    hintByCpu(plan({ create: [subject] }), shares(0.45, 0.55));
    expect(hintsOf(subject)).to.deep.equal(['a', 'b', undefined, undefined]);
  });

  it('lend an endpoint of a rich zone to a poor one', () => {
    const create = [
      draft(endpoint('a'), endpoint('b')),
      draft(endpoint('c'), endpoint('c'), endpoint('a')),
    ];
    const update = [
      draft(endpoint('a'), endpoint('a')),
      draft(endpoint('b'), endpoint('c'), endpoint('a')),
    ];
    expect(hintByCpu(plan({ create, update }), shares(0.35, 0.35, 0.3))).to.equal(undefined);
    expect(create.map(hintsOf)).to.deep.equal([
      ['b', 'b'],
      ['c', 'c', 'a'],
    ]);
    expect(update.map(hintsOf)).to.deep.equal([
      ['a', 'a'],
      ['b', 'c', 'a'],
    ]);
  });

  it('of slices that stand are kept while no zone gets too much', () => {
    const kept = draft(hinted('a'), hinted('b'));
    const subject = plan({ create: [draft(endpoint('a'), endpoint('b'))], unchanged: [kept] });
    expect(hintByCpu(subject, shares(0.5, 0.5))).to.equal(undefined);
    expect([subject.unchanged, subject.update]).to.deep.equal([[kept], []]);
  });

  it('of slices that stand are written anew where a zone gets too much, or is gone', () => {
    const stale = [
      draft(hinted('a'), hinted('b', 'a'), hinted('b', 'a'), hinted('b', 'a')),
      draft(hinted('b', 'gone')),
      draft(endpoint('a')),
    ];
    const subject = plan({ unchanged: [...stale] });
    expect(hintByCpu(subject, shares(0.5, 0.5))).to.equal(undefined);
    expect([subject.unchanged, subject.update]).to.deep.equal([[], stale]);
    expect(stale.map(hintsOf)).to.deep.equal([['a', 'a', 'b', 'b'], ['b'], ['a']]);
  });
});

describe('there are no hints by CPU', () => {
  const one = () => plan({ create: [draft(endpoint('a'), endpoint('b'))] });

  it('where the shares cannot be told', () => {
    const reason = 'allocatable CPU or zone not specified on one or more nodes';
    expect(hintByCpu(one(), undefined)).to.equal(reason);
    expect(hintByCpu(one(), shares())).to.equal(reason);
  });

  it('where there is one zone', () => {
    expect(hintByCpu(one(), shares(1))).to.equal('nodes only ready in one zone');
  });

  it('where there are fewer endpoints than zones', () => {
    expect(hintByCpu(one(), shares(0.3, 0.4, 0.3))).to.equal('insufficient number of endpoints');
  });

  it('where some zone would have to bear more than a fifth beyond its share', () => {
    expect(hintByCpu(one(), shares(0.9, 0.1))).to.equal(
      'not enough endpoints for each zone without exceeding the overload threshold',
    );
  });

  it('where an endpoint has no zone', () => {
    const subject = plan({ create: [draft(endpoint('a'), endpoint(undefined))] });
    expect(hintByCpu(subject, shares(0.5, 0.5))).to.equal(
      'one or more endpoints do not have a zone specified',
    );
  });
});
