// Schema of `behaviour`: what containers do, and what they need.

import { BYTES } from '../values/bytes';
import { LISTEN } from './cluster-schema';
import type { JsonSchema, Lexicon } from './lexicon';

const QUANTITY: JsonSchema = {
  type: ['integer', 'string'],
  minimum: 0,
  pattern: BYTES,
  examples: ['300Mi'],
};

/** Of each container of the target. */
const USES: JsonSchema = {
  description:
    'What each container uses while it runs. Kubelets go by it where a node runs out of it ' +
    '(`exhaust`).',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    memory: { ...QUANTITY, description: 'Bytes of memory, its working set.' },
    disk: { ...QUANTITY, description: 'Bytes of the disk: what it writes, its logs included.' },
    pids: { type: 'integer', minimum: 0, description: 'Processes and threads.' },
  },
  examples: [{ memory: '300Mi' }],
};

const CPU: JsonSchema = {
  description: 'A quantity of CPU: `500m`, `2`.',
  type: ['string', 'number'],
  minimum: 0,
  pattern: '^[0-9]+(m|[.][0-9]{1,3})?$',
  examples: ['500m', 2],
};

const LOAD: JsonSchema = {
  description:
    'The CPU that all pods of the workload need together, spread evenly over those that are ' +
    'ready: always the same, or from each of several instants on. Autoscalers go by it.',
  type: ['string', 'number', 'array'],
  minimum: 0,
  pattern: '^[0-9]+(m|[.][0-9]{1,3})?$',
  minItems: 1,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['at', 'cpu'],
    properties: { at: { $ref: '#/$defs/instant' }, cpu: CPU },
    examples: [{ at: '60s', cpu: 2 }],
  },
  examples: [
    '1500m',
    [
      { at: '0s', cpu: '500m' },
      { at: '60s', cpu: 2 },
    ],
  ],
};

/** Schema of the value of `behaviour`. */
export const behaviourSchema = ({ resolvers }: Lexicon): JsonSchema => ({
  description:
    'What containers do, by workload (`deployment/shop/web`, also one container of it), by pod, ' +
    'or by a pattern of images: `image/nginx*`.',
  type: 'object',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    properties: {
      listen: LISTEN,
      startup: { $ref: '#/$defs/duration' },
      onTerm: {
        description: 'On SIGTERM: `close`, `drain 5s`, `ignore`.',
        type: 'string',
        pattern: '^(close|ignore|drain [0-9][0-9.a-zµ]*)$',
        examples: ['close', 'drain 5s', 'ignore'],
      },
      ready: { $ref: '#/$defs/duration' },
      http: {
        description: 'HTTP status by path; 200 elsewhere.',
        type: 'object',
        propertyNames: { pattern: '^/', examples: ['/healthz'] },
        additionalProperties: { type: 'integer', minimum: 100, maximum: 599 },
      },
      exec: {
        description: 'Exit code by command of exec probes; 0 elsewhere.',
        type: 'object',
        additionalProperties: { type: 'integer', minimum: 0, maximum: 255 },
      },
      libc: { description: 'The resolver of its image.', enum: resolvers },
      uses: USES,
      load: LOAD,
    },
  },
  examples: [{ 'deployment/shop/backend': { listen: [8080], startup: '300ms' } }],
});
