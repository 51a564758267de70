// What can be written after `fail`: whom it means, how that fails, and how often.

import type { FromSchema } from '../../language/json-schema';
import { CERTAIN } from '../../values/ratio';
import { COMPONENT_TARGET } from '../component-targets';
import { PERCENT, readPercent } from '../percent';
import { POD_TARGET } from '../targets';

const IPV4 = '[0-9]{1,3}(\\.[0-9]{1,3}){3}';

export const FAIL_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  oneOf: [
    { required: ['dns'] },
    { required: ['probe'] },
    { required: ['http'] },
    { required: ['ready'] },
    { required: ['refuse'] },
    { required: ['condition'] },
    { required: ['cni'] },
    { required: ['image'] },
    { required: ['restore'] },
    { required: ['api'] },
  ],
  properties: {
    ...COMPONENT_TARGET,
    ...POD_TARGET,
    upstream: {
      description:
        'A resolver outside of the cluster: `node` (the one that nodes ask), `external/NAME`, ' +
        'or `all` of them.',
      type: 'string',
      pattern: '^(node|all|external/[a-z0-9.-]+)$',
      examples: ['node', 'external/resolver'],
    },
    dns: {
      description:
        'What a DNS server says: a code, nothing at all (`timeout`), an answer that does not fit ' +
        'over UDP (`truncate`), or addresses. `A: random` is an address where nobody is.',
      type: ['string', 'object'],
      pattern: '^(SERVFAIL|NXDOMAIN|REFUSED|timeout|truncate)$',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        A: {
          description: 'An IPv4 address.',
          type: 'string',
          pattern: `^(random|${IPV4})$`,
          examples: ['10.1.2.3', 'random'],
        },
        AAAA: { $ref: '#/$defs/ipAddress' },
      },
      examples: ['SERVFAIL', 'NXDOMAIN', 'REFUSED', 'timeout', 'truncate', { A: '10.1.2.3' }],
    },
    names: {
      description:
        'For `dns`: patterns of whole names, with `*` for any letters, dots included, and `?` ' +
        'for one. Without it, every name.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      examples: [['*.shop.svc.cluster.local']],
    },
    behindCache: {
      description:
        'For `dns`: whether the wrong answer is made behind the cache of the server, as by its ' +
        'plug-in `template`, so that the cache keeps it like any other. Default: false.',
      type: 'boolean',
    },
    probe: { description: 'Probes find a failure.', enum: ['fail'] },
    probes: {
      description: 'For `probe`: which ones. Default: all of them.',
      type: 'array',
      minItems: 1,
      items: { enum: ['startup', 'liveness', 'readiness'] },
      examples: [['readiness']],
    },
    http: {
      description: 'The status of every answer over HTTP.',
      type: 'integer',
      minimum: 400,
      maximum: 599,
      examples: [503],
    },
    ready: { description: 'No container of the pod counts as ready.', const: false },
    refuse: { description: 'The listeners are closed, and the processes live on.', const: true },
    ports: {
      description: 'For `refuse`: which ones. Default: all of them.',
      type: 'array',
      minItems: 1,
      items: { $ref: '#/$defs/port' },
      examples: [[8080]],
    },
    condition: {
      description: 'What the kubelet says of its node. It ends no pod for it.',
      enum: ['Ready=False', 'MemoryPressure=True', 'DiskPressure=True', 'PIDPressure=True'],
    },
    cni: { description: 'The network plug-in makes no sandbox.', enum: ['add-error'] },
    image: { description: 'No image can be pulled.', enum: ['pull-error'] },
    restore: { description: 'The tool that loads the rules fails.', enum: ['fail'] },
    api: {
      description:
        'The answer to requests: `409` (conflict), `429` (with Retry-After), `500`, or `reject` ' +
        '(denied by admission, 403).',
      enum: [409, 429, 500, 'reject'],
    },
    verbs: {
      description: 'For `api`: which requests. Default: every one that writes.',
      type: 'array',
      minItems: 1,
      items: { enum: ['create', 'update', 'patch', 'delete', 'evict'] },
      examples: [['create', 'patch']],
    },
    kinds: {
      description: 'For `api`: of which kinds of objects. Default: all but leases.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      examples: [['EndpointSlice']],
    },
    clients: {
      description: 'For `api`: whose requests, by components, or `kubectl`. Default: everyone.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      examples: [['controller-manager/endpointslice', 'kubelet']],
    },
    odds: {
      description: 'For `dns` and `api`: how likely each question or request fails. Default: 100%.',
      type: 'string',
      pattern: PERCENT,
      examples: ['50%'],
    },
    pattern: {
      description:
        'For `dns` and `api`, in place of odds: which ones fail (1) and which do not (0), in ' +
        'their order and from the start again.',
      type: 'array',
      minItems: 1,
      items: { enum: [0, 1] },
      examples: [[1, 0]],
    },
  },
} as const;

export type FailArgs = FromSchema<typeof FAIL_SCHEMA>;

/** `50%` and `[1, 0]` as the model reads them. */
export function frequencyOf({ odds, pattern = [] }: FailArgs) {
  return {
    odds: odds === undefined ? CERTAIN : readPercent(odds),
    pattern: pattern.map((it) => it === 1),
  };
}
