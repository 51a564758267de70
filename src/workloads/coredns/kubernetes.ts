// The kubernetes plugin: the names of the cluster.
// source: coredns plugin/kubernetes/{handler,kubernetes}.go

import { parseIp } from '../../values/ip';
import { deepFreeze } from '../../values/kube-object';
import { emptyReply, isSameName, isWithin, joinNames, relativeTo } from '../dns-message';
import { uniqueRecords, zoneOf } from '../dns-message';
import type { DnsReply, ResourceRecord } from '../dns-message';
import { addressOfReverseName } from '../reverse-name';
import { addressRecord, addressRecords, serviceRecords } from './backend-records';
import type { Answered } from './backend-records';
import { isReverseZone, KubernetesBackend } from './kubernetes-backend';
import { readKubernetes } from './kubernetes-options';
import type { KubernetesOptions } from './kubernetes-options';
import type { DnsRequest, Plugin, PluginGround, Serve, Setup } from './plugin';

const DNS_VERSION = '1.1.0';
/** Seconds. */
const DNS_VERSION_TTL = 28_800;
const SOA_TTL_MAX = 300;

interface Found {
  readonly answers: readonly ResourceRecord[];
  readonly additional?: readonly ResourceRecord[];
  readonly truncated?: boolean;
}

export const setupKubernetes: Setup = ([directive], ground) => {
  const options = readKubernetes(directive, ground.zones, ground.delay);
  return [new KubernetesPlugin(deepFreeze(options), ground)];
};

export class KubernetesPlugin implements Plugin {
  readonly name = 'kubernetes';
  readonly backend: KubernetesBackend;
  readonly options: KubernetesOptions;
  private readonly ground: PluginGround;

  constructor(options: KubernetesOptions, ground: PluginGround) {
    this.options = options;
    this.ground = ground;
    this.backend = new KubernetesBackend(ground.view, options);
    if (options.pods === 'verified') ground.view.watchPods();
  }

  inFork(ground: PluginGround): KubernetesPlugin {
    return new KubernetesPlugin(this.options, ground);
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { name, type } = request.question;
    const zone = zoneOf(name, this.options.zones);
    if (zone === undefined) return next(request);
    if (type === 'AXFR' || type === 'IXFR') return emptyReply('REFUSED');
    const found = this.find(request, zone);
    if (found === 'name-error') {
      if (this.options.fallthrough.some((it) => isWithin(name, it))) return next(request);
      // A server that has not listed everything yet cannot know that a name does not exist.
      return this.negative(this.ground.view.synced ? 'NXDOMAIN' : 'SERVFAIL', zone);
    }
    if (found.answers.length === 0) return this.negative('NOERROR', zone);
    const { answers, additional = [], truncated = false } = found;
    return { ...emptyReply('NOERROR', true), answers, additional, truncated };
  }

  /**
   * The search list of the pod that asks, followed by the server's own.
   * source: coredns plugin/kubernetes/autopath.go
   */
  searchFor({ client }: DnsRequest, name: string): readonly string[] | undefined {
    if (this.options.pods !== 'verified' || client === undefined) return undefined;
    const zone = zoneOf(name, this.options.zones);
    const [namespace] = this.backend.view.podsAt(client);
    if (zone === undefined || namespace === undefined) return undefined;
    const services = joinNames('svc', zone);
    return [joinNames(namespace, services), services, zone, ...this.ground.search, ''];
  }

  /** The first zone that is no reverse zone: what PTR records point into. */
  get primaryZone(): string {
    return this.options.zones.find((it) => !isReverseZone(it)) ?? '';
  }

  private find(request: DnsRequest, zone: string): Found | 'name-error' {
    const { name, type } = request.question;
    switch (type) {
      case 'A':
      case 'AAAA':
        return this.addresses(request, zone, type);
      case 'TXT':
        return this.text(name, zone);
      case 'CNAME':
        return this.alias(name, zone);
      case 'PTR':
        return this.pointers(name, zone);
      case 'MX':
        return this.nothing(name, zone);
      case 'SRV':
        return this.ports(name, zone);
      case 'SOA':
        // Below the zone's top there is no SOA, whether the name exists or not.
        return { answers: isSameName(name, zone) ? [this.soa(zone)] : [] };
      case 'NS':
        if (isSameName(name, zone)) return this.nameServers(zone);
        break;
    }
    // A hidden question for addresses tells NODATA from NXDOMAIN.
    const hidden = this.addresses(request, zone, 'A');
    return hidden === 'name-error' ? hidden : { answers: [] };
  }

