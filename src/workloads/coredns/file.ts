// The file plugin: a zone from a file.
// source: coredns plugin/file/{file,lookup,setup}.go
//
// Not modelled: DNAME, wildcards, delegation and DNSSEC.

import { deepFreeze } from '../../values/kube-object';
import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import { notModelled, zonesOr } from '../corefile-values';
import { emptyReply, isSameName, isWithin, normalName, zoneOf } from '../dns-message';
import type { DnsReply, ResourceRecord } from '../dns-message';
import { parseRecord } from '../dns-text';
import type { DnsRequest, Plugin, PluginGround, Serve, Setup } from './plugin';

interface FileZone {
  readonly records: readonly ResourceRecord[];
  readonly fallthrough: readonly string[];
}

const CNAME_CHAIN_MAX = 10;

export const setupFile: Setup = (directives, ground) => {
  const zones = new Map<string, FileZone>();
  for (const directive of directives) {
    const { names, fallthrough, text } = readFile(directive, ground);
    for (const name of names) {
      zones.set(name, deepFreeze({ records: recordsIn(text, name), fallthrough }));
    }
  }
  return [new FilePlugin(Object.freeze(zones), ground)];
};

class FilePlugin implements Plugin {
  readonly name = 'file';
  private readonly zones: ReadonlyMap<string, FileZone>;
  private readonly ground: PluginGround;

  constructor(zones: ReadonlyMap<string, FileZone>, ground: PluginGround) {
    this.zones = zones;
    this.ground = ground;
  }

  inFork(ground: PluginGround): FilePlugin {
    return new FilePlugin(this.zones, ground);
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { name } = request.question;
    const origin = zoneOf(name, [...this.zones.keys()])?.toLowerCase();
    const zone = origin === undefined ? undefined : this.zones.get(origin);
    if (origin === undefined || zone === undefined) return next(request);
    const soa = zone.records.filter((it) => it.type === 'SOA' && isSameName(it.name, origin));
    const answers = this.lookUp(request, zone, name, 0);
    if (answers.length > 0) {
      const authority = zone.records.filter(
        (it) => it.type === 'NS' && isSameName(it.name, origin),
      );
      return { ...emptyReply('NOERROR', true), answers, authority };
    }
    const exists = zone.records.some((it) => isWithin(it.name, name));
    if (exists) return { ...emptyReply('NOERROR', true), authority: soa };
    if (zone.fallthrough.some((it) => isWithin(name, it))) return next(request);
    return { ...emptyReply('NXDOMAIN', true), authority: soa };
  }

  private lookUp(
    request: DnsRequest,
    zone: FileZone,
    name: string,
    depth: number,
  ): readonly ResourceRecord[] {
    const { type } = request.question;
    const own = zone.records.filter((it) => isSameName(it.name, name));
    const fitting = own.filter((it) => it.type === type).map((it) => ({ ...it, name }));
    const alias = own.find((it) => it.type === 'CNAME');
    if (fitting.length > 0 || alias === undefined || depth > CNAME_CHAIN_MAX) return fitting;
    if (zone.records.some((it) => isSameName(it.name, alias.data))) {
      return [{ ...alias, name }, ...this.lookUp(request, zone, alias.data, depth + 1)];
    }
    const question = { name: alias.data, type };
    const reply = this.ground.askSelf({ ...request, question, depth: request.depth + 1 });
    return [{ ...alias, name }, ...reply.answers];
  }
}

function readFile(directive: Directive, ground: PluginGround) {
  const { args, block, line } = directive;
  const [path, ...zones] = args;
  const text = path === undefined ? undefined : ground.readFile(path);
  if (text === undefined) throw new CorefileError(`file: there is no file ${path ?? ''}`, line);
  let fallthrough: readonly string[] = [];
  for (const option of block) {
    if (option.name === 'fallthrough') {
      fallthrough = option.args.length === 0 ? [''] : option.args.map(normalName);
    } else if (option.name !== 'reload') throw notModelled(directive, option);
  }
  return { names: zonesOr(zones, ground.zones), fallthrough, text };
}

function recordsIn(text: string, zone: string): ResourceRecord[] {
  let origin = zone;
  let ttl: number | undefined;
  const records: ResourceRecord[] = [];
  for (const row of text.split('\n')) {
    const line = row.replace(/;.*/, '');
    const [word, value = ''] = line.trim().split(/\s+/);
    if (word === '$ORIGIN') origin = normalName(value);
    else if (word === '$TTL') ttl = Number(value);
    else {
      const record = parseRecord(line, origin, ttl);
      if (record !== undefined) records.push(record);
    }
  }
  return records;
}
