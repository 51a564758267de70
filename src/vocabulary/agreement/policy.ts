// A network policy: whether each node's agent enforces what the API holds.

import type { Cluster } from '../../cluster/cluster';
import { didYouMean } from '../../language/did-you-mean';
import { keyOf } from '../../values/kube-object';
import { readReference } from '../targets';
import { noAgreement } from './view';
import type { Agreement } from './view';

/**
 * A node agrees when its agent has applied everything that it has to enforce, this policy
 * included: agents apply what they have seen as a whole.
 */
export function policyAgreement(
  cluster: Cluster,
  text: string,
  nodes: readonly string[],
): Agreement {
  const { kind = 'NetworkPolicy', name, namespace = 'default' } = readReference(text);
  const key = `${namespace}/${name}`;
  const subject = `${kind}/${key}`;
  const agent = cluster.policyAgent;
  if (agent === undefined) {
    return noAgreement(`the network plug-in ${cluster.spec.cni.name} enforces no policies`);
  }
  const policy = cluster.api.store.get(kind, key);
  if (policy === undefined && !wasThere(cluster, kind, key)) {
    const keys = [...cluster.api.store.list(kind)].map(keyOf);
    const hint = didYouMean(key, keys);
    return noAgreement(`there is no ${kind} ${key}${hint === undefined ? '' : `; ${hint}`}`);
  }
  const version = policy?.metadata.resourceVersion ?? 'gone';
  return {
    truth: version,
    views: nodes.map((node) => {
      const isCurrent = cluster.enforces(node);
      return {
        place: node,
        state: isCurrent ? version : 'behind',
        trouble: isCurrent ? '' : 'enforces the policies as they were before',
        agent: `${agent}@${node}`,
      };
    }),
    objects: [subject],
  };
}

/** A policy that is gone has to be forgotten; one that never was is a slip of the scenario. */
function wasThere({ api }: Cluster, kind: string, key: string): boolean {
  return api.store.version(kind, key) !== undefined;
}
