// A small vocabulary for the specifications of the language, so that they depend on no word of the
// real one: the language must not know any.

import { compileSchema } from '../../src/schema/compile-schema';
import type { Lexicon, ManifestProblem, Settings, Word } from '../../src/language/lexicon';
import { scenarioSchema } from '../../src/language/scenario-schema';
import type { SchemaValidator } from '../../src/language/validate';
import { isAtLeast, MODELLED_VERSIONS } from '../../src/values/kube-version';
import { seconds } from '../../src/values/time';
import type { KubeVersion } from '../../src/values/kube-version';
import type { KubeObject } from '../../src/values/kube-object';

const KILL: Word = {
  name: 'kill',
  summary: 'It stops abruptly.',
  schema: {
    type: 'object',
    additionalProperties: false,
    oneOf: [
      { required: ['pod'] },
      { required: ['pods'] },
      { required: ['node'] },
      { required: ['nodes'] },
    ],
    properties: {
      pod: { $ref: '#/$defs/podReference' },
      pods: { $ref: '#/$defs/podSelector' },
      node: { $ref: '#/$defs/nodeReference' },
      nodes: { $ref: '#/$defs/nodeSelector' },
      how: { enum: ['exit', 'oom', 'power'] },
      restart: { $ref: '#/$defs/duration' },
    },
  },
  examples: ['{at: 10s, kill: {pod: shop/backend#1}}'],
  checkIn: (args, { cni }) => {
    if ((args as { how?: string }).how !== 'power' || cni.name !== 'bridge') return [];
    const message = 'no plug that is pulled is modelled beside bridge';
    return [{ path: '/how', severity: 'error', message, hint: 'cni: flannel' }];
  },
  lasts: (args) => ((args as { restart?: string }).restart === undefined ? undefined : 1),
};

const UPGRADE: Word = {
  name: 'upgrade',
  summary: 'Another version takes its place.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['upgrade', 'to'],
    properties: {
      upgrade: { $ref: '#/$defs/nodeReference' },
      to: { type: 'string', enum: MODELLED_VERSIONS },
      fails: { type: 'string' },
    },
  },
  isUpgrade: true,
  examples: ['{at: 10s, do: {upgrade: worker-1, to: "1.36"}}'],
};

const ROLLOUT: Word = {
  name: 'rollout',
  summary: 'A rollout is complete.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['rollout', 'is'],
    properties: {
      rollout: { $ref: '#/$defs/objectReference' },
      is: { const: 'complete' },
      nth: { type: 'integer', minimum: 1 },
    },
  },
  examples: ['{when: {rollout: deployment/shop/backend, is: complete}, kill: {node: worker-1}}'],
};

const APPLY: Word = {
  name: 'apply',
  summary: 'Applies manifests.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: { apply: { $ref: '#/$defs/manifests' } },
  },
  examples: ['{at: 10s, do: {apply: more.yaml}}'],
};

const SCALE: Word = {
  name: 'scale',
  summary: 'Sets the number of pods.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['replicas'],
    properties: {
      scale: { $ref: '#/$defs/objectReference' },
      replicas: { type: 'integer', minimum: 0 },
    },
  },
  examples: ['{at: 10s, do: {scale: deployment/shop/backend, replicas: 5}}'],
  kinds: { scale: ['Deployment', 'StatefulSet'] },
};

const REACH: Word = {
  name: 'reach',
  summary: 'A new flow arrives.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['from', 'to'],
    properties: {
      from: { $ref: '#/$defs/origin' },
      to: { $ref: '#/$defs/destination' },
      outcome: { enum: ['ok', 'refused', 'timeout'] },
      backends: { type: 'array', items: { $ref: '#/$defs/podReference' } },
      some: { type: 'boolean' },
    },
  },
  examples: ['{at: 5s, reach: {from: shop/frontend, to: backend:80}}'],
};

const INSPECT: Word = {
  name: 'inspect',
  summary: 'A query over the state.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['query'],
    properties: { query: { $ref: '#/$defs/jsonPath' }, count: { type: 'integer' } },
  },
  examples: ['{at: 5s, inspect: {query: "$.objects.pods[*]", count: 3}}'],
  check(args): readonly ManifestProblem[] {
    const { query } = args as { query: string };
    const open = (query.match(/\[/g) ?? []).length === (query.match(/\]/g) ?? []).length;
    return open ? [] : [{ path: '/query', severity: 'error', message: 'a bracket is not closed' }];
  },
};

const CONVERGE: Word = {
  name: 'converge',
  summary: 'The data planes agree with the API.',
  schema: {
    type: 'object',
    additionalProperties: false,
    oneOf: [{ required: ['service'] }, { required: ['target'] }],
    properties: {
      service: { $ref: '#/$defs/serviceReference' },
      target: { $ref: '#/$defs/target' },
      nodes: { enum: ['all', 'any'] },
    },
  },
  examples: ['{at: 5s, converge: {service: shop/backend}}'],
};

const KINDS = [
  'Pod',
  'Service',
  'Deployment',
  'StatefulSet',
  'ConfigMap',
  'Namespace',
  'NetworkPolicy',
];
const SHORT: Readonly<Record<string, string>> = { po: 'Pod', svc: 'Service', deploy: 'Deployment' };

