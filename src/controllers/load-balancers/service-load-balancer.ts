// Gives Services of type LoadBalancer their external addresses: the service controller of a
// cloud, or the controller of MetalLB. Without either, such Services stay `<pending>`.
// source: staging/src/k8s.io/cloud-provider/controllers/service/controller.go;
// metallb controller/service.go, internal/allocator/allocator.go

import type { LoadBalancerIngress, Service } from '../../apiserver/kinds/service';
import type { Change } from '../../apiserver/informer';
import type { ClusterSpec } from '../../values/cluster-spec';
import { familyOf, parseIp } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import type { ObjectKey } from '../../values/kube-object';
import { isAtLeast } from '../../values/kube-version';
import type { AddressPool } from './address-pool';
import { defineController } from '../define';
import type { ControllerDefinition, ControllerLogic, Workplace } from '../define';
import { providerOf } from './load-balancer-provider';
import type { Provider } from './load-balancer-provider';
import type { Pass } from '../pass';

const ADDRESS_ANNOTATIONS = ['metallb.io/loadBalancerIPs', 'metallb.universe.tf/loadBalancerIPs'];
const POOL_ANNOTATIONS = ['metallb.io/address-pool', 'metallb.universe.tf/address-pool'];

/** What the cluster's provider of load balancers runs in the control plane; none without one. */
export function loadBalancerControllers(spec: ClusterSpec): readonly ControllerDefinition[] {
  const provider = providerOf(spec);
  if (provider === undefined) return [];
  const create = (place: Workplace): ControllerLogic => new LoadBalancerLogic(place, provider);
  if (provider.name === 'cloud') {
    const process = 'cloud-controller-manager';
    const latency = 'cloud-controller-manager.ensureLoadBalancer';
    const retry = 'cloud-controller-manager.retry';
    const retryMax = 'cloud-controller-manager.retryMax';
    const part = { name: 'service', kind: 'Service', process, latency, retry, retryMax } as const;
    return [defineController({ ...part, create })];
  }
  return [defineController({ name: 'controller', kind: 'Service', process: 'metallb', create })];
}

/** Whether the Service asks this provider for an address. */
export function isServed({ spec, metadata }: Service, provider: Provider): boolean {
  if (spec.type !== 'LoadBalancer' || metadata.deletionTimestamp !== undefined) return false;
  return spec.loadBalancerClass === provider.loadBalancerClass;
}

class LoadBalancerLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private readonly provider: Provider;
  /** Who has which address. */
  private readonly owners = new Map<IP, ObjectKey>();

  constructor(place: Workplace, provider: Provider) {
    this.place = place;
    this.provider = provider;
    this.watches = { Service: (change) => this.onService(change) };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const service = this.place.view.get('Service', key) as Service | undefined;
    const held = [...this.owners].filter(([, owner]) => owner === key).map(([address]) => address);
    if (service === undefined || !isServed(service, this.provider)) {
      for (const address of held) this.owners.delete(address);
      if (service !== undefined && held.length > 0) this.setStatus(service, [], pass);
      return;
    }
    const families = service.spec.ipFamilies ?? ['IPv4'];
    const wanted = requestedAddresses(service);
    const fits = (address: IP): boolean => wanted.length === 0 || wanted.includes(address);
    if (families.every((family) => held.some((it) => familyOf(it) === family && fits(it)))) return;
    for (const address of held) this.owners.delete(address);
    const addresses = families.map((family) => this.choose(service, family, key));
    if (addresses.includes(undefined)) {
      this.place.kernel.note(
        this.place.actor,
        'AllocationFailed',
        `Service/${key}`,
        wanted.length === 0 ? 'no address is free' : `${wanted.join(', ')} cannot be had`,
      );
      return;
    }
    for (const address of addresses) this.owners.set(address!, key);
    this.setStatus(service, addresses as IP[], pass);
  }

  reset(): void {
    this.owners.clear();
  }

  /** Addresses that stand in a status are taken, whoever gave them. */
  private onService({ key, after }: Change): readonly ObjectKey[] {
    const service = after as Service | undefined;
    if (service !== undefined && isServed(service, this.provider)) {
      for (const { ip } of service.status?.loadBalancer?.ingress ?? []) {
        const address = parseIp(ip ?? '');
        if (address !== undefined && !this.owners.has(address)) this.owners.set(address, key);
      }
    }
    return [key];
  }

  private choose(service: Service, family: Family, key: ObjectKey): IP | undefined {
    const isTaken = (address: IP): boolean => (this.owners.get(address) ?? key) !== key;
    const wanted = requestedAddresses(service).find((it) => familyOf(it) === family);
    const pools = this.poolsFor(service, wanted !== undefined);
    if (wanted !== undefined) {
      return pools.some((pool) => pool.has(wanted)) && !isTaken(wanted) ? wanted : undefined;
    }
    for (const pool of pools) {
      const address = pool.nextFree(family, isTaken);
      if (address !== undefined) return address;
    }
    return undefined;
  }

  private poolsFor(service: Service, isExplicit: boolean): readonly AddressPool[] {
    const { pools } = this.provider;
    const name = annotationOf(service, POOL_ANNOTATIONS);
    if (name !== undefined) return pools.filter((pool) => pool.name === name);
    return isExplicit ? pools : pools.filter(({ autoAssign }) => autoAssign);
  }

  private setStatus(service: Service, addresses: readonly IP[], pass: Pass): void {
    const mode = this.provider.delivery === 'proxy' ? 'Proxy' : 'VIP';
    // Gate LoadBalancerIPMode: beta and on in 1.30, GA 1.32 (KEP-1860). Without it the API server
    // drops the field.
    // source: pkg/registry/core/service/strategy.go dropServiceStatusDisabledFields
    const server = this.place.timing.versions.of('apiserver');
    const ipMode = isAtLeast(server, '1.30') ? { ipMode: mode } : {};
    const ingress = addresses.map((ip) => ({ ip, ...ipMode }) as LoadBalancerIngress);
    const status = { loadBalancer: ingress.length === 0 ? { ingress: null } : { ingress } };
    pass.effect = ingress.length === 0 ? 'loss' : 'gain';
    pass.summary = addresses.join(', ') || 'no address';
    pass.patch(service, { status });
  }
}

/** What the Service asks for: its own field, or MetalLB's annotation. */
function requestedAddresses(service: Service): IP[] {
  const texts = annotationOf(service, ADDRESS_ANNOTATIONS) ?? service.spec.loadBalancerIP ?? '';
  return texts.split(',').flatMap((text) => parseIp(text.trim()) ?? []);
}

function annotationOf({ metadata }: Service, names: readonly string[]): string | undefined {
  return names.map((name) => metadata.annotations?.[name]).find((value) => value !== undefined);
}
