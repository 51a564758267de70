// The forms that many words share, as JSON Schema (2020-12), and the TypeScript type that a schema
// literal describes. A word of the vocabulary refers to a form by `{ $ref: '#/$defs/duration' }`;
// its implementation gets the type of its arguments from the same literal by `FromSchema`.
//
// A form that may be a text or a mapping says so by `type: ['string', 'object']` instead of
// `oneOf`: each keyword applies to its own type only, so an error names the one place that is
// wrong.

import { DURATION_PATTERN } from './duration';

/** The TypeScript type of the values that a schema literal (`as const`) admits. */
export type FromSchema<S> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : S extends { readonly $ref: `#/$defs/${infer Name}` }
      ? FromForm<Name>
      : S extends { readonly type: readonly (infer Name)[] }
        ? FromType<S, Name>
        : S extends { readonly type: infer Name extends string }
          ? FromType<S, Name>
          : S extends { readonly oneOf: readonly (infer Branch)[] }
            ? FromSchema<Branch>
            : S extends { readonly anyOf: readonly (infer Branch)[] }
              ? FromSchema<Branch>
              : unknown;

type FromForm<Name> = Name extends keyof typeof FORMS ? FromSchema<(typeof FORMS)[Name]> : unknown;

type FromType<S, Name> = Name extends 'string'
  ? string
  : Name extends 'number' | 'integer'
    ? number
    : Name extends 'boolean'
      ? boolean
      : Name extends 'null'
        ? null
        : Name extends 'array'
          ? readonly (S extends { readonly items: infer Item } ? FromSchema<Item> : unknown)[]
          : Name extends 'object'
            ? FromObject<S>
            : never;

type FromObject<S> = S extends { readonly properties: infer P }
  ? Simplify<
      { readonly [K in keyof P & RequiredKey<S>]: FromSchema<P[K]> } & {
        readonly [K in Exclude<keyof P, RequiredKey<S>>]?: FromSchema<P[K]>;
      }
    >
  : S extends { readonly additionalProperties: infer Value extends object }
    ? Readonly<Record<string, FromSchema<Value>>>
    : Readonly<Record<string, unknown>>;

type RequiredKey<S> = S extends { readonly required: readonly (infer Key)[] } ? Key : never;

type Simplify<T> = { [K in keyof T]: T[K] };

const NAME = '[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?';
const REFERENCE = `(${NAME}/){0,3}${NAME}(#[1-9][0-9]*)?(/${NAME})?`;
const HOST = '([A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\\[[0-9A-Fa-f:.]+\\])';
const ENDPOINT = '([0-9]+(\\.[0-9]+){3}|\\[[0-9A-Fa-f:.]+\\]):([0-9]{1,5}|any)';

const PICK = {
  description:
    'Which of the matching ones: `all`, `one`, a number, a share (`30%`), `minority`, ' +
    '`majority`, `newest` or `oldest`; of a component that elects one, the `leader`. The choice ' +
    'is drawn from the seed and recorded.',
  type: ['string', 'integer'],
  pattern: '^(all|one|[1-9][0-9]*|[1-9][0-9]?%|100%|minority|majority|newest|oldest|leader)$',
  minimum: 1,
  examples: ['one', 2, '30%'],
} as const;

const MEMBERS = {
  description: '`live` (the default) also hits objects that match later; `frozen` does not.',
  enum: ['live', 'frozen'],
} as const;

const LABELS = {
  description: 'Labels that must all be there, with these values.',
  type: 'object',
  additionalProperties: { type: 'string' },
  minProperties: 1,
} as const;

const POD_SELECTOR = {
  description: 'Pods by namespace and labels.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    namespace: { description: 'Their namespace.', type: 'string', pattern: `^${NAME}$` },
    labels: LABELS,
  },
  examples: [{ namespace: 'shop', labels: { app: 'cart' } }],
} as const;

const NODE_SELECTOR = {
  description: '`all` nodes, or those with these labels or in this zone.',
  type: ['string', 'object'],
  pattern: '^all$',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    labels: LABELS,
    zone: { description: 'The zone that they are in.', type: 'string' },
  },
  examples: ['all', { zone: 'a' }],
} as const;

const SERVICE = {
  description: 'A Service: `shop/cart`, or `cart` in the namespace `default`.',
  type: 'string',
  pattern: `^(${NAME}/){0,2}${NAME}$`,
  examples: ['shop/cart', 'service/shop/cart'],
} as const;

