// Schema of `cluster`: what the machines are and how they are set up. Every key of the language is
// here, modelled or not; what the model does not know is said when it is used.

import { BYTES } from '../values/bytes';
import { branches } from './json-schema';
import { KUBELET } from './kubelet-settings';
import type { JsonSchema, Lexicon, Settings } from './lexicon';

const CIDRS: JsonSchema = {
  type: ['string', 'array'],
  pattern: '^[0-9A-Fa-f:.]+/[0-9]{1,3}(,[0-9A-Fa-f:.]+/[0-9]{1,3})?$',
  items: { type: 'string', pattern: '^[0-9A-Fa-f:.]+/[0-9]{1,3}$', examples: ['fd00:10::/64'] },
  minItems: 1,
  maxItems: 2,
  examples: ['10.0.0.0/16'],
};

const ADDRESSES: JsonSchema = {
  description: 'An address, or one for each family.',
  type: ['string', 'array'],
  pattern: '^[0-9A-Fa-f:.]+$',
  items: { $ref: '#/$defs/ipAddress' },
  minItems: 1,
  maxItems: 2,
};

export const LISTEN: JsonSchema = {
  description: 'Ports that it listens on: `8080`, `53/udp`.',
  type: 'array',
  items: {
    type: ['integer', 'string'],
    minimum: 1,
    maximum: 65_535,
    pattern: '^[0-9]{1,5}/(tcp|udp|sctp)$',
    examples: [8080, '53/udp'],
  },
  examples: [[8080, '53/udp']],
};

const LABELS: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };

const NAME: JsonSchema = {
  type: 'string',
  pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
  examples: ['worker-1'],
};

const TAINT: JsonSchema = {
  description: '`dedicated=db:NoSchedule`, or a mapping as in the API.',
  type: ['string', 'object'],
  pattern: '^[A-Za-z0-9./_-]+(=[A-Za-z0-9._-]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$',
  additionalProperties: false,
  required: ['key', 'effect'],
  properties: {
    key: { description: 'Its key.', type: 'string' },
    value: { description: 'Its value.', type: 'string' },
    effect: {
      description: 'What it does to pods that do not tolerate it.',
      enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
    },
  },
  examples: ['dedicated=db:NoSchedule'],
};

function nodeSchema(lexicon: Lexicon): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { ...NAME, description: 'The name of the node.' },
      ip: ADDRESSES,
      zone: { description: 'The zone, as the topology label.', type: 'string' },
      labels: { ...LABELS, description: 'Labels of the Node object.' },
      taints: { description: 'Taints of the Node object.', type: 'array', items: TAINT },
      podCIDR: { ...CIDRS, description: 'The range of the addresses of its pods.' },
      role: {
        description: 'A control plane that is also a node.',
        enum: ['worker', 'control-plane'],
      },
      capacity: {
        description: 'How much fits: `pods`, and the disk in `ephemeral-storage`.',
        type: 'object',
        additionalProperties: { type: ['integer', 'string'] },
        properties: {
          pods: { description: 'How many pods.', type: 'integer', minimum: 1 },
          'ephemeral-storage': {
            description: 'How many bytes the disk has.',
            type: ['integer', 'string'],
            minimum: 1,
            pattern: BYTES,
            examples: ['100Gi'],
          },
        },
      },
      version: {
        description:
          'The version of its kubelet and kube-proxy, in quotes, where it is not that of the ' +
          'cluster.',
        type: 'string',
        enum: lexicon.kubernetesVersions,
      },
      kubelet: { ...KUBELET, description: 'Settings of its kubelet, before those of the cluster.' },
    },
  };
}

const DNS: JsonSchema = {
  description: 'CoreDNS. It is added unless the manifests bring it.',
  type: 'object',
  additionalProperties: false,
  properties: {
    replicas: { type: 'integer', minimum: 0, maximum: 100, description: 'Number of its pods.' },
    corefile: { type: 'string', description: 'Its configuration.' },
    nodelocal: {
      description: 'A cache on every node, NodeLocal DNSCache; or its settings.',
      anyOf: [
        { type: 'boolean' },
        {
          type: 'object',
          additionalProperties: false,
          properties: {
            ip: { $ref: '#/$defs/ipAddress', description: 'Where it listens on every node.' },
            corefile: { type: 'string', description: 'Its configuration.' },
          },
        },
      ],
    },
    race: {
      type: 'string',
      pattern: '^[0-9]{1,9}/[1-9][0-9]{0,8}$',
      description: 'How likely A and AAAA from one port collide in conntrack, and one is lost.',
      examples: ['1/100', '1/1'],
    },
  },
};

const EXTERNALS: JsonSchema = {
  description: 'Machines outside of the cluster. `external` alone is 203.0.113.100.',
  type: 'object',
  propertyNames: NAME,
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    required: ['ip'],
    properties: {
      ip: { $ref: '#/$defs/ipAddress' },
      listen: LISTEN,
      names: { type: 'array', items: { type: 'string' }, description: 'DNS names of it.' },
    },
  },
  examples: [{ internet: { ip: '203.0.113.5', listen: [443], names: ['example.com'] } }],
};

const ADDRESS_RANGES: JsonSchema = {
  description: 'CIDRs, or `first-last`.',
  type: 'array',
  minItems: 1,
  items: { type: 'string', pattern: '^[0-9a-fA-F.:]+(/[0-9]+|-[0-9a-fA-F.:]+)$' },
  examples: [['192.168.1.240-192.168.1.250']],
};

