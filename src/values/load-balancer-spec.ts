// What gives Services of type LoadBalancer their address, and takes traffic from outside to the
// nodes: plain data out of a scenario's `cluster.loadBalancer`.

/** A load balancer of a cloud provider. */
export interface CloudSpec {
  /**
   * How its packets reach the nodes. `node-port`: with the node's address and the node port, the
   * client's source kept. `pass-through`: with the external address. `proxy`: as connections of
   * its own; its addresses carry `ipMode: Proxy`, so that kube-proxy leaves them alone.
   */
  readonly kind?: 'node-port' | 'pass-through' | 'proxy';
  /** Ranges that it takes addresses from: CIDRs, or `first-last`. */
  readonly addresses?: readonly string[];
}

/** An IPAddressPool of MetalLB. */
export interface PoolSpec {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Whether Services that ask for no pool get addresses from it. Default: true. */
  readonly autoAssign?: boolean;
}

export interface MetalLbSpec {
  /** `layer2`: one node answers for an address. `bgp`: every node announces it to the router. */
  readonly mode?: 'layer2' | 'bgp';
  readonly pools?: readonly PoolSpec[];
  /** Only Services of this class are served; without it, only those without a class. */
  readonly loadBalancerClass?: string;
}

export type LoadBalancerSpec =
  'none' | 'cloud' | { readonly cloud: CloudSpec } | { readonly metallb: MetalLbSpec };
