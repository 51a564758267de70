// What the API server gives to a Service: families, virtual addresses, node ports.
// source: pkg/registry/core/service/storage/{alloc,storage}.go

import type { Random } from '../kernel/random';
import { cidr } from '../values/cidr';
import type { ClusterSpec } from '../values/cluster-spec';
import { familyOf, parseIp } from '../values/ip';
import type { Family, IP } from '../values/ip';
import { copyWith, keyOf } from '../values/kube-object';
import type { ObjectKey } from '../values/kube-object';
import { ClusterIpAllocator } from './cluster-ip-allocator';
import { isExternallyAccessible, isHeadless } from './kinds/service';
import type { Service, ServicePort, ServiceSpec } from './kinds/service';
import { NodePortAllocator } from './node-port-allocator';

type ServiceRanges = Pick<ClusterSpec, 'ipFamilies' | 'serviceCIDRs'>;

/** A reason why a Service cannot be stored. */
class Refusal {
  readonly reason: string;

  constructor(path: string, reason: string) {
    this.reason = `${path}: ${reason}`;
  }
}

/** What was taken for a Service, to be given back where it is not stored. */
interface Taken {
  readonly addresses: IP[];
  readonly ports: number[];
}

const NO_ADDRESSES: readonly IP[] = Object.freeze([]);
const HEADLESS: readonly string[] = Object.freeze(['None']);

export class ServiceAllocation {
  private readonly families: readonly Family[];
  /** The first of them alone, as most Services have it. */
  private readonly firstFamily: readonly Family[];
  private readonly addresses: ReadonlyMap<Family, ClusterIpAllocator>;
  private readonly nodePorts: NodePortAllocator;

  constructor(ranges: ServiceRanges, random: Random, origin?: ServiceAllocation) {
    this.families = ranges.ipFamilies;
    this.firstFamily = Object.freeze(ranges.ipFamilies.slice(0, 1));
    this.addresses = new Map(
      ranges.ipFamilies.map((family, index) => [
        family,
        origin?.addresses.get(family)?.fork(random) ??
          new ClusterIpAllocator(cidr(ranges.serviceCIDRs[index]!), random),
      ]),
    );
    this.nodePorts = origin?.nodePorts.fork(random) ?? new NodePortAllocator(random);
  }

  /** The Service with everything that it is to have, or the reason why not. `owner`: its key. */
  allocate(
    service: Service,
    previous: Service | undefined,
    owner: ObjectKey = keyOf(service),
  ): Service | string {
    const taken: Taken = { addresses: [], ports: [] };
    const spec = this.complete(service, previous, owner, taken);
    if (spec instanceof Refusal) {
      this.giveBack(taken.addresses, taken.ports);
      return spec.reason;
    }
    const stored = copyWith(service, { spec });
    if (previous !== undefined) this.releaseUnused(previous, stored);
    return stored;
  }

  /** Gives back all that a removed Service held. */
  release({ spec }: Service): void {
    this.giveBack(addressesOf(spec), nodePortsOf(spec));
  }

  private giveBack(addresses: readonly IP[], ports: readonly number[]): void {
    for (const address of addresses) this.addresses.get(familyOf(address))?.release(address);
    for (const port of ports) this.nodePorts.release(port);
  }

  private complete(
    service: Service,
    previous: Service | undefined,
    owner: ObjectKey,
    taken: Taken,
  ): ServiceSpec | Refusal {
    const bare = withoutAddresses(service.spec);
    if (bare.type === 'ExternalName') return bare;
    const families = this.familiesOf(service);
    if (families instanceof Refusal) return families;
    const policy = service.spec.ipFamilyPolicy ?? this.defaultPolicy(service);
    const held = previous === undefined ? NO_ADDRESSES : addressesOf(previous.spec);
    const clusterIPs = isHeadless(service)
      ? HEADLESS
      : this.takeAddresses(service, owner, families, held, taken);
    if (clusterIPs instanceof Refusal) return clusterIPs;
    const spec: ServiceSpec = copyWith(bare, {
      clusterIP: clusterIPs[0]!,
      clusterIPs,
      ipFamilies: families,
      ipFamilyPolicy: policy,
    });
    // Most Services have none on the nodes.
    if (!needsNodePorts(spec) && !needsHealthCheckPort(spec)) return spec;
    return this.takePorts(spec, owner, new Set(previous && nodePortsOf(previous.spec)), taken);
  }

  private defaultPolicy(service: Service): 'SingleStack' | 'RequireDualStack' {
    // Nobody knows the families of a headless Service whose endpoints are written by hand.
    return isHeadless(service) && !service.spec.selector ? 'RequireDualStack' : 'SingleStack';
  }

