// The k8s_external plugin: Services by their external addresses, in a zone of their own.
// source: coredns plugin/k8s_external/{external,apex,msg_to_dns}.go, plugin/kubernetes/external.go

import { parseIp } from '../../values/ip';
import { deepFreeze } from '../../values/kube-object';
import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import { notModelled, readCount, zonesOr } from '../corefile-values';
import { emptyReply, isSameName, isWithin, joinNames, normalName } from '../dns-message';
import { relativeTo, uniqueRecords, zoneOf } from '../dns-message';
import type { DnsReply, ResourceRecord } from '../dns-message';
import type { ServiceRecord } from '../dns-view';
import { addressOfReverseName } from '../reverse-name';
import { addressRecords, serviceRecords } from './backend-records';
import type { Entry, Found } from './kubernetes-backend';
import { portsOf } from './kubernetes-backend';
import { KubernetesPlugin } from './kubernetes';
import { withoutUnderscores } from './kubernetes-name';
import type { DnsRequest, Plugin, PluginGround, Serve, Setup } from './plugin';

interface ExternalOptions {
  readonly zones: readonly string[];
  /** The label under which the name server lives. */
  apex: string;
  /** Seconds. */
  ttl: number;
  headless: boolean;
  fallthrough: readonly string[];
}

export const setupExternal: Setup = ([directive], ground) => [
  new ExternalPlugin(deepFreeze(readExternal(directive, ground)), ground),
];

class ExternalPlugin implements Plugin {
  readonly name = 'k8s_external';
  private readonly options: ExternalOptions;
  private readonly ground: PluginGround;

  constructor(options: ExternalOptions, ground: PluginGround) {
    this.options = options;
    this.ground = ground;
  }

  inFork(ground: PluginGround): ExternalPlugin {
    return new ExternalPlugin(this.options, ground);
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { name, type } = request.question;
    const { zones, apex, fallthrough } = this.options;
    const zone = zoneOf(name, zones);
    if (zone === undefined) return next(request);
    if (isSameName(name, zone)) return this.apex(zone, type);
    if (isWithin(name, joinNames(apex, zone))) return this.belowApex(request, zone);
    const found = type === 'PTR' ? this.reverse(name) : this.find(name, zone);
    if (found === 'name-error') {
      if (fallthrough.some((it) => isWithin(name, it))) return next(request);
      return this.negative('NXDOMAIN', zone);
    }
    return this.answer(request, zone, found);
  }

  private answer(request: DnsRequest, zone: string, entries: readonly Entry[]): DnsReply {
    const { name, type } = request.question;
    const { ttl } = this.options;
    const base = emptyReply('NOERROR', true);
    if (type === 'A' || type === 'AAAA') {
      const lookup = (target: string) => this.chase(request, target);
      const backend = { ttl, records: () => entries, lookup };
      const found = addressRecords(backend, name, zone, type);
      const answers = found === 'name-error' ? [] : found.records;
      return answers.length > 0 ? { ...base, answers } : this.negative('NOERROR', zone);
    }
    if (type === 'SRV') {
      const addresses = entries.filter(({ host }) => parseIp(host) !== undefined);
      const { answers, additional } = serviceRecords(name, ttl, addresses);
      if (answers.length > 0) return { ...base, answers, additional };
    }
    if (type === 'PTR') {
      const answers = entries.map(({ host }) => ({ name, type, ttl, data: host }));
      if (answers.length > 0) return { ...base, answers: uniqueRecords(answers) };
    }
    return this.negative('NOERROR', zone);
  }

  /** `service.namespace`, `_port._protocol.service.namespace` or `endpoint.service.namespace`. */
  private find(name: string, zone: string): Found {
    const labels = relativeTo(name, zone).toLowerCase().split('.');
    const backend = this.kubernetes.backend;
    const namespace = labels.pop()!;
    if (!backend.isExposed(namespace)) return 'name-error';
    const serviceName = labels.pop();
    if (serviceName === undefined) return [];
    if (labels.length > 2) return 'name-error';
    const service = backend.view.service(namespace, serviceName);
    if (service === undefined) return 'name-error';
    const [port = '', protocol = ''] = labels.length === 2 ? withoutUnderscores(labels) : [];
    const endpoint = labels.length === 1 ? withoutUnderscores(labels)[0]! : '';
    const owner = joinNames(serviceName, namespace, zone);
    const entries = this.entriesOf(service, owner, endpoint, { port, protocol });
    return entries.length === 0 ? 'name-error' : entries;
  }

