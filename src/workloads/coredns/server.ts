// A CoreDNS process: server blocks, each with a chain of plugins.
// source: coredns core/dnsserver/{server,address}.go

import { CorefileError } from '../corefile';
import type { ServerBlock } from '../corefile';
import { readZones } from '../corefile-values';
import { emptyReply, zoneOf } from '../dns-message';
import type { DnsReply } from '../dns-message';
import { fitTo } from '../dns-size';
import { LoopPlugin } from './loop';
import { pluginsOf } from './order';
import type { DnsRequest, Plugin, PluginGround, Serve } from './plugin';

/** What a process knows and can do, beside its configuration. */
export type ServerGround = Omit<PluginGround, 'zones' | 'askSelf' | 'plugin'>;

interface Block {
  readonly zones: readonly string[];
  readonly plugins: readonly Plugin[];
  readonly serve: Serve;
}

/** Makes the plugins of a block. */
type Chain = (ground: PluginGround) => readonly Plugin[];

const PORT = 53;
/** A question that has been handed on this often goes round in a circle. */
const DEPTH_MAX = 20;

export class CoreDns {
  private readonly blocks: readonly Block[];

  /**
   * `config`: a Corefile, or the same process in the origin of a fork, whose files cannot be read
   * before its objects are there. Throws CorefileError for what is not modelled.
   */
  constructor(config: readonly ServerBlock[] | CoreDns, ground: ServerGround) {
    const askSelf: Serve = (request) => this.serve(request);
    if (config instanceof CoreDns) {
      this.blocks = config.blocks.map(({ zones, plugins }) => {
        const same: Chain = (own) => plugins.map((plugin) => plugin.inFork(own));
        return blockOf(zones, same, ground, askSelf);
      });
      return;
    }
    this.blocks = config.flatMap((block) => {
      const zones = Object.freeze(zonesOf(block));
      const read: Chain = (own) => pluginsOf(block, own);
      return zones.length === 0 ? [] : [blockOf(zones, read, ground, askSelf)];
    });
  }

  /** The plugins that look for loops, one for each block with a `loop`. */
  get loops(): readonly LoopPlugin[] {
    const plugins = this.blocks.flatMap((block) => block.plugins);
    return plugins.filter((plugin) => plugin instanceof LoopPlugin);
  }

  /** Forgets every answer that was kept. */
  emptyCaches(): void {
    for (const { plugins } of this.blocks) for (const plugin of plugins) plugin.empty?.();
  }

  /** The reply to one question, cut to what the client takes. */
  answer(request: DnsRequest): DnsReply {
    const { question, transport, udpSize } = request;
    return fitTo(this.serve(request), question, transport, udpSize);
  }

  /** The block with the longest zone answers. */
  private serve(request: DnsRequest): DnsReply {
    if (request.depth > DEPTH_MAX) return emptyReply('SERVFAIL');
    const { name } = request.question;
    const zone = zoneOf(
      name,
      this.blocks.flatMap(({ zones }) => zones),
    );
    const block = this.blocks.find(({ zones }) => zones.includes(zone?.toLowerCase() ?? '-'));
    return block === undefined ? emptyReply('REFUSED') : block.serve(request);
  }
}

function blockOf(
  zones: readonly string[],
  chain: Chain,
  ground: ServerGround,
  askSelf: Serve,
): Block {
  // No spread: each copy would be of a shape of its own, which every reader has to learn anew.
  const plugins: readonly Plugin[] = chain({
    view: ground.view,
    delay: ground.delay,
    zones,
    addresses: ground.addresses,
    readFile: ground.readFile,
    resolvers: ground.resolvers,
    search: ground.search,
    askUpstream: ground.askUpstream,
    checkUpstream: ground.checkUpstream,
    failing: ground.failing,
    askSelf,
    plugin: (name) => plugins.find((it) => it.name === name),
  });
  // Whoever is asked last and knows nothing refuses.
  const end: Serve = () => emptyReply('REFUSED');
  const behindCache = plugins.findIndex(({ name }) => name === 'cache') + 1;
  const serve = plugins.reduceRight<Serve>((next, plugin, index) => {
    const after = index + 1 === behindCache ? failing(ground, next) : next;
    return (request) => plugin.serve(request, after);
  }, end);
  return { zones, plugins, serve: behindCache > 0 ? serve : failing(ground, serve) };
}

/** What fails behind the cache stands where `template` would; without a cache it comes first. */
function failing({ failing: fail }: Pick<PluginGround, 'failing'>, next: Serve): Serve {
  return fail === undefined ? next : (request) => fail(request, () => next(request));
}

/** Zones that a block serves at the usual port; a block at another port is not asked. */
function zonesOf({ keys, line }: ServerBlock): string[] {
  return keys.flatMap((key) => {
    const [, scheme, rest = ''] = /^(?:([a-z0-9]+):\/\/)?(.+)$/.exec(key) ?? [];
    if (scheme !== undefined && scheme !== 'dns') {
      throw new CorefileError(`a server for ${scheme}:// is not modelled`, line);
    }
    const port = /:(\d+)$/.exec(rest)?.[1];
    const isRange = rest.includes('/');
    if (!isRange && port !== undefined && Number(port) !== PORT) return [];
    return readZones(isRange || port === undefined ? rest : rest.slice(0, -port.length - 1));
  });
}