  private familiesOf(service: Service): readonly Family[] | Refusal {
    const { spec } = service;
    const given = spec.ipFamilies?.length ? spec.ipFamilies : addressesOf(spec).map(familyOf);
    for (const family of given) {
      if (this.families.includes(family) || isHeadlessSelectorless(service)) continue;
      return new Refusal('spec.ipFamilies', `${family} is not configured on this cluster`);
    }
    const policy = spec.ipFamilyPolicy ?? this.defaultPolicy(service);
    if (policy === 'SingleStack') {
      if (given.length < 2) return given.length === 1 ? given : this.firstFamily;
      const reason = 'must be PreferDualStack or RequireDualStack where there are two families';
      return new Refusal('spec.ipFamilyPolicy', reason);
    }
    const isDual = this.families.length > 1 || isHeadlessSelectorless(service);
    if (!isDual) {
      if (policy === 'PreferDualStack') return given.length > 0 ? given : this.families;
      return new Refusal('spec.ipFamilyPolicy', 'this cluster is not configured for dual stack');
    }
    const first = given[0] ?? this.families[0]!;
    return [first, first === 'IPv4' ? 'IPv6' : 'IPv4'];
  }

  private takeAddresses(
    { spec }: Service,
    owner: string,
    families: readonly Family[],
    held: readonly IP[],
    taken: Taken,
  ): readonly IP[] | Refusal {
    const wanted = addressesOf(spec);
    // Explicit addresses first: a free one must not be drawn that is asked for.
    for (const family of families) {
      const explicit = lastOf(family, wanted);
      if (explicit === undefined) continue;
      const reason = this.addresses.get(family)!.claim(explicit, owner);
      if (reason !== undefined) return new Refusal('spec.clusterIPs', reason);
      if (!held.includes(explicit)) taken.addresses.push(explicit);
    }
    let addresses = NO_ADDRESSES;
    for (const family of families) {
      const allocator = this.addresses.get(family)!;
      const explicit = lastOf(family, wanted);
      const address = explicit ?? allocator.allocate(owner);
      if (address === undefined) {
        return new Refusal('spec.clusterIPs', `the range ${allocator.range.text} is full`);
      }
      if (explicit === undefined) taken.addresses.push(address);
      // Most Services have one address: a list that grows would keep room for more.
      addresses = addresses.concat(address);
    }
    return addresses;
  }

  private takePorts(
    spec: ServiceSpec,
    owner: string,
    held: ReadonlySet<number>,
    taken: Taken,
  ): ServiceSpec | Refusal {
    const take = (wanted: number | undefined, path: string): number | Refusal => {
      const reason = wanted ? this.nodePorts.claim(wanted, owner) : undefined;
      if (reason !== undefined) return new Refusal(path, reason);
      const port = wanted || this.nodePorts.allocate(owner);
      if (port === undefined) return new Refusal(path, 'every node port is taken');
      if (!held.has(port)) taken.ports.push(port);
      return port;
    };
    const ports: ServicePort[] = [];
    const given = spec.ports ?? [];
    // Explicit numbers first, for the same reason.
    const order = given.map((_, index) => index).sort((a, b) => rank(given[a]!) - rank(given[b]!));
    for (const index of needsNodePorts(spec) ? order : []) {
      const port = take(given[index]!.nodePort, `spec.ports[${index}].nodePort`);
      if (port instanceof Refusal) return port;
      ports[index] = { ...given[index]!, nodePort: port };
    }
    const complete = spec.ports && needsNodePorts(spec) ? { ...spec, ports } : spec;
    if (!needsHealthCheckPort(spec)) return complete;
    const port = take(spec.healthCheckNodePort, 'spec.healthCheckNodePort');
    return port instanceof Refusal ? port : { ...complete, healthCheckNodePort: port };
  }

  private releaseUnused(previous: Service, stored: Service): void {
    const addresses = new Set(addressesOf(stored.spec));
    for (const address of addressesOf(previous.spec)) {
      if (!addresses.has(address)) this.addresses.get(familyOf(address))?.release(address);
    }
    const ports = new Set(nodePortsOf(stored.spec));
    for (const port of nodePortsOf(previous.spec)) {
      if (!ports.has(port)) this.nodePorts.release(port);
    }
  }
}

/**
 * A changed Service with what was allocated to it before, where the change leaves it open; and
 * without what only its former type had.
 * source: pkg/registry/core/service/strategy.go patchAllocatedValues, dropTypeDependentFields
 */
