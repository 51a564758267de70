// Goal: states of Services that say the same are one input, and so one ruleset, in one run and in
// each fork of it, and no two states that differ are. Method: states made for the purpose, and two
// forks in which the same happens under different seeds.

import { expect } from 'chai';
import { createCluster } from '../../../src/cluster/create-cluster';
import type { Endpoint, ProxyInput, ServicePort } from '../../../src/node/proxy/proxy-mode';
import { inputAfter, sharedInput } from '../../../src/node/proxy/shared-inputs';
import type { IP } from '../../../src/values/ip';
import { OverlayMap } from '../../../src/values/overlay-map';
import { later, seconds, START } from '../../../src/values/time';
import { FRONTEND, planOf, serviceOf } from '../../../bench/scenario';

const PLAN = planOf(`
scenario: forks
cluster: {nodes: 2}
expect: [{at: 1s, reach: {from: frontend, to: web:80}}]
---
${FRONTEND}
---
${serviceOf('web', 3)}
`);

function endpoint(ip: string, ready = true): Endpoint {
  const conditions = { ready, serving: ready, terminating: false };
  return { ip: ip as IP, port: 80, ...conditions, nodeName: 'a', zoneHints: [], nodeHints: [] };
}

function states(lists: Readonly<Record<string, readonly Endpoint[]>>): ProxyInput['endpoints'] {
  return OverlayMap.of(new Map(Object.entries(lists)));
}

describe('inputs of kube-proxy', () => {
  const one = endpoint('10.0.0.1');
  const two = endpoint('10.0.0.2');
  const services = (): ProxyInput['servicePorts'] => new Map<string, ServicePort>();

  it('are one object where they say the same, whoever has said it', () => {
    const of = services();
    const input = sharedInput(of, states({ a: [one], b: [two] }), ['a']);
    const again = states({ b: [endpoint('10.0.0.2')], a: [endpoint('10.0.0.1')] });
    expect(sharedInput(of, again, ['b'])).to.equal(input);
    expect(Object.isFrozen(input)).to.equal(true);
  });

  it('are others where anything of them differs', () => {
    const of = services();
    const input = sharedInput(of, states({ a: [one], b: [two] }), ['a']);
    const others = [
      states({ a: [one], b: [endpoint('10.0.0.2', false)] }),
      states({ a: [one], b: [one] }),
      states({ a: [one], b: [two, one] }),
      states({ a: [one] }),
      states({ a: [one], c: [two] }),
      states({ a: [one], b: [two], c: [] }),
    ];
    // Also where the one that changed is not the one that differs.
    for (const other of others) expect(sharedInput(of, other, ['a']).endpoints).to.equal(other);
    expect(sharedInput(services(), states({ a: [one], b: [two] }), [])).not.to.equal(input);
  });

  it('of very many Services are not compared', () => {
    const of = services();
    const many = () => states(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, [one]])));
    expect(sharedInput(of, many(), [])).not.to.equal(sharedInput(of, many(), []));
  });

  it('are forgotten where there are more of them than come back', () => {
    const of = services();
    const state = (index: number) => states({ a: [endpoint(`10.0.1.${index}`)] });
    const first = sharedInput(of, state(0), ['a']);
    for (let index = 1; index < 32; index++) sharedInput(of, state(index), ['a']);
    expect(sharedInput(of, state(0), ['a'])).to.equal(first);
    sharedInput(of, state(32), ['a']);
    expect(sharedInput(of, state(0), ['a'])).not.to.equal(first);
  });

  it('become one and the same by the same change, and another one by any other', () => {
    const of = services();
    const input = sharedInput(of, states({ a: [one], b: [two] }), []);
    const list = [endpoint('10.0.0.1', false)];
    const change = (key: string, to: readonly Endpoint[] | undefined) =>
      inputAfter(input, of, new Map([[key, to]]));
    const after = change('a', list);
    expect([...after.endpoints]).to.deep.equal([...states({ a: list, b: [two] })]);
    expect(change('a', list)).to.equal(after);
    expect(change('a', [endpoint('10.0.0.1', false)]), 'said anew').to.equal(after);
    expect([...change('b', list).endpoints]).to.deep.equal([...states({ a: [one], b: list })]);
    expect([...change('a', [two]).endpoints]).to.deep.equal([...states({ a: [two], b: [two] })]);
    expect([...change('a', undefined).endpoints]).to.deep.equal([...states({ b: [two] })]);
    expect(inputAfter(after, of, new Map([['a', [one]]])), 'and back').to.equal(input);
    expect(inputAfter(input, of, new Map())).to.equal(input);
    const others = services();
    expect(inputAfter(input, others, new Map()).servicePorts).to.equal(others);
  });

  it('give forks one ruleset for a state that both have come to', () => {
    const origin = createCluster(PLAN.cluster, { seed: 1 });
    const rulesets = [2, 3].map((seed) => {
      const fork = origin.fork({ seed });
      const [pod] = fork.podsOf('Deployment', 'default/web');
      const settled = fork.machines.get('worker-1')!.proxyRules.get('IPv4')!;
      fork.handles.crashPod(pod!, { exitCode: 1, restart: false });
      fork.kernel.runUntil(later(START, seconds(20)));
      const crashed = fork.machines.get('worker-1')!.proxyRules.get('IPv4')!;
      expect(crashed).not.to.equal(settled);
      fork.handles.allowRestart(pod!);
      fork.kernel.runUntil(later(START, seconds(120)));
      return [settled, crashed, fork.machines.get('worker-1')!.proxyRules.get('IPv4')!];
    });
    const [one, other] = rulesets.map((all) => all.map((it) => all.indexOf(it)));
    expect(one, 'all is as it was in the end').to.deep.equal([0, 1, 0]);
    expect(other).to.deep.equal(one);
    rulesets[0]!.forEach((ruleset, index) => expect(rulesets[1]![index]).to.equal(ruleset));
  });
});
