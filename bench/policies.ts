// All pairs of pods under network policies, against the obvious evaluator on single pairs, and what
// one changed policy costs.

import { CompiledPolicies, readPod, readPolicy } from '../src/node/policy/index';
import { Random } from '../src/kernel/random';
import type { Stream } from '../src/kernel/random';
import { addressAt, cidr } from '../src/values/cidr';
import type { KubeObject } from '../src/values/kube-object';
import { obviouslyAllowed } from '../specs/reference/policy-decision';
import { compare } from './measure';
import type { Measurement } from './measure';

const QUESTION = { protocol: 'TCP', port: 8_080, family: 'IPv4' } as const;

/** Pairs that the slow way is asked about; all of them would take hours. */
const SAMPLE = 200;

/** 20 apps in a namespace of 100 pods, on nodes of 200. */
const APPS = 20;
const TEAMS = 7;

export function policyMeasurements(): Measurement[] {
  return [measure(1_000, 100, 5), measure(10_000, 1_000, 1), measureChange(1_000, 100)];
}

function measure(pods: number, policies: number, rounds: number): Measurement {
  const objects = worldOf(pods, policies);
  return compare({
    name: `policies: all pairs of ${pods} pods × ${policies} policies, from the manifests on`,
    unit: 'pairs',
    yardstick: 'one pair by the obvious evaluator of the specs',
    subject: () => {
      compiled(objects).reachability(QUESTION);
      return pods * pods;
    },
    base: ruleByRule(objects),
    rounds,
  });
}

function measureChange(pods: number, policies: number): Measurement {
  const objects = worldOf(pods, policies);
  const world = compiled(objects);
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
      compiled(objects).reachability(QUESTION);
      return 1;
    },
    rounds: 5,
  });
}

function ruleByRule({ pods, others }: World): () => number {
  return () => {
    for (let index = 0; index < SAMPLE; index++) {
      const from = { pod: pods[(index * 37) % pods.length]! };
      const to = { pod: pods[(index * 61 + 5) % pods.length]! };
      const { protocol, port } = QUESTION;
      obviouslyAllowed(others, { from, to, protocol, port });
    }
    return SAMPLE;
  };
}

/** The manifests, as the API server holds them. */
interface World {
  readonly pods: readonly KubeObject[];
  /** Namespaces and policies. */
  readonly others: readonly KubeObject[];
}

function worldOf(pods: number, policies: number): World {
  const draw = new Random(1).stream('policies');
  const count = Math.max(10, pods / 100);
  const numbers = (length: number) => Array.from({ length }, (_, index) => index);
  return {
    pods: numbers(pods).map((index) => podOf(index, count)),
    others: [
      ...numbers(count).map(namespaceOf),
      ...numbers(policies).map((index) => policyOf(index, count, draw)),
    ],
  };
}

/** From the manifests on: reading them is part of the work. */
function compiled({ pods, others }: World): CompiledPolicies {
  const world = new CompiledPolicies();
  const labels = new Map(
    others
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => [metadata.name, metadata.labels ?? {}]),
  );
  for (const pod of pods) world.setPod(readPod(pod, labels.get(pod.metadata.namespace!)!)!);
  for (const object of others) {
    if (object.kind === 'NetworkPolicy') world.setPolicy(readPolicy(object));
  }
  return world;
}

function namespaceOf(index: number): KubeObject {
  const name = `n${index}`;
  const labels = { 'kubernetes.io/metadata.name': name, team: `t${index % TEAMS}` };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function podOf(index: number, namespaces: number): KubeObject {
  const ip = addressAt(cidr('10.0.0.0/8'), index);
  const ports = [{ name: 'http', protocol: 'TCP', containerPort: QUESTION.port }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `p${index}`,
      namespace: `n${index % namespaces}`,
      labels: { app: `a${Math.floor(index / namespaces) % APPS}` },
    },
    spec: { nodeName: `w${Math.floor(index / 200)}`, containers: [{ name: 'app', ports }] },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
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