export function keepAllocations(service: Service, previous: Service): Service {
  const before = previous.spec;
  const after = service.spec;
  const hasAddress = after.type !== 'ExternalName' && before.type !== 'ExternalName';
  const { clusterIPs, ipFamilies, ipFamilyPolicy, clusterIP } = before;
  const sameAddress = !after.clusterIP || after.clusterIP === clusterIP;
  const addresses =
    hasAddress && sameAddress ? { clusterIPs, ipFamilies, ipFamilyPolicy, clusterIP } : {};
  const kept = dropBalancerFields(dropExternalFields(after, before), before);
  const spec = { ...kept, ports: keepNodePorts(after, before) };
  return { ...service, spec: { ...addresses, ...withoutEmpty(spec) } as ServiceSpec };
}

function keepNodePorts(
  after: ServiceSpec,
  before: ServiceSpec,
): readonly ServicePort[] | undefined {
  const { ports } = after;
  if (ports === undefined) return undefined;
  if (!needsNodePorts(after)) {
    if (!needsNodePorts(before)) return ports;
    return ports.map(({ nodePort: _dropped, ...port }) => port);
  }
  const used = new Set(ports.map(({ nodePort }) => nodePort));
  return ports.map((port) => {
    if (port.nodePort) return port;
    const known = before.ports?.find(
      (it) => it.port === port.port && it.protocol === (port.protocol ?? 'TCP'),
    );
    if (!known?.nodePort || used.has(known.nodePort)) return port;
    used.add(known.nodePort);
    return { ...port, nodePort: known.nodePort };
  });
}

function dropExternalFields(after: ServiceSpec, before: ServiceSpec): ServiceSpec {
  const { externalTrafficPolicy, healthCheckNodePort, ...rest } = after;
  const type = after.type ?? 'ClusterIP';
  const isExternal = isExternallyAccessible({ ...after, type });
  const keepsPolicy = isExternal || !isExternallyAccessible(before);
  const keepsPort = needsHealthCheckPort({ ...after, type }) || !needsHealthCheckPort(before);
  const port = healthCheckNodePort ?? (keepsPort ? before.healthCheckNodePort : undefined);
  return {
    ...rest,
    ...(keepsPolicy && externalTrafficPolicy && { externalTrafficPolicy }),
    ...(keepsPort && port && { healthCheckNodePort: port }),
  };
}

/** What only a LoadBalancer has goes with that type, where it was left as it stood. */
function dropBalancerFields(after: ServiceSpec, before: ServiceSpec): ServiceSpec {
  if (before.type !== 'LoadBalancer' || after.type === 'LoadBalancer') return after;
  const { allocateLoadBalancerNodePorts: allocate, loadBalancerClass: name, ...rest } = after;
  const isChanged = allocate !== before.allocateLoadBalancerNodePorts;
  return {
    ...rest,
    ...(isChanged && allocate !== undefined && { allocateLoadBalancerNodePorts: allocate }),
    ...(name !== before.loadBalancerClass && name !== undefined && { loadBalancerClass: name }),
  };
}

/** What the API server gives to it is given anew. */
function withoutAddresses(spec: ServiceSpec): ServiceSpec {
  // Most Services leave all of it to the API server.
  if (!('clusterIP' in spec || 'clusterIPs' in spec || 'ipFamilies' in spec)) return spec;
  const { clusterIP: _one, clusterIPs: _all, ipFamilies: _families, ...bare } = spec;
  return bare;
}

function needsNodePorts({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean {
  return (
    type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false)
  );
}

function needsHealthCheckPort({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

function isHeadlessSelectorless(service: Service): boolean {
  return isHeadless(service) && !service.spec.selector;
}

/** The explicit or allocated addresses, primary first; none for a headless Service. */
function addressesOf({ clusterIP, clusterIPs }: ServiceSpec): readonly IP[] {
  if (!clusterIP && !clusterIPs?.length) return NO_ADDRESSES;
  const texts = clusterIPs?.length ? clusterIPs : [clusterIP!];
  return texts.map(parseIp).filter((address) => address !== undefined);
}

function lastOf(family: Family, addresses: readonly IP[]): IP | undefined {
  return addresses.findLast((address) => familyOf(address) === family);
}

function nodePortsOf({ ports = [], healthCheckNodePort }: ServiceSpec): number[] {
  return [...ports.map(({ nodePort }) => nodePort), healthCheckNodePort].filter(
    (it) => !!it,
  ) as number[];
}

function rank({ nodePort }: ServicePort): number {
  return nodePort ? 0 : 1;
}

/** Without fields that hold nothing, so that they do not hide what was there before. */
function withoutEmpty(spec: object): object {
  return Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== undefined && value !== ''),
  );
}
