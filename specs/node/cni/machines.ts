// Machines for specs of network plug-ins.

import { Machine } from '../../../src/node/machine';
import { ip } from '../../../src/values/ip';

/** `worker-<index>` at 192.168.1.<10 + index>. */
export function machine(index: number): Machine {
  return new Machine({
    name: `worker-${index}`,
    addresses: [ip(`192.168.1.${10 + index}`)],
    nodeCIDRs: ['192.168.1.0/24'],
    gateways: [ip('192.168.1.1')],
  });
}
