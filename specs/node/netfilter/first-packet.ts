// The first packet of a connection from a pod to a ClusterIP, on a host that knows nothing of it.

import type { HookContext } from '../../../src/node/netfilter/evaluate';
import { ip } from '../../../src/values/ip';
import type { Packet } from '../../../src/values/packet';

export const PACKET: Packet = {
  tuple: {
    protocol: 'TCP',
    src: ip('10.244.1.3'),
    sport: 40_000,
    dst: ip('10.96.0.20'),
    dport: 80,
  },
  kind: 'syn',
  mark: 0,
};

export const CONTEXT: HookContext = {
  state: 'NEW',
  isDnat: false,
  isLocal: (address) => address === '192.168.1.11',
  recent: () => false,
  masqueradeAddress: ip('192.168.1.11'),
};
