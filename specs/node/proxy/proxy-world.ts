// kube-proxy in virtual time, for specs: an API server, and machines that hold rules.

import { expect } from 'chai';
import { ApiServer } from '../../../src/apiserver/api-server';
import type { Admission, ApiRequest } from '../../../src/apiserver/api-server';
import { Kernel } from '../../../src/kernel/kernel';
import { Conntrack } from '../../../src/node/netfilter/conntrack';
import type { RuleSource, Ruleset } from '../../../src/node/netfilter/ruleset';
import { iptables } from '../../../src/node/proxy/iptables';
import { KubeProxy } from '../../../src/node/proxy/kube-proxy';
import { ProxyInputs } from '../../../src/node/proxy/proxy-inputs';
import { Timing } from '../../../src/timing';
import type { Effect, Profile } from '../../../src/timing';
import type { Family } from '../../../src/values/ip';
import type { KubeVersion } from '../../../src/values/kube-version';
import { keyOf } from '../../../src/values/kube-object';
import type { KubeObject } from '../../../src/values/kube-object';
import { milliseconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import { nodeOf } from './proxy-fixture';

const admission: Admission = {
  admit: (object) => object,
  named: (object) => object,
  terminate: () => undefined,
  isFinished: () => false,
  release: () => {},
  scopeOf: () => undefined,
};

export interface World {
  readonly kernel: Kernel;
  readonly proxies: readonly KubeProxy[];
  readonly machines: readonly {
    proxyRules: Map<Family, Ruleset>;
    conntrack: Conntrack;
    powered: boolean;
  }[];
  applied: number;
  write(object: KubeObject, effect?: Effect): void;
  /** Writes at an instant, in milliseconds, as if the request had been sent earlier. */
  at(ms: number, object: KubeObject, effect?: Effect): void;
  remove(object: KubeObject): void;
  run(ms: number): void;
  /** `action subject` of the first proxy by milliseconds. */
  log(): string[];
}

type Verb = 'create' | 'replace' | 'delete';

function request(object: KubeObject, verb: Verb, effect?: Effect): ApiRequest {
  const common = { verb, kind: object.kind, key: keyOf(object), object, actor: 'spec' };
  return effect === undefined ? common : { ...common, effect };
}

/** kube-proxy on so many nodes, with nothing around it but an API server. */
export function worldOf(kubernetes: string, profile: Profile, nodes = 1, mode = iptables): World {
  const kernel = new Kernel(1);
  const timing = new Timing({ kubernetes: kubernetes as KubeVersion, profile }, kernel.random);
  const api = new ApiServer(kernel, timing, admission);
  const inputs = new ProxyInputs(api.store, 'IPv4');
  const machines = Array.from({ length: nodes }, (_, index) => ({
    name: `worker-${index + 1}`,
    powered: true,
    proxyRules: new Map<Family, Ruleset>(),
    awaitRules: (source: RuleSource) => source.writeRules(),
    proxyBackend: 'nft' as const,
    hookedBackends: [],
    leftRules: new Map<Family, Ruleset>(),
    asksLeftFirst: false,
    conntrack: new Conntrack(),
    get hasConnections() {
      return this.conntrack.size > 0;
    },
  }));
  const world = { applied: 0 } as World;
  const count = () => void world.applied++;
  const proxies = machines.map((machine) => {
    const node = nodeOf(machine.name, { kubernetes });
    return new KubeProxy({
      kernel,
      api,
      timing,
      machine,
      mode,
      inputs,
      node,
      onApplied: count,
    });
  });
  const put = (object: KubeObject, effect?: Effect) => {
    const verb = api.store.get(object.kind, keyOf(object)) === undefined ? 'create' : 'replace';
    expect(api.commitNow(request(object, verb, effect))).to.equal('ok');
  };
  const run = (ms: number) => kernel.runUntil(milliseconds(ms) as number as Instant);
  return Object.assign(world, {
    kernel,
    proxies,
    machines,
    run,
    write: put,
    at: (ms: number, object: KubeObject, effect?: Effect) => {
      run(ms);
      put(object, effect);
    },
    remove: (object: KubeObject) => void api.commitNow(request(object, 'delete')),
    log: () =>
      kernel.journal
        .all()
        .filter(({ actor }) => actor === 'kube-proxy@worker-1')
        .map(({ at, action, subject }) => `${at / 1000} ${action} ${subject}`),
  });
}

export const META = { name: 'web', namespace: 'shop' };

export function service(protocol = 'TCP'): KubeObject {
  const ports = [{ name: 'http', protocol, port: 80 }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: META,
    spec: { clusterIP: '10.96.0.20', ports },
  };
}

export function slice(addresses: readonly string[], conditions = {}, protocol = 'TCP'): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-abc',
      namespace: 'shop',
      labels: { 'kubernetes.io/service-name': 'web' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol, port: 8080 }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions })),
  };
}

export const WEB = { namespace: 'shop', name: 'web', port: 'http', protocol: 'TCP' } as const;
