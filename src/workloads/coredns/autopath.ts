// The autopath plugin: the search list of the client is walked by the server.
// source: coredns plugin/autopath/{autopath,cname,setup}.go

import { deepFreeze } from '../../values/kube-object';
import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import { zonesOr } from '../corefile-values';
import { isSameName, isWithin, joinNames, normalName, relativeTo, zoneOf } from '../dns-message';
import type { DnsReply } from '../dns-message';
import type { DnsRequest, Plugin, PluginGround, Serve, Setup } from './plugin';

interface AutopathOptions {
  readonly zones: readonly string[];
  /** Which plugin knows the search list of a client; undefined where a file says it for all. */
  readonly source: string | undefined;
  readonly search: readonly string[];
}

export const setupAutopath: Setup = ([directive], ground) => [
  new AutopathPlugin(deepFreeze(readAutopath(directive, ground)), ground),
];

class AutopathPlugin implements Plugin {
  readonly name = 'autopath';
  private readonly options: AutopathOptions;
  private readonly ground: PluginGround;

  constructor(options: AutopathOptions, ground: PluginGround) {
    this.options = options;
    this.ground = ground;
  }

  inFork(ground: PluginGround): AutopathPlugin {
    return new AutopathPlugin(this.options, ground);
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { name } = request.question;
    const search = this.searchListOf(request);
    const [first] = search;
    if (first === undefined || !isWithin(name, first)) return next(request);
    const base = relativeTo(name, first);
    let refused: DnsReply | undefined;
    for (const domain of search) {
      const question = { ...request.question, name: joinNames(base, domain) };
      const reply = next({ ...request, question });
      if (reply.rcode === 'NOERROR') return withAlias(reply, name);
      refused ??= reply;
    }
    return refused!;
  }

  private searchListOf(request: DnsRequest): readonly string[] {
    const { name } = request.question;
    const { zones, source, search } = this.options;
    if (zoneOf(name, zones) === undefined) return [];
    if (source === undefined) return search;
    return this.ground.plugin(source)?.searchFor?.(request, name) ?? [];
  }
}

/** The client sees its own name as an alias of the one that was found. */
function withAlias(reply: DnsReply, original: string): DnsReply {
  const [first] = reply.answers;
  if (first === undefined || isSameName(first.name, original)) return reply;
  const cname = { name: original, type: 'CNAME', ttl: first.ttl, data: first.name };
  return { ...reply, answers: [cname, ...reply.answers] };
}

function readAutopath(directive: Directive, ground: PluginGround): AutopathOptions {
  const resolver = directive.args.at(-1);
  if (resolver === undefined) {
    throw new CorefileError('autopath: expected @PLUGIN or a file', directive.line);
  }
  const source = resolver.startsWith('@') ? resolver.slice(1) : undefined;
  return {
    zones: zonesOr(directive.args.slice(0, -1), ground.zones),
    source,
    search: source === undefined ? readSearch(directive, resolver, ground) : [],
  };
}

function readSearch(directive: Directive, path: string, ground: PluginGround): readonly string[] {
  const text = ground.readFile(path);
  if (text === undefined) {
    throw new CorefileError(`autopath: there is no file ${path}`, directive.line);
  }
  const listed = [...text.matchAll(/^search\s+(.+)$/gm)].at(-1)?.[1] ?? '';
  return [...listed.trim().split(/\s+/).map(normalName), ''];
}
