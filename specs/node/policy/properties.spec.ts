// Goal: the rule-by-rule verdict and the compiled rows both say what the obvious twin says, for
// random policies of all kinds; and after any change they say what a fresh compilation says.

import { expect } from 'chai';
import { CompiledPolicies } from '../../../src/node/policy/compile';
import { decide } from '../../../src/node/policy/evaluate';
import type { Party, PolicyFlow } from '../../../src/node/policy/policy';
import { readPod } from '../../../src/node/policy/read-pod';
import { readPolicy } from '../../../src/node/policy/read-policy';
import type { Protocol } from '../../../src/values/flow';
import { ip } from '../../../src/values/ip';
import type { KubeObject } from '../../../src/values/kube-object';
import { keyOf } from '../../../src/values/kube-object';
import { obviouslyAllowed } from '../../reference/policy-decision';
import type { End } from '../../reference/policy-decision';
import { PORTS, randomWorld } from './random-policies';
import type { RandomWorld } from './random-policies';

const OUTSIDE = ['203.0.113.5', '10.244.1.200'];
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

describe('policies: random worlds', () => {
  it('rule by rule and compiled, pods and outsiders fare as with the obvious twin', () => {
    let denied = 0;
    let asked = 0;
    for (let seed = 1; seed <= 25; seed++) {
      const world = randomWorld(seed, 9, 5);
      const objects = [...world.namespaces, ...world.policies];
      const compiled = compile(world);
      for (const { from, to, protocol, port } of flowsOf(world)) {
        const obvious = obviouslyAllowed(objects, { from, to, protocol, port });
        const flow = flowOf(compiled, from, to, protocol, port);
        const text = `seed ${seed}: ${nameOf(from)} to ${nameOf(to)} ${protocol} ${port}`;
        const decisions = decide(compiled.policies(), flow);
        // Plain comparisons: an assertion for each of these many flows takes longer than them.
        if (decisions.every(({ allowed }) => allowed) !== obvious) expect.fail(`rules, ${text}`);
        if ('pod' in from && 'pod' in to) {
          const question = { protocol, port, family: 'IPv4' } as const;
          const verdict = compiled.allows(keyOf(from.pod), keyOf(to.pod), question);
          if (verdict !== obvious) expect.fail(`compiled, ${text}`);
        }
        asked++;
        if (!obvious) denied++;
      }
    }
    // A world in which everything is open or closed would prove little.
    expect(denied).to.be.within(asked / 10, (asked * 9) / 10);
  });

  it('all pairs at once are the pairs one by one', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = randomWorld(seed, 20, 8);
      const compiled = compile(world);
      const question = { protocol: 'TCP', port: 80, family: 'IPv4' } as const;
      const matrix = compiled.reachability(question);
      let pairs = 0;
      for (const from of world.pods.map(keyOf)) {
        for (const to of world.pods.map(keyOf)) {
          const allowed = compiled.allows(from, to, question);
          if (matrix.allows(from, to) !== allowed) expect.fail(`seed ${seed}: ${from} to ${to}`);
          if (allowed) pairs++;
        }
      }
      expect(matrix.allowedPairs).to.equal(pairs);
    }
  });

  it('after changes of pods, namespaces and policies nothing old is left', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const before = randomWorld(seed, 9, 5);
      const after = randomWorld(seed + 1_000, 9, 5);
      const changed = compile(before);
      ask(changed, before);
      for (const policy of before.policies) {
        changed.removePolicy(readPolicy(policy).key);
      }
      ask(changed, before);
      for (const pod of before.pods) changed.removePod(keyOf(pod));
      add(changed, after);
      expect(ask(changed, after), `seed ${seed}`).to.deep.equal(ask(compile(after), after));
    }
  });
});

function compile(world: RandomWorld): CompiledPolicies {
  const compiled = new CompiledPolicies();
  add(compiled, world);
  return compiled;
}

/** Policies between the pods, so that some ranges split classes that are there already. */
function add(compiled: CompiledPolicies, { namespaces, pods, policies }: RandomWorld): void {
  const labelsOf = (pod: KubeObject) =>
    namespaces.find(({ metadata }) => metadata.name === pod.metadata.namespace)!.metadata.labels!;
  const half = pods.length >> 1;
  for (const pod of pods.slice(0, half)) compiled.setPod(readPod(pod, labelsOf(pod))!);
  for (const policy of policies) compiled.setPolicy(readPolicy(policy));
  for (const pod of pods.slice(half)) compiled.setPod(readPod(pod, labelsOf(pod))!);
}

function ask(compiled: CompiledPolicies, { pods }: RandomWorld): readonly boolean[] {
  return pods.flatMap((from) =>
    pods.flatMap((to) =>
      PORTS.map((port) =>
        compiled.allows(keyOf(from), keyOf(to), { protocol: 'TCP', port, family: 'IPv4' }),
      ),
    ),
  );
}

function* flowsOf({ pods }: RandomWorld) {
  const ends: End[] = [...pods.map((pod) => ({ pod })), ...OUTSIDE.map((address) => ({ address }))];
  for (const from of ends) {
    for (const to of ends) {
      if (!('pod' in from) && !('pod' in to)) continue;
      for (const protocol of PROTOCOLS) {
        for (const port of PORTS) yield { from, to, protocol, port };
      }
    }
  }
}

function flowOf(
  compiled: CompiledPolicies,
  from: End,
  to: End,
  protocol: Protocol,
  port: number,
): PolicyFlow {
  const party = (end: End): Party => {
    if ('address' in end) return { address: ip(end.address) };
    const pod = compiled.pod(keyOf(end.pod))!;
    return { address: pod.addresses[0]!, pod };
  };
  return { source: party(from), destination: party(to), protocol, port };
}

function nameOf(end: End): string {
  return 'pod' in end ? keyOf(end.pod) : end.address;
}
