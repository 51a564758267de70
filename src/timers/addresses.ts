// The delays of network plug-ins: of addresses that they keep, and of routes that they restore.
// Part of the table of delays (index.ts).

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
  'bird.kernelScan': {
    kind: 'quantiser',
    delays: 'the next look of BIRD (Calico) for routes that are missing in the kernel',
    value: fixed(seconds(2)),
    source:
      'projectcalico/calico node/filesystem/etc/calico/confd/templates/bird.cfg.template ' +
      '(protocol kernel: scan time 2)',
  },
  'calico-node.routeRefresh': {
    kind: 'quantiser',
    delays: 'the next look of Felix for routes that are missing in the kernel',
    value: fixed(seconds(90)),
    knob: 'FelixConfiguration routeRefreshInterval',
    source:
      'projectcalico/calico felix/config/config_params.go (RouteRefreshInterval 90); ' +
      'felix/dataplane/linux/int_dataplane.go loopUpdatingDataplane (newRefreshTicker)',
  },
  'flannel.routeCheck': {
    kind: 'quantiser',
    delays: 'with host-gw, the next look of flanneld for routes that are missing in the kernel',
    value: fixed(seconds(10)),
    source: 'flannel-io/flannel pkg/backend/route_network.go routeCheck (routeCheckRetries)',
  },
  'kindnet.reconcile': {
    kind: 'quantiser',
    delays: 'the next pass of kindnetd over all nodes and the routes to them',
    value: fixed(seconds(10)),
    source:
      'kubernetes-sigs/kind images/kindnetd/cmd/kindnetd/main.go (main control loop), routes.go ' +
      'syncRoute; kubernetes-sigs/kindnet, its successor, has no such loop',
  },
} as const satisfies Record<string, TimerRow>;
