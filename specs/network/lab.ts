// The laboratory in which the facts of the reference page were measured: node n1 at 192.168.1.10
// with p1 10.244.1.5 and p2 10.244.1.6, node n2 at 192.168.1.11 with p3 10.244.2.8, an outside
// client at 192.168.1.100. Rules come from the real iptables mode of the model.

import { Kernel } from '../../src/kernel/kernel';
import { createNetwork } from '../../src/network/index';
import type { Network } from '../../src/network/index';
import { PodSandbox } from '../../src/node/pod-sandbox';
import { proxyMode } from '../../src/node/proxy/index';
import { servicePortKey } from '../../src/node/proxy/proxy-mode';
import type { Endpoint, ServicePort } from '../../src/node/proxy/proxy-mode';
import type { ClusterSpec, ListenSpec, NodeSpec } from '../../src/values/cluster-spec';
import { addressAt, cidr, subnetAt } from '../../src/values/cidr';
import { ip } from '../../src/values/ip';
import type { IP } from '../../src/values/ip';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import type { KubeVersion } from '../../src/values/kube-version';
import { formatTuple } from '../../src/values/flow';
import type { Protocol } from '../../src/values/flow';
import type { Destination, Origin } from '../../src/values/origin';
import { sortedBy } from '../../src/values/order';
import { START } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';

export interface LabOptions {
  readonly cni?: string;
  readonly mode?: string;
  readonly hairpinMode?: boolean;
  readonly nodes?: number;
  readonly isDualStack?: boolean;
  /** The mode of kube-proxy; iptables where it is not said. */
  readonly proxy?: string;
  readonly scheduler?: string;
  /** Further settings of the mode. */
  readonly proxyOptions?: Readonly<Record<string, unknown>>;
  readonly kubernetes?: KubeVersion;
}

export interface LabService {
  readonly name?: string;
  readonly clusterIP: string;
  readonly protocol?: Protocol;
  readonly port?: number;
  readonly nodePort?: number;
  readonly vip?: string;
  /** `ip:port`. */
  readonly endpoints: readonly string[];
  readonly externalPolicyLocal?: boolean;
  readonly internalPolicyLocal?: boolean;
  readonly affinitySeconds?: number;
}

const POD_CIDR = '10.244.0.0/16';

/** Wide enough for a thousand nodes; the first ones stand where the laboratory has them. */
const NODE_CIDR = '192.168.0.0/16';

export class Lab {
  readonly kernel = new Kernel(1);
  readonly network: Network;
  private readonly services: LabService[] = [];
  private readonly lastIndex = new Map<string, number>();

  private readonly options: LabOptions;

  constructor(options: LabOptions = {}) {
    this.options = options;
    this.network = createNetwork(specOf(options), this.kernel);
  }

  /** Plugs a pod in at a given address of its node; fillers take the addresses before it. */
  pod(
    name: string,
    node: string,
    address?: string,
    listen: readonly ListenSpec[] = [],
  ): PodSandbox {
    for (;;) {
      const index = this.lastIndex.get(node) ?? 1;
      const attachment = this.network.attachPod(node, `lab/${name}`);
      if (!attachment.ok) throw new Error(attachment.error);
      if (address === undefined || attachment.addresses.includes(ip(address))) {
        return this.install(name, node, attachment.addresses, listen, false);
      }
      if (index > 250) throw new Error(`${address} is no address of ${node}`);
      this.lastIndex.set(node, index + 1);
      this.network.detachPod(node, `lab/${name}`);
    }
  }

  /** A pod in the network namespace of its node. */
  hostPod(name: string, node: string, listen: readonly ListenSpec[] = []): PodSandbox {
    return this.install(name, node, this.network.machines.get(node)!.addresses, listen, true);
  }

  /** Adds a Service and programs it on every node. */
  service(service: LabService): void {
    this.services.push(service);
    this.program();
  }

  /** Programs other Services in place of those that stand. */
  reprogram(services: readonly LabService[]): void {
    this.services.splice(0, this.services.length, ...services);
    this.program();
  }

