// What a CoreDNS process answers: the algorithm of its kubernetes plugin over the process's own
// view of the cluster. How a question reaches it is the network's affair.
// source: coredns plugin/kubernetes/{handler,kubernetes,parse}.go, plugin/backend_lookup.go
//
// Not modelled: the cache plugin (kubeadm switches it off for the cluster's zone since 1.32; before
// that, and with the addon manager's Corefile, answers may be up to 30 s older than here), record
// order (answers are sorted), message size, and the types NS, MX, AXFR.

import { compareIps, parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import { compareText, sortedBy } from '../values/order';
import type { Corefile } from './corefile';
import { isWithin, relativeTo } from './dns-message';
import type { DnsAnswer, Question, RecordType, ResourceRecord } from './dns-message';
import type { DnsView, EndpointRecord, PortRecord, ServiceRecord } from './dns-view';
import { addressOfDashedName, addressOfReverseName, dashedName, isOfType } from './reverse-name';

/** Who answers for names that are not the cluster's. */
export type Upstream = (question: Question) => DnsAnswer;

/** Records, or one of the two ways to have none: NODATA exists under another type, NXDOMAIN not. */
type Lookup = readonly ResourceRecord[] | 'nodata' | 'nxdomain';

/** One (address, port) behind a name; `port` is undefined where the Service declares none. */
interface Target {
  readonly host: string;
  readonly address: IP;
  readonly port: number | undefined;
}

/** A name below `svc` or `pod`, read from right to left. */
interface ParsedName {
  readonly kind: 'svc' | 'pod';
  readonly namespace: string;
  readonly service: string;
  /** Empty for every endpoint. */
  readonly endpoint: string;
  /** Empty for every port; a name that no port has otherwise. */
  readonly port: string;
  readonly protocol: string;
}

/** In-zone CNAME chains longer than this end without an answer. */
const CNAME_DEPTH_MAX = 10;
const DNS_VERSION = '1.1.0';
const DNS_VERSION_TTL = 28_800;
const SOA_TTL_MAX = 300;

export class CoreDns {
  private readonly view: DnsView;
  private readonly corefile: Corefile;
  private readonly upstream: Upstream;

  constructor(view: DnsView, corefile: Corefile, upstream: Upstream) {
    this.view = view;
    this.corefile = corefile;
    this.upstream = upstream;
  }

  /** The answer to one question as the process gives it now. */
  answer(question: Question): DnsAnswer {
    const asked = { ...question, name: question.name.toLowerCase() };
    const zone = this.zoneOf(asked.name);
    if (zone === undefined) return this.forward(asked);
    const found = this.lookup(asked, zone, 0);
    if (found === 'nxdomain') {
      if (this.corefile.fallthrough.some((it) => isWithin(asked.name, it)))
        return this.forward(asked);
      // A server that has not listed everything yet cannot know that a name does not exist.
      return this.without(this.view.synced ? 'NXDOMAIN' : 'SERVFAIL');
    }
    if (found === 'nodata' || found.length === 0) return this.without('NOERROR');
    const additional = asked.type === 'SRV' ? this.glue(asked, zone) : [];
    return { rcode: 'NOERROR', answers: found, additional, authoritative: true };
  }

  private zoneOf(name: string): string | undefined {
    const zones = this.corefile.zones.filter((zone) => isWithin(name, zone));
    return zones.sort((a, b) => b.length - a.length || compareText(a, b))[0];
  }

  private forward(question: Question): DnsAnswer {
    if (!this.corefile.forwards) {
      return { rcode: 'REFUSED', answers: [], additional: [], authoritative: false };
    }
    const answer = this.upstream(question);
    const limit = this.corefile.cacheTtl ?? Number.MAX_SAFE_INTEGER;
    const answers = answer.answers.map((record) => ({
      ...record,
      ttl: Math.min(record.ttl, limit),
    }));
    return { ...answer, answers };
  }

  private without(rcode: DnsAnswer['rcode']): DnsAnswer {
    const negativeTtl = Math.min(this.corefile.ttl, SOA_TTL_MAX);
    return { rcode, answers: [], additional: [], negativeTtl, authoritative: true };
  }

  private lookup(question: Question, zone: string, depth: number): Lookup {
    const { name, type } = question;
    const base = relativeTo(name, zone);
    // Below the zone's top there is no SOA, whether the name exists or not.
    if (type === 'SOA') return base === '' ? [this.soa(zone)] : 'nodata';
    if (isReverse(zone)) return type === 'PTR' ? this.reverse(name) : 'nxdomain';
    if (base === 'dns-version') {
      if (type !== 'TXT') return 'nxdomain';
      return [{ name, type, ttl: DNS_VERSION_TTL, data: DNS_VERSION }];
    }
    const parsed = parseName(base);
    if (parsed === 'nxdomain') return 'nxdomain';
    if (parsed === 'empty') return type === 'TXT' ? 'nxdomain' : 'nodata';
    if (!this.view.hasNamespace(parsed.namespace)) return 'nxdomain';
    if (parsed.service === '') return type === 'TXT' ? 'nxdomain' : 'nodata';
    if (parsed.kind === 'pod') return this.pod(question, parsed);
    return this.serviceRecords(question, zone, parsed, depth);
  }

  private serviceRecords(
    question: Question,
    zone: string,
    parsed: ParsedName,
    depth: number,
  ): Lookup {
    const service = this.view.service(parsed.namespace, parsed.service);
    if (service === undefined) return 'nxdomain';
    if (service.externalName !== undefined) {
      return this.externalName(question, zone, parsed, service.externalName, depth);
    }
    const targets = this.targets(service, parsed, zone);
    if (targets.length === 0) return 'nxdomain';
    switch (question.type) {
      case 'A':
      case 'AAAA':
        return this.addressRecords(question.name, question.type, targets);
      case 'SRV':
        return this.srvRecords(question.name, targets);
      default:
        return 'nodata';
    }
  }

  /** Every (address, port) that a name stands for, before duplicates are dropped. */
  private targets(service: ServiceRecord, parsed: ParsedName, zone: string): Target[] {
    const host = `${service.name}.${service.namespace}.svc.${zone}`;
    if (!service.headless && parsed.endpoint === '') {
      return service.addresses.flatMap((address) =>
        portsOf(service.ports, parsed).map((port) => ({ host, address, port })),
      );
    }
    return this.view
      .endpoints(service.namespace, service.name)
      .map((endpoint) => ({ endpoint, label: this.endpointName(endpoint) }))
      .filter(({ label }) => parsed.endpoint === '' || label === parsed.endpoint)
      .flatMap(({ endpoint, label }) =>
        portsOf(endpoint.ports, parsed).map((port) => ({
          host: `${label}.${host}`,
          address: endpoint.address,
          port,
        })),
      );
  }

  private endpointName(endpoint: EndpointRecord): string {
    if (endpoint.hostname !== '') return endpoint.hostname;
    const { podName } = endpoint;
    if (this.corefile.endpointPodNames && podName !== '' && podName.length < 64) return podName;
    return dashedName(endpoint.address);
  }

  private addressRecords(name: string, type: 'A' | 'AAAA', targets: readonly Target[]): Lookup {
    const addresses = new Set(targets.map(({ address }) => address));
    const matching = [...addresses].filter((address) => isOfType(address, type)).sort(compareIps);
    return matching.map((data) => ({ name, type, ttl: this.corefile.ttl, data }));
  }

  /**
   * The weight shares 100 among all targets, counted before duplicates are dropped and including
   * those without a port.
   */
  private srvRecords(name: string, targets: readonly Target[]): Lookup {
    const weight = Math.max(1, Math.floor(100 / targets.length));
    const data = targets
      .filter(({ port }) => port !== undefined)
      .map(({ host, port }) => `0 ${weight} ${port} ${host}`);
    const ttl = this.corefile.ttl;
    return [...new Set(data)]
      .sort(compareText)
      .map((text) => ({ name, type: 'SRV', ttl, data: text }));
  }

  /** The addresses of the targets that an SRV answer names. */
  private glue(question: Question, zone: string): ResourceRecord[] {
    const parsed = parseName(relativeTo(question.name, zone));
    if (typeof parsed === 'string') return [];
    const service = this.view.service(parsed.namespace, parsed.service);
    const targets = service === undefined ? [] : this.targets(service, parsed, zone);
    const records = targets.map(({ host, address }) => {
      const type: RecordType = isOfType(address, 'A') ? 'A' : 'AAAA';
      return { name: host, type, ttl: this.corefile.ttl, data: address };
    });
    const unique = new Map(records.map((record) => [`${record.name} ${record.data}`, record]));
    return sortedBy(unique.values(), ({ name, data }) => `${name} ${data}`);
  }

  /**
   * A CNAME and what it leads to. Inside of the zone a target without an answer takes the CNAME
   * with it; outside of it the CNAME stays, whatever the upstream says.
   */
  private externalName(
    question: Question,
    zone: string,
    parsed: ParsedName,
    externalName: string,
    depth: number,
  ): Lookup {
    const target = externalName.replace(/\.$/, '').toLowerCase();
    const isPlain = parsed.endpoint === '' && parsed.port === '' && parsed.protocol === '';
    if (!isPlain || parseIp(target) !== undefined) return 'nxdomain';
    const { name, type } = question;
    const cname: ResourceRecord = { name, type: 'CNAME', ttl: this.corefile.ttl, data: target };
    if (type === 'CNAME') return [cname];
    if (type !== 'A' && type !== 'AAAA') return 'nodata';
    if (!isWithin(target, zone)) {
      return [cname, ...this.forward({ name: target, type }).answers];
    }
    if (depth >= CNAME_DEPTH_MAX || target === name) return 'nodata';
    const chased = this.lookup({ name: target, type }, zone, depth + 1);
    return typeof chased === 'string' || chased.length === 0 ? 'nodata' : [cname, ...chased];
  }

  /** `10-244-1-5.<namespace>.pod`: with `pods insecure` any address, of a pod or not. */
  private pod({ name, type }: Question, parsed: ParsedName): Lookup {
    const address = addressOfDashedName(parsed.service);
    if (this.corefile.pods === 'disabled' || address === undefined) return 'nxdomain';
    if (!isOfType(address, type)) return 'nodata';
    return [{ name, type, ttl: this.corefile.ttl, data: address }];
  }

  /** A Service's own address names the Service; an endpoint's address names each endpoint. */
  private reverse(name: string): Lookup {
    const address = addressOfReverseName(name);
    const zone = this.corefile.zones.find((it) => !isReverse(it));
    if (address === undefined || zone === undefined) return 'nxdomain';
    const service = this.view.serviceAt(address);
    const targets =
      service !== undefined
        ? [`${service.name}.${service.namespace}.svc.${zone}`]
        : this.view.endpointsAt(address).map(({ service: owner, endpoint }) => {
            return `${this.endpointName(endpoint)}.${owner.name}.${owner.namespace}.svc.${zone}`;
          });
    if (targets.length === 0) return 'nxdomain';
    const ttl = this.corefile.ttl;
    return [...new Set(targets)]
      .sort(compareText)
      .map((data) => ({ name, type: 'PTR', ttl, data }));
  }

  private soa(zone: string): ResourceRecord {
    const { ttl } = this.corefile;
    const data = `ns.dns.${zone} hostmaster.${zone} 0 7200 1800 86400 ${ttl}`;
    return { name: zone, type: 'SOA', ttl: Math.min(ttl, SOA_TTL_MAX), data };
  }
}

function isReverse(zone: string): boolean {
  return zone.endsWith('in-addr.arpa') || zone.endsWith('ip6.arpa');
}

/** The ports that the labels of the name leave over; undefined where none is declared. */
function portsOf(ports: readonly PortRecord[], parsed: ParsedName): (number | undefined)[] {
  const asksForPort = parsed.port !== '' || parsed.protocol !== '';
  if (ports.length === 0) return asksForPort ? [] : [undefined];
  return ports
    .filter(({ name }) => parsed.port === '' || name === parsed.port)
    .filter(({ protocol }) => parsed.protocol === '' || protocol === parsed.protocol)
    .map(({ port }) => port);
}

/** Splits what stands before the zone. `empty` is a name that exists only to have others below. */
function parseName(base: string): ParsedName | 'empty' | 'nxdomain' {
  if (base === '' || base === 'svc' || base === 'pod') return 'empty';
  const labels = base.split('.');
  const kind = labels.pop();
  if (kind !== 'svc' && kind !== 'pod') return 'nxdomain';
  const namespace = labels.pop() ?? '';
  const service = labels.pop() ?? '';
  const name = { kind, namespace, service, endpoint: '', port: '', protocol: '' } as const;
  switch (labels.length) {
    case 0:
      return name;
    case 1:
      return { ...name, endpoint: labels[0]! };
    case 2: {
      const [port, protocol] = labels.map((label) => label.replace(/^_/, ''));
      return { ...name, port: port!, protocol: protocol! };
    }
    default:
      return 'nxdomain';
  }
}
