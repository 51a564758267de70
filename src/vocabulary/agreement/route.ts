// A route: whether each node sends what is for a pod, or for a node's pods, to the right machine.

import type { Cluster } from '../../cluster/cluster';
import type { IP } from '../../values/ip';
import { addressAt, cidr } from '../../values/cidr';
import { keyOf } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import type { Trace } from '../../values/trace';
import { podsOfReference, readReference } from '../targets';
import { noAgreement } from './view';
import type { Agreement } from './view';

/** Any port: what listens there is another matter. */
const PORT = 9;

/**
 * One packet is sent from each node. The route is right if the packet gets to the machine that
 * has the address, or is stopped on its way there by something else than a missing route.
 */
export function routeAgreement(
  cluster: Cluster,
  text: string,
  nodes: readonly string[],
): Agreement {
  const goals = goalsOf(cluster, text);
  if (typeof goals === 'string') return noAgreement(goals);
  const truth = goals.map(({ address, owner }) => `${address}@${owner}`).join();
  return {
    truth,
    views: nodes.map((node) => {
      const wrong = goals.find((goal) => !isRight(cluster, node, goal));
      return {
        place: node,
        state: wrong === undefined ? truth : 'elsewhere',
        trouble: wrong === undefined ? '' : `has no route to ${wrong.address} on ${wrong.owner}`,
        agent: `cni@${node}`,
      };
    }),
    objects: goals.map(({ object }) => object),
  };
}

/** An address, the machine that it should lead to, and the object that says so. */
interface Goal {
  readonly address: IP;
  readonly owner: string;
  readonly object: string;
}

function goalsOf(cluster: Cluster, text: string): readonly Goal[] | string {
  const reference = readReference(text);
  return reference.kind === 'Node' ? rangesOf(cluster, reference.name) : podsAt(cluster, text);
}

function rangesOf(cluster: Cluster, node: string): readonly Goal[] | string {
  const object = cluster.api.store.get('Node', node);
  if (object === undefined) return `there is no node ${node}`;
  const pods = [...cluster.api.store.list('Pod')].filter((pod) => runsOn(pod, node));
  const goals = pods.flatMap((pod) => goalOf(pod));
  if (goals.length > 0) return goals;
  // Without any pod the range itself is asked for: plug-ins with ranges of their own have none.
  const { podCIDRs = [] } = (object.spec ?? {}) as { podCIDRs?: readonly string[] };
  if (podCIDRs.length === 0) return `node ${node} has no range of pod addresses`;
  return podCIDRs.map((range) => ({
    address: addressAt(cidr(range), 1),
    owner: node,
    object: `Node/${node}`,
  }));
}

function podsAt(cluster: Cluster, text: string): readonly Goal[] | string {
  const goals = podsOfReference(cluster, readReference(text)).flatMap((key) =>
    goalOf(cluster.api.store.get('Pod', key)!),
  );
  return goals.length > 0 ? goals : `no pod of ${text} has an address`;
}

/** A pod with an address of its own that has not ended. */
function goalOf(pod: KubeObject): readonly Goal[] {
  const { nodeName, hostNetwork } = (pod.spec ?? {}) as PodSpec;
  const { podIP, phase } = (pod.status ?? {}) as { podIP?: IP; phase?: string };
  const isOver = phase === 'Succeeded' || phase === 'Failed' || pod.metadata.deletionTimestamp;
  if (nodeName === undefined || !podIP || hostNetwork === true || isOver) return [];
  return [{ address: podIP, owner: nodeName, object: `Pod/${keyOf(pod)}` }];
}

function runsOn({ spec }: KubeObject, node: string): boolean {
  return ((spec ?? {}) as PodSpec).nodeName === node;
}

interface PodSpec {
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
}

function isRight(cluster: Cluster, node: string, { address, owner }: Goal): boolean {
  const traces = cluster.send({ node }, { address, port: PORT, protocol: 'TCP' });
  return traces.every((trace) => hasArrived(trace, owner));
}

function hasArrived({ disposition, hops }: Trace, owner: string): boolean {
  if (disposition === 'no-route' || disposition === 'lost') return false;
  const isThere = hops.some((hop) => hop.node === owner);
  return isThere || disposition !== 'host-unreachable';
}