const PORT = {
  description: 'A port number.',
  type: 'integer',
  minimum: 1,
  maximum: 65_535,
  examples: [80],
} as const;

const COMPONENT = {
  description:
    'A component: apiserver, etcd, scheduler, controller-manager (or one controller of it, ' +
    '`controller-manager/endpointslice`), kubelet, runtime, kube-proxy, cni, coredns.',
  type: 'string',
  pattern: '^[a-z][a-z-]*(/[a-z-]+)?$',
  examples: ['kube-proxy', 'controller-manager/endpointslice'],
} as const;

/** A text, or a mapping with exactly one of these keys. */
function oneKeyOf(...keys: readonly string[]) {
  return [{ type: 'string' }, ...keys.map((key) => ({ type: 'object', required: [key] }))];
}

/** The keywords `if`, `then` and `else`. (A literal with the key `then` looks like a promise.) */
export function branches<Schema>(condition: Schema, then: Schema, otherwise?: Schema) {
  const keywords: [string, Schema][] = [
    ['if', condition],
    ['then', then],
  ];
  if (otherwise !== undefined) keywords.push(['else', otherwise]);
  return Object.fromEntries(keywords);
}

const REFERENCE_TEXT =
  '`[kind/][namespace/]name[#n][/container]`. Without a kind: the pod of that name, else the one ' +
  'workload of that name, meaning every pod of it. `#n` is its n-th pod in order of creation.';