  private entriesOf(
    service: ServiceRecord,
    owner: string,
    endpoint: string,
    labels: { readonly port: string; readonly protocol: string },
  ): Entry[] {
    const { backend } = this.kubernetes;
    const { externals, namespace, name, headless, ports } = service;
    const isByEndpoint = headless || endpoint !== '';
    if (!this.options.headless || externals.length > 0 || !isByEndpoint) {
      return externals.flatMap((host) =>
        portsOf(ports, labels).map((port) => ({ owner, host, port })),
      );
    }
    return backend.view
      .endpoints(namespace, name)
      .map((it) => ({ ...it, label: backend.endpointName(it) }))
      .filter(({ label }) => endpoint === '' || label === endpoint)
      .flatMap(({ address, label, ports: own }) =>
        portsOf(own, labels).map((port) => {
          return { owner: joinNames(label, owner), host: address, port };
        }),
      );
  }

  /** Names of the Services with this external address, in the first zone of the plugin. */
  private reverse(name: string): Found {
    const address = addressOfReverseName(name.toLowerCase());
    const { backend } = this.kubernetes;
    const services = address === undefined ? [] : backend.view.servicesWithExternal(address);
    const told = services.filter(({ namespace }) => backend.isExposed(namespace));
    if (told.length === 0) return 'name-error';
    return told.map(({ name: service, namespace }) => {
      const host = joinNames(service, namespace, this.options.zones[0] ?? '');
      return { owner: name, host, port: undefined };
    });
  }

  private apex(zone: string, type: string): DnsReply {
    const { ttl, apex } = this.options;
    const server = joinNames('ns1', apex, zone);
    const base = emptyReply('NOERROR', true);
    if (type === 'SOA') return { ...base, answers: [this.soa(zone)] };
    if (type !== 'NS') return this.negative('NOERROR', zone);
    const additional = this.serverAddresses(server);
    return { ...base, answers: [{ name: zone, type, ttl, data: server }], additional };
  }

  private belowApex({ question }: DnsRequest, zone: string): DnsReply {
    const { name, type } = question;
    const [host, ...rest] = relativeTo(name, zone).split('.');
    if (rest.length === 0) return this.negative('NOERROR', zone);
    if (rest.length > 1 || host !== 'ns1') return this.negative('NXDOMAIN', zone);
    const answers = this.serverAddresses(name).filter((record) => record.type === type);
    if (answers.length === 0) return this.negative('NOERROR', zone);
    return { ...emptyReply('NOERROR', true), answers };
  }

  /** External addresses of the Services in front of this process. */
  private serverAddresses(name: string): ResourceRecord[] {
    const { backend } = this.kubernetes;
    const { ttl } = this.options;
    const addresses = this.ground
      .addresses()
      .flatMap((address) => backend.view.endpointsAt(address))
      .flatMap(({ namespace, service }) => backend.view.service(namespace, service) ?? [])
      .flatMap(({ externals }) => externals.flatMap((it) => parseIp(it) ?? []));
    return uniqueRecords(
      addresses.map((data) => ({ name, type: data.includes(':') ? 'AAAA' : 'A', ttl, data })),
    );
  }

  private chase(request: DnsRequest, name: string): DnsReply {
    const question = { ...request.question, name };
    return this.ground.askSelf({ ...request, question, depth: request.depth + 1 });
  }

  private negative(rcode: 'NOERROR' | 'NXDOMAIN', zone: string): DnsReply {
    return { ...emptyReply(rcode, true), authority: [this.soa(zone)] };
  }

  private soa(zone: string): ResourceRecord {
    const { ttl, apex } = this.options;
    // source: plugin/k8s_external/external_test.go, where the mailbox has no apex label.
    const [server, mailbox] = [joinNames('ns1', apex, zone), joinNames('hostmaster', zone)];
    const data = `${server} ${mailbox} 0 7200 1800 86400 ${ttl}`;
    return { name: zone, type: 'SOA', ttl, data };
  }

  private get kubernetes(): KubernetesPlugin {
    const plugin = this.ground.plugin('kubernetes');
    if (plugin instanceof KubernetesPlugin) return plugin;
    throw new CorefileError('k8s_external: the block has no kubernetes plugin');
  }
}

function readExternal(directive: Directive, ground: PluginGround): ExternalOptions {
  const zones = zonesOr(directive.args, ground.zones);
  const options: ExternalOptions = {
    zones,
    apex: 'dns',
    ttl: 5,
    headless: false,
    fallthrough: [],
  };
  for (const option of directive.block) {
    const { name, args } = option;
    if (name === 'ttl') options.ttl = readCount(option, 0, 0, 3_600);
    else if (name === 'apex') options.apex = args[0] ?? 'dns';
    else if (name === 'headless') options.headless = true;
    else if (name === 'fallthrough') {
      options.fallthrough = args.length === 0 ? [''] : args.map(normalName);
    } else throw notModelled(directive, option);
  }
  return options;
}
