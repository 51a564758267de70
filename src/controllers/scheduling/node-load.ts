// What a node has to carry, as the scheduler counts it.

import type { Node } from '../../apiserver/kinds/node';
import type { Container, ContainerPort, Pod } from '../../apiserver/kinds/pod';
import { LateMap } from '../../values/late-map';

/** KubeletConfiguration maxPods, where the node does not say. */
const MAX_PODS = 110;

export class NodeLoad {
  node: Node;
  /** Nodes that came earlier have lower numbers. */
  readonly came: number;
  /** How many pods count on the node. */
  pods = 0;
  /** Pods that hold a host port; few ever do. */
  private readonly hostPorts = new LateMap<string, number>();

  constructor(node: Node, came: number) {
    this.node = node;
    this.came = came;
  }

  get maxPods(): number {
    return Number(this.node.status?.allocatable?.['pods'] ?? MAX_PODS);
  }

  /** One pod more, or one less. */
  count(pod: Pod, by: 1 | -1): void {
    this.pods += by;
    const ports = hostPortsOf(pod);
    if (ports.length === 0) return;
    for (const { hostIP = '', hostPort, protocol = 'TCP' } of ports) {
      const held = `${hostIP}|${hostPort}|${protocol}`;
      this.hostPorts.set(held, (this.hostPorts.get(held) ?? 0) + by);
    }
  }

  /** source: pkg/scheduler/framework/plugins/nodeports */
  hasPortConflict(pod: Pod): boolean {
    if (this.hostPorts.size === 0) return false;
    return hostPortsOf(pod).some(({ hostIP = '', hostPort, protocol = 'TCP' }) =>
      [...this.hostPorts].some(([held, count]) => {
        const [ip, port, heldProtocol] = held.split('|');
        if (count === 0 || Number(port) !== hostPort || heldProtocol !== protocol) return false;
        return isAny(ip!) || isAny(hostIP) || ip === hostIP;
      }),
    );
  }
}

function isAny(ip: string): boolean {
  return ip === '' || ip === '0.0.0.0' || ip === '::';
}

const NONE: readonly ContainerPort[] = [];

/** Nearly every pod has none. */
function hostPortsOf({ spec: { containers } }: Pod): readonly ContainerPort[] {
  for (let at = 0; at < containers.length; at++) {
    const { ports = NONE } = containers[at]!;
    for (let port = 0; port < ports.length; port++) {
      if (ports[port]!.hostPort) return hostPortsIn(containers);
    }
  }
  return NONE;
}

function hostPortsIn(containers: readonly Container[]): ContainerPort[] {
  return containers.flatMap(({ ports = [] }) => ports).filter(({ hostPort }) => !!hostPort);
}
