// The settings of kube-proxy that a scenario may give, by their own names.
// source: pkg/proxy/apis/config/v1alpha1 (KubeProxyConfiguration)

import type { ProxyMode, ProxySettings } from './proxy-mode';

const COMMON: ProxySettings = {
  clusterCIDR: {
    description: 'Ranges whose addresses count as pods. Default: the pod ranges; empty: none.',
    type: 'string',
  },
  conntrack: {
    description: 'What kube-proxy sets about connection tracking.',
    type: 'object',
    additionalProperties: false,
    properties: {
      tcpBeLiberal: {
        description:
          'Whether it lets TCP segments out of their window pass (nf_conntrack_tcp_be_liberal), ' +
          'and drops none for it; since 1.29. Default: false.',
        type: 'boolean',
      },
    },
  },
  detectLocalMode: {
    description:
      'Which sources count as pods: those in `clusterCIDR`, or in the range of the node alone.',
    enum: ['ClusterCIDR', 'NodeCIDR'],
  },
  masqueradeAll: { description: 'Whether all Service traffic is masqueraded.', type: 'boolean' },
  minSyncPeriod: {
    description: 'The least time between the end of a sync and the next one.',
    $ref: '#/$defs/duration',
  },
  nodePortAddresses: {
    description: 'Ranges of node addresses that NodePorts answer on, or `primary`.',
    type: 'array',
    items: { type: 'string' },
  },
};

/** All settings of a mode. */
export function settingsOf(mode: ProxyMode): ProxySettings {
  return { ...COMMON, ...mode.settings };
}
