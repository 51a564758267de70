// The delays of the plug-ins that keep addresses of their own. Part of the table of delays
// (index.ts).

import { fixed } from './row';
import type { TimerRow } from './row';
import { seconds, ZERO } from '../values/time';

export const ADDRESS_TIMERS = {
  'aws-node.eniAttach': {
    kind: 'latency',
    delays: 'the addresses of another network interface of an EC2 instance',
    value: fixed(seconds(10)),
    tutorial: fixed(ZERO),
    source: 'amazon-vpc-cni-k8s docs/eni-and-ip-target.md (creating and attaching: up to 10 s)',
  },
  'aws-node.ipCooldown': {
    kind: 'wait',
    delays: 'giving a released address of the VPC to another pod',
    value: fixed(seconds(30)),
    knob: 'aws-node IP_COOLDOWN_PERIOD',
    source: 'amazon-vpc-cni-k8s pkg/ipamd/datastore/data_store.go (addressCoolingPeriod)',
  },
  'calico-ipam.emptyBlock': {
    kind: 'wait',
    delays: 'taking over a block of addresses of another node, counted from when it was empty',
    value: fixed(seconds(60)),
    source: 'libcalico-go/lib/ipam/ipam_block_reader_writer.go (blocks empty for over a minute)',
  },
} as const satisfies Record<string, TimerRow>;
