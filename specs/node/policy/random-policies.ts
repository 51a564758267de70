// Random clusters with random policies: few labels, ports and ranges, so that they meet often.

import type { Stream } from '../../../src/kernel/random';
import { Random } from '../../../src/kernel/random';
import { nameOf } from '../../../src/values/kube-object';
import type { KubeObject } from '../../../src/values/kube-object';

export interface RandomWorld {
  readonly namespaces: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly policies: readonly KubeObject[];
}

const NAMESPACES = ['x', 'y', 'z'];
const NAMES = ['http', 'dns'];
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
export const PORTS = [53, 80, 81, 8080];

/** A world of `pods` pods and `policies` policies, the same for the same seed. */
export function randomWorld(seed: number, pods: number, policies: number): RandomWorld {
  const draw = new Draw(new Random(seed).stream('policies'));
  return {
    namespaces: NAMESPACES.map((name) => draw.namespace(name)),
    pods: Array.from({ length: pods }, (_, index) => draw.pod(index)),
    policies: lastOfEach(Array.from({ length: policies }, (_, index) => draw.policy(index))),
  };
}

/** There is one BaselineAdminNetworkPolicy: what is applied later replaces it. */
function lastOfEach(objects: readonly KubeObject[]): readonly KubeObject[] {
  return [...new Map(objects.map((object) => [nameOf(object), object])).values()];
}

class Draw {
  private readonly stream: Stream;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  namespace(name: string): KubeObject {
    const labels = { ...this.labels(), 'kubernetes.io/metadata.name': name };
    return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  }

