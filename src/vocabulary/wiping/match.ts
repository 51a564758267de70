// Which entries, routes or objects `wipe` means, where it does not mean all of them.

/** The part `match` of the schema of `wipe`. */
export const MATCH = {
  description: 'What of it; all that is given must be true. Without it, everything.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    protocol: {
      description: 'Of connections.',
      enum: ['tcp', 'udp', 'sctp', 'icmp'],
    },
    address: {
      description: 'One of the addresses of a connection.',
      $ref: '#/$defs/ipAddress',
    },
    port: {
      description: 'The port that was dialled, or the one that answers.',
      $ref: '#/$defs/port',
    },
    service: {
      description: 'Connections to this Service: `shop/backend`.',
      type: 'string',
      pattern: '^[a-z0-9-]+/[a-z0-9.-]+$',
      examples: ['shop/backend'],
    },
    iptablesBackend: {
      description: 'Rules of iptables in this back end.',
      enum: ['nft', 'legacy'],
    },
    to: {
      description: 'Routes into this range.',
      type: 'string',
      pattern: '^[0-9a-f.:]+/[0-9]{1,3}$',
      examples: ['10.244.1.0/24'],
    },
    kind: { description: 'The kind of objects.', type: 'string', pattern: '^[A-Z][A-Za-z]+$' },
    namespace: { description: 'Of objects.', type: 'string', minLength: 1 },
    name: { description: 'Of objects.', type: 'string', minLength: 1 },
    labels: {
      description: 'Of objects.',
      type: 'object',
      additionalProperties: { type: 'string' },
    },
  },
} as const;

/** The words of `match` that mean something, by what is wiped. */
export const WORDS_OF: Readonly<Record<string, readonly string[]>> = {
  rules: ['iptablesBackend'],
  conntrack: ['protocol', 'address', 'port', 'service'],
  routes: ['to'],
  'bridge-netfilter': [],
  cache: [],
  object: ['kind', 'namespace', 'name', 'labels'],
};