  send(from: Origin | string, to: string, options: { sport?: number; protocol?: Protocol } = {}) {
    const { protocol = 'TCP', ...rest } = options;
    return this.network.send(originOf(from), destinationOf(to, protocol), rest);
  }

  /** The one trace of a packet that has no choice. */
  sendOne(from: Origin | string, to: string, options: Parameters<Lab['send']>[2] = {}): Trace {
    const traces = this.send(from, to, options);
    if (traces.length !== 1) throw new Error(`${traces.length} traces, not one`);
    return traces[0]!;
  }

  program(): void {
    const { proxy = 'iptables', scheduler, proxyOptions = {} } = this.options;
    const { kubernetes = NEWEST_VERSION } = this.options;
    const machines = [...this.network.machines.values()];
    for (const [name, machine] of this.network.machines) {
      machine.proxyRules.set(
        'IPv4',
        proxyMode(proxy)!.compile(this.input(), {
          name,
          family: 'IPv4',
          addresses: machine.addresses,
          zone: '',
          clusterCIDR: POD_CIDR,
          masqueradeAll: false,
          nodePortAddresses: [],
          localhostNodePorts: true,
          serviceCIDRs: ['10.96.0.0/16'],
          nodeAddresses: machines.flatMap((it) => it.addresses),
          ...(scheduler !== undefined && { scheduler }),
          options: proxyOptions,
          kubernetes,
        }),
      );
    }
  }

  private input() {
    const ports = this.services.map((it) => [servicePortOf(it), it] as const);
    const sorted = sortedBy(ports, ([port]) => servicePortKey(port.id));
    return {
      servicePorts: new Map(sorted.map(([port]) => [servicePortKey(port.id), port])),
      endpoints: new Map(
        sorted.map(([port, { endpoints }]) => [
          servicePortKey(port.id),
          endpoints.map((text) => this.endpoint(text)),
        ]),
      ),
    };
  }

  private endpoint(text: string): Endpoint {
    const { address, port } = destinationOf(text, 'TCP');
    const nodes = [...this.network.machines.values()];
    const node = nodes.find(
      (it) => it.addresses.includes(address) || address.startsWith(podPrefix(nodes.indexOf(it))),
    );
    const conditions = { ready: true, serving: true, terminating: false };
    const hints = { zoneHints: [], nodeHints: [] };
    return { ip: address, port, nodeName: node?.name ?? '', ...conditions, ...hints };
  }

  private install(
    name: string,
    node: string,
    addresses: readonly IP[],
    listen: readonly ListenSpec[],
    hostNetwork: boolean,
  ): PodSandbox {
    const pod = { podKey: `lab/${name}`, uid: name, node, addresses, hostNetwork };
    const sandbox = new PodSandbox(pod);
    sandbox.processes.set('main', {
      container: 'main',
      state: 'running',
      listen,
      startedAt: START,
      exitCode: 0,
      exitedAt: START,
      stoppedBy: new Set(),
    });
    this.network.machines.get(node)!.installSandbox(sandbox);
    return sandbox;
  }
}

/** The laboratory with its three pods; p2 and p3 listen on 8080 and, for UDP, on 5353. */
export function standardLab(options: LabOptions = {}): Lab {
  const lab = new Lab(options);
  const listen = [tcp(8080), { port: 5353, protocol: 'UDP' }] as const;
  lab.pod('p1', 'n1', '10.244.1.5');
  lab.pod('p2', 'n1', '10.244.1.6', listen);
  lab.pod('p3', 'n2', '10.244.2.8', listen);
  lab.program();
  return lab;
}

/** Two pods on two nodes with addresses of both families. */
export function dualStackLab(): Lab {
  const lab = new Lab({ isDualStack: true });
  lab.pod('p1', 'n1', undefined, [tcp(8080)]);
  lab.pod('p2', 'n2', undefined, [tcp(8080)]);
  return lab;
}

export function tcp(port: number): ListenSpec {
  return { port, protocol: 'TCP' };
}