  private addresses(request: DnsRequest, zone: string, type: 'A' | 'AAAA'): Found | 'name-error' {
    const { name } = request.question;
    const { ttl } = this.options;
    if (isNameServer(name, zone)) {
      const entries = this.backend.nameServers(this.ground.addresses(), zone);
      const records = entries.map(({ host }) => addressRecord(name, parseIp(host)!, ttl));
      return { answers: records.filter((record) => record.type === type) };
    }
    const lookup = (target: string) => this.lookUp(request, target, type);
    const records = (owner: string) => this.backend.records(owner, zone);
    return told(addressRecords({ ttl, records, lookup }, name, zone, type));
  }

  private text(name: string, zone: string): Found | 'name-error' {
    if (isSameName(relativeTo(name, zone), 'dns-version')) {
      const record = { name, type: 'TXT', ttl: DNS_VERSION_TTL, data: DNS_VERSION };
      return { answers: [record] };
    }
    // Names that exist without records of their own do not exist for this type.
    const found = isNameServer(name, zone) ? [] : this.backend.records(name, zone);
    return found === 'name-error' || found.length === 0 ? 'name-error' : { answers: [] };
  }

  private alias(name: string, zone: string): Found | 'name-error' {
    if (isNameServer(name, zone)) return { answers: [] };
    const found = this.backend.records(name, zone);
    if (found === 'name-error') return found;
    const [first] = found;
    if (first === undefined || parseIp(first.host) !== undefined) return { answers: [] };
    return { answers: [{ name, type: 'CNAME', ttl: this.options.ttl, data: first.host }] };
  }

  private nothing(name: string, zone: string): Found | 'name-error' {
    if (isNameServer(name, zone)) return { answers: [] };
    return this.backend.records(name, zone) === 'name-error' ? 'name-error' : { answers: [] };
  }

  private ports(name: string, zone: string): Found | 'name-error' {
    if (isNameServer(name, zone)) return { answers: [] };
    const found = this.backend.records(name, zone);
    if (found === 'name-error') return found;
    const internal = found.filter(({ host }) => parseIp(host) !== undefined);
    return serviceRecords(name, this.options.ttl, internal);
  }

  private pointers(name: string, zone: string): Found | 'name-error' {
    const address = addressOfReverseName(name.toLowerCase());
    if (address === undefined) {
      return this.backend.records(name, zone) === 'name-error' ? 'name-error' : { answers: [] };
    }
    const names = this.backend.reverse(address, this.primaryZone);
    if (names.length === 0) return 'name-error';
    const { ttl } = this.options;
    return { answers: uniqueRecords(names.map((data) => ({ name, type: 'PTR', ttl, data }))) };
  }

  private nameServers(zone: string): Found {
    const { ttl } = this.options;
    const entries = this.backend.nameServers(this.ground.addresses(), zone);
    const answers = entries.map(({ owner }) => ({ name: zone, type: 'NS', ttl, data: owner }));
    const additional = entries.map(({ owner, host }) => addressRecord(owner, parseIp(host)!, ttl));
    return { answers: uniqueRecords(answers), additional: uniqueRecords(additional) };
  }

  /** The target of an ExternalName Service, by the whole chain of this server. */
  private lookUp(request: DnsRequest, name: string, type: string): DnsReply | undefined {
    const { depth } = request;
    return this.ground.askSelf({ ...request, question: { name, type }, depth: depth + 1 });
  }

  private negative(rcode: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL', zone: string): DnsReply {
    return { ...emptyReply(rcode, true), authority: [this.soa(zone)] };
  }

  /** The serial is not modelled: it stands at zero. */
  private soa(zone: string): ResourceRecord {
    const { ttl } = this.options;
    const [server, mailbox] = [joinNames('ns.dns', zone), joinNames('hostmaster', zone)];
    const data = `${server} ${mailbox} 0 7200 1800 86400 ${ttl}`;
    return { name: zone, type: 'SOA', ttl: Math.min(ttl, SOA_TTL_MAX), data };
  }
}

function told(answered: Answered): Found | 'name-error' {
  if (answered === 'name-error') return answered;
  return { answers: answered.records, truncated: answered.truncated === true };
}

/** `ns.dns.<zone>`: the name of the server itself. */
function isNameServer(name: string, zone: string): boolean {
  return isSameName(name, joinNames('ns.dns', zone));
}
