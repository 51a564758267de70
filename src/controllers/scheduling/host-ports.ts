// Ports of one node that its pods hold, as the scheduler counts them.

import type { ContainerPort } from '../../apiserver/kinds/pod';

export class HostPorts {
  /** How many pods hold each: `ip|port|protocol`. */
  private readonly holders = new Map<string, number>();

  /** One pod more holds these, or one less. */
  count(ports: readonly ContainerPort[], by: 1 | -1): void {
    for (const { hostIP = '', hostPort, protocol = 'TCP' } of ports) {
      const held = `${hostIP}|${hostPort}|${protocol}`;
      this.holders.set(held, (this.holders.get(held) ?? 0) + by);
    }
  }

  /** source: pkg/scheduler/framework/plugins/nodeports */
  conflictWith(ports: readonly ContainerPort[]): boolean {
    return ports.some(({ hostIP = '', hostPort, protocol = 'TCP' }) =>
      [...this.holders].some(([held, count]) => {
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
