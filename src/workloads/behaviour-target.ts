// Which declared behaviours of a scenario mean a container.

import type { Container, Pod } from '../apiserver/kinds/pod';
import type { BehaviourSpec } from '../values/cluster-spec';
import { matchesImage } from '../values/image-pattern';
import type { KubeObject, OwnerReference } from '../values/kube-object';

/** What is declared for this container, the most specific declaration of each field. */
export function declarationsFor(
  pod: Pod,
  container: Container,
  declared: readonly BehaviourSpec[],
): Partial<BehaviourSpec> {
  if (declared.length === 0) return NOTHING;
  const matching = declared
    .map((spec, index) => ({ spec, index, rank: rankOf(spec.target, pod, container) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => a.rank - b.rank || a.index - b.index);
  return Object.assign({}, ...matching.map(({ spec }) => spec)) as Partial<BehaviourSpec>;
}

const NOTHING: Partial<BehaviourSpec> = Object.freeze({});

export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The object that a person would call the pod's workload: `Deployment/shop/backend`. */
export function workloadOf(pod: KubeObject): ObjectName {
  const { name, namespace = '' } = pod.metadata;
  const owner = controllerOf(pod);
  if (owner === undefined) return { kind: 'Pod', namespace, name };
  return deploymentOf(pod, owner) ?? { kind: owner.kind, namespace, name: owner.name };
}

/** 0 where the target means something else; the higher, the more specific. */
function rankOf(target: string, pod: Pod, container: Container): number {
  const [kind = '', ...rest] = target.split('/');
  if (kind === 'image') return matchesImage(rest.join('/'), container.image ?? '') ? 1 : 0;
  const [namespace, name, onlyContainer] = rest;
  if (onlyContainer !== undefined && onlyContainer !== container.name) return 0;
  const level = ownersOf(pod).findIndex((owner) => {
    const isNamed = owner.namespace === namespace && owner.name === name;
    return isNamed && owner.kind.toLowerCase() === kind;
  });
  if (level < 0) return 0;
  // The pod itself is at level 0 and outranks its owners; naming the container outranks both.
  return (level === 0 ? 4 : 2) + (onlyContainer === undefined ? 0 : 4);
}

/** The pod, its controller, and the controller of that one as far as names show it. */
function ownersOf(pod: KubeObject): readonly ObjectName[] {
  const { name, namespace = '' } = pod.metadata;
  const chain = [{ kind: 'Pod', namespace, name }];
  const owner = controllerOf(pod);
  if (owner === undefined) return chain;
  chain.push({ kind: owner.kind, namespace, name: owner.name });
  const deployment = deploymentOf(pod, owner);
  if (deployment !== undefined) chain.push(deployment);
  return chain;
}

function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  const { ownerReferences } = metadata;
  return ownerReferences?.find(({ controller }) => controller === true) ?? ownerReferences?.[0];
}

/** A replica set is named after its Deployment, and after what distinguishes its template. */
function deploymentOf({ metadata }: KubeObject, owner: OwnerReference): ObjectName | undefined {
  const hash = metadata.labels?.['pod-template-hash'];
  if (owner.kind !== 'ReplicaSet' || hash === undefined) return undefined;
  if (!owner.name.endsWith(`-${hash}`)) return undefined;
  const { namespace = '' } = metadata;
  return { kind: 'Deployment', namespace, name: owner.name.slice(0, -hash.length - 1) };
}