const CLOUD: JsonSchema = {
  description: 'A load balancer of a cloud provider.',
  type: 'object',
  additionalProperties: false,
  properties: {
    kind: {
      description:
        'How packets reach the nodes: at their `node-port` (default), by `pass-through` with the ' +
        'external address, or over a `proxy`, whose addresses have ipMode Proxy.',
      enum: ['node-port', 'pass-through', 'proxy'],
    },
    addresses: { ...ADDRESS_RANGES, description: 'Where addresses come from.' },
  },
};

const METALLB: JsonSchema = {
  description: 'Settings of MetalLB.',
  type: 'object',
  additionalProperties: false,
  properties: {
    mode: {
      description: '`layer2` (default): one node for each address. `bgp`: all nodes.',
      enum: ['layer2', 'bgp'],
    },
    pools: {
      description: 'Its IPAddressPools. Default: one at the end of the node network.',
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'addresses'],
        properties: {
          name: { ...NAME, description: 'Its name, by which Services ask for it.' },
          addresses: ADDRESS_RANGES,
          autoAssign: {
            description: 'Whether Services that name no pool get addresses of it.',
            type: 'boolean',
          },
        },
      },
    },
    loadBalancerClass: {
      description: 'The class that it serves. Default: Services without one.',
      type: 'string',
      minLength: 1,
    },
  },
};

const LOAD_BALANCER: JsonSchema = {
  description: 'What gives Services of type LoadBalancer their address.',
  type: ['string', 'object'],
  ...branches(
    { type: 'string' },
    { enum: ['none', 'cloud'], examples: ['none', 'cloud', { metallb: { mode: 'layer2' } }] },
    {
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      properties: { cloud: CLOUD, metallb: METALLB },
    },
  ),
};

/** Schema of the value of `cluster`. */
export function clusterSchema(lexicon: Lexicon): JsonSchema {
  return {
    description: 'The machines and how they are set up. Every key has a default.',
    type: 'object',
    additionalProperties: false,
    properties: {
      kubernetes: {
        description: 'The version, in quotes. It picks the table of timers and behaviours.',
        type: 'string',
        enum: lexicon.kubernetesVersions,
      },
      nodes: {
        description: 'A number (worker-1 at 192.168.1.11, and so on) or a list.',
        type: ['integer', 'array'],
        minimum: 1,
        maximum: 5_000,
        minItems: 1,
        maxItems: 5_000,
        items: nodeSchema(lexicon),
      },
      podCIDR: { ...CIDRS, description: 'Range of pod addresses. Default 10.244.0.0/16.' },
      allocateNodeCIDRs: {
        description:
          'Leaves the ranges of the nodes to the node IPAM controller, at run time: where there ' +
          'are too few, a node gets none and an event says so. Default false: they are given ' +
          'out beforehand, and too few are an error.',
        type: 'boolean',
      },
      serviceCIDR: { ...CIDRS, description: 'Range of Service addresses. Default 10.96.0.0/12.' },
      nodeCIDR: { ...CIDRS, description: 'Range of node addresses. Default 192.168.1.0/24.' },
      ipFamilies: {
        description: 'The address families, the primary one first. Default [IPv4].',
        type: 'array',
        items: { enum: ['IPv4', 'IPv6'] },
        minItems: 1,
        maxItems: 2,
        uniqueItems: true,
      },
      cni: named('name', lexicon.cnis, 'The network plugin, or a mapping with its settings.'),
      proxy: named(
        'mode',
        lexicon.proxyModes,
        "kube-proxy's mode, or a mapping with its settings.",
      ),
      kubelet: KUBELET,
      dns: DNS,
      externals: EXTERNALS,
      loadBalancer: LOAD_BALANCER,
      timing: timingSchema(lexicon),
      featureGates: {
        description: 'Feature gates of the components.',
        type: 'object',
        additionalProperties: { type: 'boolean' },
      },
      start: {
        description: 'Whether time begins in a settled cluster or with an empty API server.',
        enum: ['settled', 'cold'],
      },
      domain: {
        ...NAME,
        description: 'The DNS domain. Default cluster.local.',
        examples: ['cluster.local'],
      },
    },
  };
}

/** A name, or a mapping with the name and the settings that this one has. */
function named(key: string, known: ReadonlyMap<string, Settings>, description: string): JsonSchema {
  const names = { description: 'Which one.', enum: [...known.keys()] };
  const one = ([name, settings]: readonly [string, Settings]): JsonSchema => ({
    if: { required: [key], properties: { [key]: { ...names, const: name } } },
    then: { additionalProperties: false, properties: { [key]: names, ...settings } },
  });
  const mapping: JsonSchema = {
    required: [key],
    properties: { [key]: names },
    allOf: [...known].map(one),
  };
  return {
    description,
    type: ['string', 'object'],
    ...branches({ type: 'string' }, { enum: names.enum }, mapping),
  };
}

function timingSchema({ profiles, timers }: Lexicon): JsonSchema {
  const overrides = timers.map((name) => [name, { $ref: '#/$defs/duration' }] as const);
  return {
    description: 'A profile, or a mapping that overrides timers by name.',
    type: ['string', 'object'],
    ...branches(
      { type: 'string' },
      { enum: profiles },
      {
        additionalProperties: false,
        properties: {
          profile: { description: 'Where the others come from.', enum: profiles },
          ...Object.fromEntries(overrides),
        },
      },
    ),
  };
}