/** Every shared form by the name under which `#/$defs/…` finds it. */
export const FORMS = {
  duration: {
    description: 'A span of virtual time: `350ms`, `12s`, `1m30s`, `2h`.',
    type: 'string',
    pattern: `^${DURATION_PATTERN}$`,
    examples: ['350ms', '1m30s'],
  },
  instant: {
    description: 'A point of virtual time, counted from the start of the run: `10s`.',
    type: 'string',
    pattern: `^${DURATION_PATTERN}$`,
    examples: ['10s', '1m30s'],
  },
  window: {
    description: 'From one instant to another: `30s..45s`.',
    type: 'string',
    pattern: `^${DURATION_PATTERN}\\.\\.${DURATION_PATTERN}$`,
    examples: ['30s..45s'],
  },
  instantOrWindow: {
    description: 'An instant, `10s`, or a window that the seed draws an instant from, `30s..45s`.',
    type: 'string',
    pattern: `^${DURATION_PATTERN}(\\.\\.${DURATION_PATTERN})?$`,
    examples: ['10s', '30s..45s'],
  },
  origin: {
    description: `Who sends: a reference or a selector. ${REFERENCE_TEXT}`,
    type: ['string', 'object'],
    pattern: `^${REFERENCE}$`,
    additionalProperties: false,
    minProperties: 1,
    properties: { pods: POD_SELECTOR, nodes: NODE_SELECTOR, pick: PICK, members: MEMBERS },
    oneOf: oneKeyOf('pods', 'nodes'),
    examples: ['shop/frontend', 'node/worker-1', 'external', { pods: { labels: { app: 'web' } } }],
  },
  destination: {
    description:
      'What a client types, `backend:80`, `10.96.0.20:80`, `https://shop.example.com/cart`; with ' +
      'a kind it is that object, `pod/shop/cart-0:8080`, `node/worker-1:30080`. UDP is ' +
      '`dns:53/udp`.',
    type: 'string',
    pattern:
      `^(https?://[^\\s]+|(${NAME}/){1,2}${NAME}(#[1-9][0-9]*)?:[0-9]{1,5}(/(tcp|udp|sctp))?|` +
      `${HOST}:[0-9]{1,5}(/(tcp|udp|sctp))?)$`,
    examples: ['backend:80', 'pod/shop/cart-0:8080', 'https://shop.example.com/cart'],
  },
  podTarget: {
    description: `One pod, every pod of a workload, or a selection. ${REFERENCE_TEXT}`,
    type: ['string', 'object'],
    pattern: `^${REFERENCE}$`,
    additionalProperties: false,
    required: ['pods'],
    properties: { pods: POD_SELECTOR, pick: PICK, members: MEMBERS },
    examples: ['shop/backend#1', { pods: { namespace: 'shop', labels: { app: 'cart' } } }],
  },
  nodeTarget: {
    description: 'A node by name, or a selection of nodes.',
    type: ['string', 'object'],
    pattern: `^(nodes?/)?${NAME}$`,
    additionalProperties: false,
    required: ['nodes'],
    properties: { nodes: NODE_SELECTOR, pick: PICK, members: MEMBERS },
    examples: ['worker-2', { nodes: { zone: 'a' } }],
  },
  target: {
    description: `Pods, nodes, a Service's virtual address or a component. ${REFERENCE_TEXT}`,
    type: ['string', 'object'],
    pattern: `^${REFERENCE}$`,
    additionalProperties: false,
    minProperties: 1,
    properties: {
      pods: POD_SELECTOR,
      nodes: NODE_SELECTOR,
      service: SERVICE,
      port: PORT,
      component: COMPONENT,
      node: { type: 'string', description: 'The node of the component.' },
      zone: { type: 'string', description: 'Every node of a zone.' },
      pick: PICK,
      members: MEMBERS,
    },
    oneOf: oneKeyOf('pods', 'nodes', 'service', 'component', 'zone'),
    examples: ['shop/frontend', { component: 'kube-proxy', node: 'worker-1' }],
  },
  podSelector: POD_SELECTOR,
  nodeSelector: NODE_SELECTOR,
  pick: PICK,
  members: MEMBERS,
  component: COMPONENT,
  port: PORT,
  objectReference: {
    description: 'An object of the API: `deployment/shop/backend`, `service/shop/cart`.',
    type: 'string',
    pattern: `^${REFERENCE}$`,
    examples: ['deployment/shop/backend', 'shop/cart-0'],
  },
  objectPattern: {
    description:
      'An object, or every object of a kind whose name matches: `EndpointSlice/shop/cart-*`.',
    type: 'string',
    pattern: `^(${REFERENCE}|[A-Za-z]+(/[A-Za-z0-9_.*?-]+){1,2})$`,
    examples: ['deployment/shop/backend', 'EndpointSlice/shop/cart-*'],
  },
  podReference: {
    description: `Pods. ${REFERENCE_TEXT}`,
    type: 'string',
    pattern: `^${REFERENCE}$`,
    examples: ['shop/backend#1', 'pod/shop/cart-0'],
  },
  nodeReference: {
    description: 'A node by name: `worker-1` or `node/worker-1`.',
    type: 'string',
    pattern: `^(nodes?/)?${NAME}$`,
    examples: ['worker-1'],
  },
  serviceReference: SERVICE,
  manifests: {
    description:
      'Manifests: a file, a folder or a pattern, relative to this file, or a list of those and ' +
      'of whole objects. A plan holds the list of objects that they contain.',
    type: ['string', 'array'],
    minLength: 1,
    minItems: 1,
    items: { type: ['string', 'object'], minLength: 1 },
    examples: ['manifests/shop.yaml', ['manifests/*.yaml']],
  },
  address: {
    description: 'An IP address with a port, or with `any`: `10.244.1.3:54321`, `10.0.0.1:any`.',
    type: 'string',
    pattern: `^${ENDPOINT}$`,
    examples: ['10.244.1.3:54321', '10.0.0.1:any', '[fd00::1]:80'],
  },
  hostPort: {
    description: 'A host with a port: `backend:80`, `10.96.0.20:80`, `"[fd00::1]:80"`.',
    type: 'string',
    pattern: `^${HOST}:[0-9]{1,5}$`,
    examples: ['backend:80', '10.96.0.20:80'],
  },
  tuple: {
    description: 'Where a packet comes from and goes to: `10.244.1.5:8080 > 10.244.1.3:any`.',
    type: 'string',
    pattern: `^${ENDPOINT} *> *${ENDPOINT}$`,
    examples: ['10.244.1.5:8080 > 10.244.1.3:54321'],
  },
  ratio: {
    description: 'An exact share: `1/3`, `0`, `1`.',
    type: ['string', 'integer'],
    pattern: '^[0-9]+/[1-9][0-9]*$|^[01]$',
    minimum: 0,
    maximum: 1,
    examples: ['1/3', 1],
  },
  ipAddress: {
    description: 'An IPv4 or IPv6 address.',
    type: 'string',
    pattern: '^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$',
    examples: ['10.96.0.20', 'fd00::1'],
  },
  jsonPath: {
    description: "A JSONPath over the cluster's state.",
    type: 'string',
    pattern: '^\\$',
    examples: ["$.objects.pods[?(@.status.phase == 'Running')]"],
  },
} as const;

/** Name of a shared form. */
export type Form = keyof typeof FORMS;