  pod(index: number): KubeObject {
    const address = `10.244.${index % 3}.${10 + index}`;
    const ports = NAMES.filter(() => this.chance(2)).map((name) => ({
      name,
      containerPort: this.of(PORTS),
      protocol: this.of(PROTOCOLS),
    }));
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `p${index}`, namespace: this.of(NAMESPACES), labels: this.labels() },
      spec: {
        nodeName: 'n1',
        containers: [{ name: 'main', image: 'registry.example/app:1', ports }],
      },
      status: { podIP: address, podIPs: [{ ip: address }], phase: 'Running' },
    };
  }

  policy(index: number): KubeObject {
    const kind = this.of([0, 0, 0, 1, 2, 3]);
    const name = `q${index}`;
    if (kind === 1) return this.adminPolicy(name);
    if (kind === 2) return this.clusterPolicy(name);
    if (kind === 3) return this.baselinePolicy();
    const types = this.of([['Ingress'], ['Egress'], ['Ingress', 'Egress']]);
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace: this.of(NAMESPACES) },
      spec: {
        podSelector: this.selector(),
        policyTypes: types,
        ingress: this.list(2, () => this.rule('from')),
        egress: this.list(2, () => this.rule('to')),
      },
    };
  }

  private adminPolicy(name: string): KubeObject {
    const rules = (side: 'from' | 'to') =>
      this.list(2, () => ({
        action: this.of(['Allow', 'Deny', 'Pass']),
        [side]: [this.adminPeer(side), ...this.list(1, () => this.adminPeer(side))],
        ...(this.chance(2) && { ports: [this.adminPort()] }),
      }));
    const priority = this.stream.below(1_000);
    const subject = this.subject();
    const spec = { priority, subject, ingress: rules('from'), egress: rules('to') };
    const apiVersion = 'policy.networking.k8s.io/v1alpha1';
    return { apiVersion, kind: 'AdminNetworkPolicy', metadata: { name }, spec };
  }

  private baselinePolicy(): KubeObject {
    const rules = (side: 'from' | 'to') =>
      this.list(2, () => ({
        action: this.of(['Allow', 'Deny']),
        [side]: [this.adminPeer(side)],
        ...(this.chance(2) && { ports: [this.adminPort()] }),
      }));
    const spec = { subject: this.subject(), ingress: rules('from'), egress: rules('to') };
    const apiVersion = 'policy.networking.k8s.io/v1alpha1';
    const metadata = { name: 'default' };
    return { apiVersion, kind: 'BaselineAdminNetworkPolicy', metadata, spec };
  }

  private clusterPolicy(name: string): KubeObject {
    const rules = (side: 'from' | 'to') =>
      this.list(2, () => ({
        action: this.of(['Accept', 'Deny', 'Pass']),
        [side]: [this.adminPeer(side)],
        ...(this.chance(2) && { protocols: [this.transport()] }),
      }));
    const spec = {
      tier: this.of(['Admin', 'Baseline']),
      priority: this.stream.below(1_000),
      subject: this.subject(),
      ingress: rules('from'),
      egress: rules('to'),
    };
    const apiVersion = 'policy.networking.k8s.io/v1alpha2';
    return { apiVersion, kind: 'ClusterNetworkPolicy', metadata: { name }, spec };
  }

  private rule(side: 'from' | 'to'): unknown {
    const peers = this.list(2, () => this.peer());
    const ports = this.list(2, () => this.port());
    return {
      ...((peers.length > 0 || this.chance(2)) && { [side]: peers }),
      ...((ports.length > 0 || this.chance(2)) && { ports }),
    };
  }

  private peer(): unknown {
    switch (this.stream.below(4)) {
      case 0:
        return { podSelector: this.selector() };
      case 1:
        return { namespaceSelector: this.selector() };
      case 2:
        return { podSelector: this.selector(), namespaceSelector: this.selector() };
      default:
        return { ipBlock: this.block() };
    }
  }

  private block(): unknown {
    const cidr = this.of(['0.0.0.0/0', '10.244.0.0/16', '10.244.1.0/24']);
    const except = this.of([[], ['10.244.1.8/29'], ['10.244.1.16/28', '10.244.1.11/32']]);
    return { cidr, except };
  }

  private port(): unknown {
    const protocol = this.of(PROTOCOLS);
    switch (this.stream.below(4)) {
      case 0:
        return { protocol };
      case 1:
        return { protocol, port: this.of(NAMES) };
      case 2:
        return { protocol, port: 80, endPort: this.of([80, 81, 8080]) };
      default:
        return { protocol, port: this.of(PORTS) };
    }
  }

  private adminPeer(side: 'from' | 'to'): unknown {
    if (side === 'to' && this.chance(4)) {
      return { networks: this.of([['0.0.0.0/0'], ['10.244.0.0/24', '10.244.1.12/32']]) };
    }
    return this.subject();
  }

  private subject(): unknown {
    if (this.chance(2)) return { namespaces: this.selector() };
    return { pods: { namespaceSelector: this.selector(), podSelector: this.selector() } };
  }

  private adminPort(): unknown {
    const protocol = this.of(PROTOCOLS);
    switch (this.stream.below(3)) {
      case 0:
        return { namedPort: this.of(NAMES) };
      case 1:
        return { portRange: { protocol, start: 80, end: this.of([81, 8080]) } };
      default:
        return { portNumber: { protocol, port: this.of(PORTS) } };
    }
  }

  private transport(): unknown {
    const word = this.of(['tcp', 'udp', 'sctp']);
    switch (this.stream.below(4)) {
      case 0:
        return { destinationNamedPort: this.of(NAMES) };
      case 1:
        return { [word]: {} };
      case 2:
        return { [word]: { destinationPort: { range: { start: 80, end: 81 } } } };
      default:
        return { [word]: { destinationPort: { number: this.of(PORTS) } } };
    }
  }

  private selector(): unknown {
    if (this.chance(3)) return {};
    const key = this.of(['a', 'b']);
    switch (this.stream.below(5)) {
      case 0:
        return { matchExpressions: [{ key, operator: 'Exists' }] };
      case 1:
        return { matchExpressions: [{ key, operator: 'DoesNotExist' }] };
      case 2:
        return { matchExpressions: [{ key, operator: 'In', values: ['1', ''] }] };
      case 3:
        return { matchExpressions: [{ key, operator: 'NotIn', values: ['1', '2'] }] };
      default:
        return { matchLabels: { [key]: this.of(['1', '2', '']) } };
    }
  }

  private labels(): Record<string, string> {
    const keys = ['a', 'b'].filter(() => this.chance(2));
    return Object.fromEntries(keys.map((key) => [key, this.of(['1', '2', '3', ''])]));
  }

  private list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.stream.below(most + 1) }, make);
  }

  private chance(outOf: number): boolean {
    return this.stream.below(outOf) === 0;
  }

  private of<T>(items: readonly T[]): T {
    return items[this.stream.below(items.length)]!;
  }
}
