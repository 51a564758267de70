// What stands behind a name of the cluster: addresses with ports, or another name. The shape of
// the records is decided elsewhere, by the type that was asked for.
// source: coredns plugin/kubernetes/kubernetes.go (findServices, findPods, nsAddrs), reverse.go

import { parseIp } from '../../values/ip';
import type { IP } from '../../values/ip';
import { isWithin, joinNames, relativeTo } from '../dns-message';
import type { DnsView, EndpointRecord, PortRecord, ServiceRecord } from '../dns-view';
import { addressOfDashedName, dashedName } from '../reverse-name';
import { parseName } from './kubernetes-name';
import type { ParsedName } from './kubernetes-name';
import type { KubernetesOptions } from './kubernetes-options';

/** One answer of the backend, before it becomes a record. */
export interface Entry {
  /** The name under which the address is known: the target of SRV records. */
  readonly owner: string;
  /** An address, or the target of an ExternalName Service. */
  readonly host: IP | string;
  /** Undefined where nothing declares a port. */
  readonly port: number | undefined;
}

/** No entries means that the name exists without any. */
export type Found = readonly Entry[] | 'name-error';

/** Endpoint names from pods must be shorter than a label may be long. */
const POD_NAME_MAX = 63;

export class KubernetesBackend {
  readonly view: DnsView;
  readonly options: KubernetesOptions;

  constructor(view: DnsView, options: KubernetesOptions) {
    this.view = view;
    this.options = options;
  }

  /** What stands behind a name that is no address. `zone` is written as the client wrote it. */
  records(name: string, zone: string): Found {
    const parsed = parseName(relativeTo(name, zone));
    if (parsed === 'invalid') return 'name-error';
    if (parsed === 'empty') return [];
    if (isReverseZone(name) || !this.isExposed(parsed.namespace)) return 'name-error';
    return parsed.kind === 'pod' ? this.pods(parsed, zone) : this.services(parsed, zone);
  }

  /** Whether answers may tell of a namespace. */
  isExposed(namespace: string): boolean {
    const labels = this.view.namespaceLabels(namespace);
    if (labels === undefined) return false;
    const { namespaces, namespaceLabels } = this.options;
    if (namespaces.length > 0 && !namespaces.includes(namespace)) return false;
    return [...(namespaceLabels ?? [])].every(([key, value]) =>
      value === undefined ? key in labels : labels[key] === value,
    );
  }

  /** Names of an address: the Service's, else those of all its endpoints. */
  reverse(address: IP, primaryZone: string): readonly string[] {
    const isTold = (namespace: string) =>
      this.options.namespaces.length === 0 || this.isExposed(namespace);
    const service = this.view.serviceAt(address);
    if (service !== undefined && isTold(service.namespace)) {
      return [serviceName(service.name, service.namespace, primaryZone)];
    }
    return this.view
      .endpointsAt(address)
      .filter(({ namespace }) => isTold(namespace))
      .map(({ namespace, service: owner, endpoint }) =>
        joinNames(this.endpointName(endpoint), serviceName(owner, namespace, primaryZone)),
      );
  }

  /**
   * The name servers of a zone: the Services in front of this process, or `ns.dns` with its own
   * addresses where there is none.
   * source: coredns plugin/kubernetes/ns.go
   */
  nameServers(addresses: readonly IP[], zone: string): readonly Entry[] {
    const owners = addresses.flatMap((address) => this.view.endpointsAt(address));
    if (owners.length === 0) {
      const owner = joinNames('ns.dns', zone);
      return addresses.map((host) => ({ owner, host, port: undefined }));
    }
    return owners.flatMap(({ namespace, service: name }) => {
      const service = this.view.service(namespace, name);
      if (service === undefined) return [];
      const owner = serviceName(name, namespace, zone);
      if (!service.headless) {
        return service.addresses.map((host) => ({ owner, host, port: undefined }));
      }
      return this.view.endpoints(namespace, name).map((endpoint) => ({
        owner: joinNames(this.endpointName(endpoint), owner),
        host: endpoint.address,
        port: undefined,
      }));
    });
  }

