// The processes that make a cluster work: who they are, and by which name everybody knows them.

/** Components by the names under which a scenario finds them, sorted. */
export const COMPONENT_NAMES = [
  'apiserver',
  'cni',
  'controller-manager',
  'coredns',
  'etcd',
  'kube-proxy',
  'kubelet',
  'runtime',
  'scheduler',
] as const;

/** One process of the cluster. */
export interface Component {
  /** `kube-proxy`, or one controller: `controller-manager/endpointslice`. */
  readonly name: string;
  /** The node that it runs on; absent on the host of the control plane that is no node. */
  readonly node?: string;
  /**
   * The name by which the journal, its informers and its API requests know it:
   * `kube-proxy@worker-1`, `controller-manager/endpointslice`.
   */
  readonly actor: string;
  /** Whether it holds the lease that its like compete for; absent where there is none. */
  readonly leads?: () => boolean;
}

/** Who acts in the process of a container, for whoever stops it: `process@shop/web-x7k/app`. */
export function processOwner(pod: string, container: string): string {
  return `process@${pod}/${container}`;
}
