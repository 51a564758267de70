// Questions about network policies: who gets through, what a selector matches, and what the API
// server makes of a policy.

import { definitionOf } from '../../src/apiserver/kinds/index';
import { CompiledPolicies } from '../../src/node/policy/compile';
import { decide } from '../../src/node/policy/evaluate';
import { explainDenial } from '../../src/node/policy/explain';
import type { Decision } from '../../src/node/policy/evaluate';
import type { Party, PolicyFlow } from '../../src/node/policy/policy';
import { readPod } from '../../src/node/policy/read-pod';
import { POLICY_KINDS, readPolicy } from '../../src/node/policy/read-policy';
import type { Protocol } from '../../src/values/flow';
import { familyOf, ip } from '../../src/values/ip';
import type { KubeObject } from '../../src/values/kube-object';
import type { Labels, LabelSelector } from '../../src/values/labels';
import { matchesSelector } from '../../src/values/labels';
import { admit } from './admission';
import { kindOf } from './vector-file';
import type { Answer, Question } from './vector-file';

/** Answers a question of domain netpol. */
export function answerNetpol(question: Question): Answer {
  const { ask } = question;
  if ('admit' in ask) return admit(question);
  if ('selector' in ask) {
    const { selector, labels } = ask as { selector: LabelSelector; labels: Labels };
    return { is: { match: matchesSelector(labels, selector) } };
  }
  kindOf(question, ['admit', 'selector', 'src']);
  return verdict(question);
}

/** The rule by rule verdict and the compiled one; where they differ, both are shown. */
function verdict(question: Question): Answer {
  const { src, dst, port, seenAs } = question.ask as Readonly<Record<string, string>>;
  const [protocol, number] = port!.split('/') as [Protocol, string];
  const world = worldOf(question.objects);
  const destination = partyOf(question, world, dst!);
  const source = partyOf(question, world, seenAs ?? src!, familyOf(destination.address));
  const flow = { source, destination, protocol, port: Number(number) };
  const decisions = decide(world.policies(), flow);
  const allow = decisions.every(({ allowed }) => allowed);
  const why = decisions.map((decision) => sentence(decision, flow));
  if (source.pod === undefined || destination.pod === undefined) return { is: { allow }, why };
  const asked = { protocol, port: flow.port, family: familyOf(destination.address) };
  const compiled = world.allows(source.pod.key, destination.pod.key, asked);
  return { is: compiled === allow ? { allow } : { allow, compiled }, why };
}

function sentence(decision: Decision, flow: PolicyFlow): string {
  if (!decision.allowed) return explainDenial(decision, flow, (key) => key);
  return `${decision.direction} is open: ${decision.by.is}`;
}

const worlds = new WeakMap<readonly KubeObject[], CompiledPolicies>();

/** The objects as the API server would hold them. */
function worldOf(objects: readonly KubeObject[]): CompiledPolicies {
  const known = worlds.get(objects);
  if (known !== undefined) return known;
  const world = new CompiledPolicies();
  const stored = objects.map((it) => definitionOf(it.apiVersion, it.kind)?.defaults(it) ?? it);
  const namespaces = new Map(
    stored.filter(({ kind }) => kind === 'Namespace').map((it) => [it.metadata.name, it]),
  );
  for (const object of stored) {
    if ((POLICY_KINDS as readonly string[]).includes(object.kind)) {
      world.setPolicy(readPolicy(object));
    } else if (object.kind === 'Pod') {
      const { labels = {} } = namespaces.get(object.metadata.namespace!)?.metadata ?? {};
      const pod = readPod(object, labels);
      if (pod !== undefined) world.setPod(pod);
    }
  }
  worlds.set(objects, world);
  return world;
}

/** `x/a`, `node/node1` or `ext/internet`; a pod of the host network is its node. */
function partyOf(
  { cluster, objects }: Question,
  world: CompiledPolicies,
  text: string,
  family?: string,
): Party {
  const [kind, name] = text.split('/') as [string, string];
  if (kind === 'ext') {
    const externals = cluster['externals'] as Readonly<Record<string, string>>;
    return { address: ip(externals[name]!) };
  }
  if (kind === 'node') return nodeParty(cluster, objects, name, family);
  const pod = world.pod(text);
  if (pod !== undefined) {
    const address = pod.addresses.find((it) => familyOf(it) === family) ?? pod.addresses[0]!;
    return { address, pod };
  }
  const object = objects.find(
    ({ kind: it, metadata }) =>
      it === 'Pod' && metadata.namespace === kind && metadata.name === name,
  );
  if (object === undefined) throw new Error(`no pod ${text}`);
  const { nodeName } = object.spec as { nodeName: string };
  return nodeParty(cluster, objects, nodeName, family);
}

function nodeParty(
  { nodes = [] }: Question['cluster'],
  objects: readonly KubeObject[],
  name: string,
  family: string | undefined,
): Party {
  const addresses = nodes.find((node) => node.name === name)!.ips.map(ip);
  const address = addresses.find((it) => familyOf(it) === family) ?? addresses[0]!;
  const object = objects.find((it) => it.kind === 'Node' && it.metadata.name === name);
  return { address, node: { name, labels: object?.metadata.labels ?? {} } };
}