/** `n1 10.244.1.5:40000 → 10.96.0.21:80 | 10.244.1.6:8080 → 10.244.1.5:40000`, one per entry. */
export function entriesOf(trace: Trace): string[] {
  return trace.translations.map(
    ({ node, original, reply }) => `${node} ${formatTuple(original)} | ${formatTuple(reply)}`,
  );
}

/** `n1/veth`, `n1/cni0`, …: where a packet was seen on its way. */
export function pathOf(hops: Trace['hops']): string[] {
  return hops.map(({ node, device }) => `${node}/${device}`);
}

function originOf(from: Origin | string): Origin {
  if (typeof from !== 'string') return from;
  if (from === 'outside') return { external: 'outside' };
  return /^n\d+$/.test(from) ? { node: from } : { pod: `lab/${from}` };
}

function destinationOf(text: string, protocol: Protocol): Destination {
  const colon = text.lastIndexOf(':');
  return { address: ip(text.slice(0, colon)), port: Number(text.slice(colon + 1)), protocol };
}

function servicePortOf(service: LabService): ServicePort {
  const name = service.name ?? `svc-${service.clusterIP.replaceAll('.', '-')}`;
  return {
    id: { namespace: 'lab', name, port: '', protocol: service.protocol ?? 'TCP' },
    clusterIP: ip(service.clusterIP),
    port: service.port ?? 80,
    nodePort: service.nodePort,
    externalIPs: [],
    loadBalancerVIPs: service.vip === undefined ? [] : [ip(service.vip)],
    loadBalancerSourceRanges: [],
    healthCheckNodePort: undefined,
    affinitySeconds: service.affinitySeconds,
    internalPolicyLocal: service.internalPolicyLocal ?? false,
    externalPolicyLocal: service.externalPolicyLocal ?? false,
  };
}

function podPrefix(index: number): string {
  return `10.244.${index + 1}.`;
}

function specOf(labOptions: LabOptions): ClusterSpec {
  const { cni = 'flannel', nodes = 2, isDualStack = false } = labOptions;
  const { mode, hairpinMode } = labOptions;
  const options = {
    ...(mode !== undefined && { mode }),
    ...(hairpinMode !== undefined && { hairpinMode }),
  };
  const podCIDR = nodes > 255 ? '10.240.0.0/12' : POD_CIDR;
  return {
    kubernetes: NEWEST_VERSION,
    domain: 'cluster.local',
    nodes: Array.from({ length: nodes }, (_, index) => nodeOf(index, isDualStack)),
    controlPlane: ip('192.168.1.9'),
    ipFamilies: isDualStack ? ['IPv4', 'IPv6'] : ['IPv4'],
    podCIDRs: isDualStack ? [podCIDR, 'fd00:244::/48'] : [podCIDR],
    serviceCIDRs: ['10.96.0.0/16'],
    nodeCIDRs: isDualStack ? [NODE_CIDR, 'fd00:1::/64'] : [NODE_CIDR],
    cni: { name: cni, options },
    proxy: { mode: 'iptables', options: {} },
    dns: { replicas: 2 },
    externals: [
      { name: 'outside', address: ip('192.168.1.100'), listen: [tcp(9999)], names: [] },
      { name: 'internet', address: ip('203.0.113.5'), listen: [tcp(443)], names: [] },
    ],
    loadBalancer: 'none',
    timing: { profile: 'default', overrides: {} },
    featureGates: {},
    start: 'settled',
    behaviours: [],
    manifests: [],
  };
}

function nodeOf(index: number, isDualStack: boolean): NodeSpec {
  const v6 = isDualStack ? [ip(`fd00:1::${10 + index}`)] : [];
  const podsV6 = isDualStack ? [`fd00:244:0:${index + 1}::/64`] : [];
  return {
    name: `n${index + 1}`,
    addresses: [addressAt(cidr('192.168.0.0/16'), 266 + index), ...v6],
    zone: '',
    labels: {},
    taints: [],
    podCIDRs: [subnetAt(cidr('10.240.0.0/12'), 24, 1025 + index)!.text, ...podsV6],
    role: 'worker',
    maxPods: 110,
  };
}
