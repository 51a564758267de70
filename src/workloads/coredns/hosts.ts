// The hosts plugin: names from a table in the form of /etc/hosts.
// source: coredns plugin/hosts/{hosts,hostsfile,setup}.go

import { parseIp } from '../../values/ip';
import type { IP } from '../../values/ip';
import { deepFreeze } from '../../values/kube-object';
import type { Directive } from '../corefile';
import { readCount, zonesOr } from '../corefile-values';
import { emptyReply, isWithin, normalName, zoneOf } from '../dns-message';
import type { DnsReply, ResourceRecord } from '../dns-message';
import { addressOfReverseName, isOfType } from '../reverse-name';
import type { DnsRequest, Plugin, PluginGround, Serve, Setup } from './plugin';

interface HostsOptions {
  readonly zones: readonly string[];
  /** Names, `*.name` among them, with the address of their line. */
  readonly lines: readonly { readonly address: IP; readonly names: readonly string[] }[];
  ttl: number;
  hasReverse: boolean;
  fallthrough: readonly string[];
}

/** Seconds. */
const TTL = 3_600;

export const setupHosts: Setup = (directives, ground) =>
  directives.map((directive) => new HostsPlugin(deepFreeze(readHosts(directive, ground))));

class HostsPlugin implements Plugin {
  readonly name = 'hosts';
  private readonly options: HostsOptions;

  constructor(options: HostsOptions) {
    this.options = options;
  }

  inFork(): HostsPlugin {
    return new HostsPlugin(this.options);
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { name, type } = request.question;
    const { zones, fallthrough } = this.options;
    // Addresses without a name go on, whatever `fallthrough` says.
    if (type === 'PTR') return this.pointers(name) ?? next(request);
    if (zoneOf(name, zones) === undefined) return next(request);
    const addresses = this.addressesOf(normalName(name));
    if (addresses.length > 0) {
      const fitting = addresses.filter((address) => isOfType(address, type));
      return this.answer(fitting.map((data) => ({ name, type, data })));
    }
    if (fallthrough.some((zone) => isWithin(name, zone))) return next(request);
    // There is no SOA to build an NXDOMAIN from.
    return emptyReply('SERVFAIL');
  }

  private pointers(name: string): DnsReply | undefined {
    const address = addressOfReverseName(name.toLowerCase());
    if (address === undefined || !this.options.hasReverse) return undefined;
    const names = this.options.lines
      .filter((line) => line.address === address)
      .flatMap((line) => line.names)
      .filter((it) => !it.startsWith('*.'));
    if (names.length === 0) return undefined;
    return this.answer([...new Set(names)].map((data) => ({ name, type: 'PTR', data })));
  }

  /** An explicit name wins; `*.name` stands for exactly one more label. */
  private addressesOf(name: string): IP[] {
    const wildcard = `*${name.slice(name.indexOf('.'))}`;
    for (const wanted of [name, wildcard]) {
      const lines = this.options.lines.filter(({ names }) => names.includes(wanted));
      if (lines.length > 0) return [...new Set(lines.map(({ address }) => address))];
    }
    return [];
  }

  private answer(records: readonly Omit<ResourceRecord, 'ttl'>[]): DnsReply {
    const { ttl } = this.options;
    const answers = records.map((record) => ({ ...record, ttl }));
    return { ...emptyReply('NOERROR', true), answers };
  }
}

function readHosts(directive: Directive, ground: PluginGround): HostsOptions {
  const [path = '/etc/hosts', ...zones] = directive.args;
  const rows = (ground.readFile(path) ?? '').split('\n').map((row) => row.replace(/#.*/, ''));
  const inline: string[] = [];
  const options: HostsOptions = {
    zones: zonesOr(zones, ground.zones),
    lines: [],
    ttl: TTL,
    hasReverse: true,
    fallthrough: [],
  };
  for (const option of directive.block) {
    const { name, args } = option;
    if (name === 'ttl') options.ttl = readCount(option, 0, 1);
    else if (name === 'no_reverse') options.hasReverse = false;
    else if (name === 'fallthrough')
      options.fallthrough = args.length === 0 ? [''] : args.map(normalName);
    else if (name !== 'reload') inline.push([name, ...args].join(' '));
  }
  return { ...options, lines: [...rows, ...inline].flatMap(readLine) };
}

/** `address name…`; an IPv4 address in IPv6 clothes is an IPv4 address. */
function readLine(row: string): HostsOptions['lines'] {
  const [text = '', ...names] = row.trim().split(/\s+/);
  const address = parseIp(text.replace(/^::ffff:(?=[\d.]+$)/i, ''));
  if (address === undefined || names.length === 0) return [];
  return [{ address, names: names.map(normalName) }];
}
