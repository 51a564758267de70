// All pairs of pods under network policies, against the rule-by-rule verdict on single pairs, and
// what one changed policy costs.

import { CompiledPolicies, decide, readPolicy } from '../src/node/policy/index';
import type { PolicyPod } from '../src/node/policy/index';
import { Random } from '../src/kernel/random';
import type { Stream } from '../src/kernel/random';
import { addressAt, cidr } from '../src/values/cidr';
import type { KubeObject } from '../src/values/kube-object';
import { compare } from './measure';
import type { Measurement } from './measure';

const QUESTION = { protocol: 'TCP', port: 8_080, family: 'IPv4' } as const;

/** Pairs that the slow way is asked about; all of them would take minutes. */
const SAMPLE = 200;

/** 20 apps in a namespace of 100 pods, on nodes of 200. */
const APPS = 20;
const TEAMS = 7;

export function policyMeasurements(): Measurement[] {
  return [measure(1_000, 100, 5), measure(10_000, 1_000, 1), measureChange(1_000, 100)];
}

function measure(pods: number, policies: number, rounds: number): Measurement {
  return compare({
    name: `policies: all pairs of ${pods} pods × ${policies} policies, from the manifests on`,
    unit: 'pairs',
    yardstick: 'one pair rule by rule',
    subject: () => {
      worldOf(pods, policies).reachability(QUESTION);
      return pods * pods;
    },
    base: ruleByRule(worldOf(pods, policies)),
    rounds,
  });
}

function measureChange(pods: number, policies: number): Measurement {
  const world = worldOf(pods, policies);
  const draw = new Random(2).stream('change');
  world.reachability(QUESTION);
  return compare({
    name: `policies: one changed of ${policies}, all pairs of ${pods} pods again`,
    unit: 'changes',
    yardstick: 'all pairs from the manifests on',
    subject: () => {
      world.setPolicy(readPolicy(policyOf(0, 10, draw)));
      world.reachability(QUESTION);
      return 1;
    },
    base: () => {
      worldOf(pods, policies).reachability(QUESTION);
      return 1;
    },
    rounds: 5,
  });
}

function ruleByRule(world: CompiledPolicies): () => number {
  const pods = world.pods();
  const policies = world.policies();
  return () => {
    for (let index = 0; index < SAMPLE; index++) {
      const source = pods[(index * 37) % pods.length]!;
      const destination = pods[(index * 61 + 5) % pods.length]!;
      decide(policies, {
        source: { address: source.addresses[0]!, pod: source },
        destination: { address: destination.addresses[0]!, pod: destination },
        protocol: QUESTION.protocol,
        port: QUESTION.port,
      });
    }
    return SAMPLE;
  };
}

function worldOf(pods: number, policies: number): CompiledPolicies {
  const draw = new Random(1).stream('policies');
  const namespaces = Math.max(10, pods / 100);
  const world = new CompiledPolicies();
  for (let index = 0; index < pods; index++) world.setPod(podOf(index, namespaces));
  for (let index = 0; index < policies; index++) {
    world.setPolicy(readPolicy(policyOf(index, namespaces, draw)));
  }
  return world;
}

function podOf(index: number, namespaces: number): PolicyPod {
  const space = index % namespaces;
  const namespace = `n${space}`;
  const app = `a${Math.floor(index / namespaces) % APPS}`;
  return {
    key: `${namespace}/p${index}`,
    namespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace, team: `t${space % TEAMS}` },
    labels: { app },
    addresses: [addressAt(cidr('10.0.0.0/8'), index)],
    node: `w${Math.floor(index / 200)}`,
    ports: [{ name: 'http', protocol: 'TCP', port: 8_080 }],
  };
}

function policyOf(index: number, namespaces: number, draw: Stream): KubeObject {
  const app = () => ({ matchLabels: { app: `a${draw.below(APPS)}` } });
  const peer = () => {
    if (draw.below(10) === 0) return { ipBlock: { cidr: `10.0.${draw.below(40)}.0/24` } };
    if (draw.below(2) === 0) return { podSelector: app() };
    const namespaceSelector = { matchLabels: { team: `t${draw.below(TEAMS)}` } };
    return { namespaceSelector, podSelector: app() };
  };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `p${index}`, namespace: `n${draw.below(namespaces)}` },
    spec: {
      podSelector: draw.below(4) === 0 ? {} : app(),
      policyTypes: draw.below(2) === 0 ? ['Ingress'] : ['Ingress', 'Egress'],
      ingress: [{ from: [peer(), peer()], ports: [{ protocol: 'TCP', port: 'http' }] }],
      egress: [{ to: [peer(), peer()] }],
    },
  };
}