  endpointName({ hostname, podName, address }: EndpointRecord): string {
    if (hostname !== '') return hostname;
    const isFit = podName !== '' && podName.length <= POD_NAME_MAX;
    return this.options.endpointPodNames && isFit ? podName : dashedName(address);
  }

  private services(parsed: ParsedName, zone: string): Found {
    if (parsed.service === '') return [];
    const service = this.view.service(parsed.namespace, parsed.service);
    if (service === undefined) return 'name-error';
    const owner = serviceName(service.name, service.namespace, zone);
    if (service.externalName !== undefined) return externalName(service, parsed, owner);
    if (this.isIgnored(service)) return 'name-error';
    const entries =
      service.headless || parsed.endpoint !== ''
        ? this.endpoints(service, parsed, owner)
        : service.addresses.flatMap((host) =>
            portsOf(service.ports, parsed).map((port) => ({ owner, host, port })),
          );
    return entries.length === 0 ? 'name-error' : entries;
  }

  private isIgnored({ headless, namespace, name }: ServiceRecord): boolean {
    if (!this.options.ignoreEmptyService || headless) return false;
    return this.view.endpoints(namespace, name).length === 0;
  }

  private endpoints(service: ServiceRecord, parsed: ParsedName, owner: string): Entry[] {
    if (!this.options.hasEndpoints) return [];
    return this.view
      .endpoints(service.namespace, service.name)
      .map((endpoint) => ({ endpoint, label: this.endpointName(endpoint) }))
      .filter(({ label }) => parsed.endpoint === '' || label === parsed.endpoint)
      .flatMap(({ endpoint, label }) =>
        portsOf(endpoint.ports, parsed).map((port) => ({
          owner: joinNames(label, owner),
          host: endpoint.address,
          port,
        })),
      );
  }

  /** `10-244-1-5.<namespace>.pod`: with `pods insecure` any address, of a pod or not. */
  private pods(parsed: ParsedName, zone: string): Found {
    const { pods } = this.options;
    if (pods === 'disabled') return 'name-error';
    if (parsed.service === '') return [];
    const host = addressOfDashedName(parsed.service);
    if (host === undefined) return 'name-error';
    const owner = joinNames(parsed.service, parsed.namespace, 'pod', zone);
    if (pods === 'insecure') return [{ owner, host, port: 0 }];
    const namespaces = this.view.podsAt(host).filter((it) => it === parsed.namespace);
    return namespaces.length === 0 ? 'name-error' : [{ owner, host, port: 0 }];
  }
}

/** Whether a name lies in a zone of addresses. */
export function isReverseZone(name: string): boolean {
  return isWithin(name, 'in-addr.arpa') || isWithin(name, 'ip6.arpa');
}

function serviceName(name: string, namespace: string, zone: string): string {
  return joinNames(name, namespace, 'svc', zone);
}

/** An ExternalName Service has nothing below its name, and an address is no name. */
function externalName(
  { externalName: text = '' }: ServiceRecord,
  parsed: ParsedName,
  owner: string,
): Found {
  const isPlain = parsed.endpoint === '' && parsed.port === '' && parsed.protocol === '';
  const host = text.replace(/\.$/, '');
  if (!isPlain || host === '' || parseIp(host) !== undefined) return 'name-error';
  return [{ owner, host, port: undefined }];
}

/** The ports that the labels of the name leave over; undefined where none is declared. */
export function portsOf(
  ports: readonly PortRecord[],
  { port: name, protocol }: Pick<ParsedName, 'port' | 'protocol'>,
): (number | undefined)[] {
  if (ports.length === 0) return name !== '' || protocol !== '' ? [] : [undefined];
  return ports
    .filter((port) => name === '' || port.name === name)
    .filter((port) => protocol === '' || port.protocol === protocol)
    .map(({ port }) => port);
}
