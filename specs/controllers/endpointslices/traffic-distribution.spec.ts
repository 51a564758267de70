// Goal: a Service that prefers near endpoints gets hints for them, each release by its own words.
// Rules: staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go; services.md §1.5.

import { expect } from 'chai';

import type { EndpointHints, SliceEndpoint } from '../../../src/apiserver/kinds/endpointslice';
import type { SliceDraft, SlicePlan } from '../../../src/controllers/endpointslices/slice-draft';
import { hintByDistribution } from '../../../src/controllers/endpointslices/traffic-distribution';
import type { KubeVersion } from '../../../src/values/kube-version';

function endpoint(parts: Partial<SliceEndpoint> = {}): SliceEndpoint {
  const place = { zone: 'a', nodeName: 'worker-1' };
  return { addresses: ['10.0.0.1'], conditions: { ready: true }, ...place, ...parts };
}

function draft(...endpoints: SliceEndpoint[]): SliceDraft {
  return { base: undefined, family: 'IPv4', ports: [], labels: {}, endpoints };
}

function plan(parts: Partial<SlicePlan>): SlicePlan {
  return { create: [], update: [], remove: [], unchanged: [], ...parts };
}

function hints(
  distribution: string | undefined,
  of: SliceEndpoint = endpoint(),
  version = '1.36',
): EndpointHints | undefined {
  const subject = draft(of);
  hintByDistribution(plan({ create: [subject] }), distribution, version as KubeVersion);
  return subject.endpoints[0]!.hints;
}

const CURRENT = '1.36' as KubeVersion;
const ZONE = { forZones: [{ name: 'a' }] };
const NODE = { forNodes: [{ name: 'worker-1' }] };

describe('a Service that prefers', () => {
  it('close endpoints has hints for zones', () => {
    expect(hints('PreferClose')).to.deep.equal(ZONE);
  });

  it('the same zone has them since 1.34, under that name', () => {
    expect(hints('PreferSameZone')).to.deep.equal(ZONE);
    expect(hints('PreferSameZone', endpoint(), '1.33')).to.equal(undefined);
  });

  it('the same node has hints for nodes and zones since 1.34', () => {
    expect(hints('PreferSameNode')).to.deep.equal({ ...ZONE, ...NODE });
    expect(hints('PreferSameNode', endpoint(), '1.33')).to.equal(undefined);
  });

  it('nothing has none, and loses those that it had', () => {
    expect(hints(undefined, endpoint({ hints: ZONE }))).to.equal(undefined);
  });
});

describe('an endpoint has no hint', () => {
  it('for a zone or a node that it is not in', () => {
    const { zone: _zone, ...withoutZone } = endpoint();
    const { nodeName: _node, ...withoutNode } = endpoint();
    expect(hints('PreferClose', withoutZone)).to.equal(undefined);
    expect(hints('PreferSameNode', withoutZone)).to.deep.equal(NODE);
    expect(hints('PreferSameNode', withoutNode)).to.deep.equal(ZONE);
  });

  it('while it is not ready', () => {
    const unready = endpoint({ conditions: { ready: false }, hints: ZONE });
    expect(hints('PreferClose', unready)).to.equal(undefined);
  });
});

describe('a slice that needs no other change', () => {
  it('is written for its hints alone', () => {
    const [right, wrong] = [draft(endpoint({ hints: ZONE })), draft(endpoint())];
    const subject = plan({ unchanged: [right, wrong] });
    hintByDistribution(subject, 'PreferClose', CURRENT);
    expect([subject.unchanged, subject.update]).to.deep.equal([[right], [wrong]]);
    expect(wrong.endpoints[0]!.hints).to.deep.equal(ZONE);
  });

  it('is not written for the hints of an endpoint that is not ready', () => {
    const stale = draft(endpoint({ conditions: { ready: false }, hints: ZONE }));
    const subject = plan({ unchanged: [stale] });
    hintByDistribution(subject, undefined, CURRENT);
    expect(subject.update).to.deep.equal([]);
  });
});