function check({ kind, spec }: KubeObject): readonly ManifestProblem[] {
  if (!KINDS.includes(kind)) {
    return [{ path: '/kind', severity: 'warning', message: `the kind ${kind} is not modelled` }];
  }
  const ports = (spec as { ports?: readonly { port?: unknown }[] } | undefined)?.ports ?? [];
  return ports.flatMap(({ port }, index): readonly ManifestProblem[] =>
    Number(port) <= 65_535
      ? []
      : [{ path: `/spec/ports/${index}/port`, severity: 'error', message: 'must be 1 to 65535' }],
  );
}

const MISSING_TIMERS = new Map([
  ['kubelet.housekeeping', { message: 'this timer is not modelled', hint: 'nothing is missed' }],
]);

export const LEXICON: Lexicon = {
  faults: byName(KILL),
  actions: byName(APPLY, SCALE, UPGRADE),
  claims: byName(CONVERGE, INSPECT, REACH),
  triggers: byName(ROLLOUT),
  components: ['apiserver', 'controller-manager/endpointslice', 'coredns', 'kube-proxy', 'kubelet'],
  kinds: {
    names: new Map([
      ...KINDS.flatMap((kind): [string, string][] => [
        [kind.toLowerCase(), kind],
        [`${kind.toLowerCase()}s`, kind],
      ]),
      ...Object.entries(SHORT),
    ]),
    isNamespaced: (_, kind) => kind !== 'Namespace' && kind !== 'Node',
    check,
  },
  timers: [
    'kube-proxy.minSyncPeriod',
    'kubelet.crashLoopBackOffMax',
    'kubelet.plegRelistPeriod',
    'kubelet.shutdownGracePeriod',
    'kubelet.shutdownGracePeriodCriticalPods',
  ],
  missingTimer: (name) => MISSING_TIMERS.get(name),
  timerProblem: (name, { kubernetes }) => {
    if (name !== 'kubelet.crashLoopBackOffMax' || isAtLeast(kubernetes, '1.35')) return undefined;
    return { message: `${kubernetes} has no knob for it`, hint: 'kubernetes: "1.35"' };
  },
  delayProblem: (name, delay) => {
    if (name !== 'kubelet.crashLoopBackOffMax' || delay % seconds(1) === 0) return undefined;
    return { message: `${name} takes whole seconds`, hint: 'nobody: a constant' };
  },
  profiles: ['default', 'tutorial'],
  cnis: new Map<string, Settings>([
    ['bridge', {}],
    ['calico', { mode: { enum: ['ipip', 'vxlan'] } }],
    ['flannel', { mode: { enum: ['vxlan', 'host-gw'] } }],
  ]),
  resolvers: ['glibc', 'musl', 'go'],
  policyKinds: ['NetworkPolicy'],
  enforcedPolicies: (cni) => (cni === 'calico' ? ['NetworkPolicy'] : []),
  proxyModes: new Map<string, Settings>([
    ['iptables', { minSyncPeriod: { $ref: '#/$defs/duration' } }],
    ['ipvs', { minSyncPeriod: { $ref: '#/$defs/duration' } }],
  ]),
  settingProblems: ({ proxy: { mode, options }, cni }) => {
    if (mode !== 'ipvs' || cni.name !== 'bridge' || options['minSyncPeriod'] === undefined)
      return [];
    const message = 'ipvs keeps no such pause beside bridge';
    return [{ path: '/proxy/minSyncPeriod', severity: 'error', message, hint: 'cni: flannel' }];
  },
  idleSettings: ({ proxy, timing }) => {
    const name = 'kube-proxy.minSyncPeriod';
    if (proxy.mode === 'iptables' || timing.overrides[name] === undefined) return [];
    const message = `nothing in mode ${proxy.mode} waits for "${name}"`;
    return [{ path: ['timing', name], message, hint: 'proxy: iptables' }];
  },
  versionProblems: ({ kubernetes, nodes }) =>
    nodes.flatMap(({ name, version }) => {
      if (version === undefined || !isAtLeast(version, kubernetes) || version === kubernetes)
        return [];
      const hint = 'the skew that is supported: kubernetes.io/releases/version-skew-policy';
      return [{ node: name, message: `${name} is newer than the cluster`, hint }];
    }),
  upgradeProblems: (steps, { kubernetes }) => {
    const versions = [kubernetes, ...steps.map((step) => (step as { to: KubeVersion }).to)];
    const step = versions.slice(1).findIndex((to, index) => isAtLeast(versions[index]!, to));
    if (step < 0) return [];
    const message = `${versions[step]} comes before ${versions[step + 1]} here`;
    return [{ step, problem: { path: '/to', severity: 'error', message } }];
  },
  kubernetesVersions: MODELLED_VERSIONS,
  featureGates: ['PLEGOnDemandRelist'],
};

export const VALIDATOR: SchemaValidator = compileSchema(scenarioSchema(LEXICON));

function byName(...words: readonly Word[]): ReadonlyMap<string, Word> {
  return new Map(words.map((word) => [word.name, word]));
}
