// The forward plugin: asks other servers.
// source: coredns plugin/forward/{setup,forward}.go, plugin/pkg/proxy/connect.go
//
// Not modelled: the memory of which upstreams were down, so that each question tries anew.

import { parseIp } from '../../values/ip';
import { ratio } from '../../values/ratio';
import { seconds, ZERO } from '../../values/time';
import type { Duration } from '../../values/time';
import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import { notModelled } from '../corefile-values';
import { emptyReply, isWithin, normalName } from '../dns-message';
import type { DnsReply } from '../dns-message';
import type { DnsRequest, Plugin, PluginGround, Serve, Setup, Upstream } from './plugin';

interface ForwardOptions {
  readonly from: string;
  readonly upstreams: readonly Upstream[];
  except: readonly string[];
  policy: 'random' | 'round_robin' | 'sequential';
  forceTcp: boolean;
  preferUdp: boolean;
  /** Codes at which the next `forward` of the block is asked. */
  nextOn: readonly string[];
  /** Codes at which the next upstream is asked. */
  failover: readonly string[];
}

const UPSTREAMS_MAX = 15;
/** How long one try waits, and all of them together. */
const READ_TIMEOUT = seconds(2);
const DEADLINE = seconds(5);
const TRIES_PER_UPSTREAM = 2;

/** Options about connections and health checks that change no answer of the model. */
const SILENT = new Set([
  'max_fails',
  'max_concurrent',
  'max_connect_attempts',
  'expire',
  'max_age',
  'max_idle_conns',
  'health_check',
  'failfast_all_unhealthy_upstreams',
]);

export const setupForward: Setup = (directives, ground) =>
  directives.map((directive) => new ForwardPlugin(readForward(directive, ground), ground));

class ForwardPlugin implements Plugin {
  readonly name = 'forward';
  private readonly options: ForwardOptions;
  private readonly ground: PluginGround;

  constructor(options: ForwardOptions, ground: PluginGround) {
    this.options = options;
    this.ground = ground;
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { from, except, nextOn } = this.options;
    const { name } = request.question;
    const isExcepted = except.some((zone) => isWithin(name, zone));
    if (!isWithin(name, from) || isExcepted) return next(request);
    const reply = this.exchange(request);
    return nextOn.includes(reply.rcode) ? next(request) : reply;
  }

  /** One upstream after the other, round and round, until one answers or time is up. */
  private exchange(request: DnsRequest): DnsReply {
    const { failover } = this.options;
    const upstreams = this.inOrder(request);
    let elapsed = ZERO;
    let failovers = 0;
    for (let tries = 0; tries < upstreams.length * TRIES_PER_UPSTREAM; tries++) {
      if (elapsed >= DEADLINE) break;
      const reply = this.ask(request, upstreams[tries % upstreams.length]!);
      if (reply === 'unreachable') continue;
      if (reply === 'silent' || reply.delay > READ_TIMEOUT) {
        elapsed = (elapsed + READ_TIMEOUT) as Duration;
        continue;
      }
      const isWanted = failover.includes(reply.rcode) && ++failovers < upstreams.length;
      if (!isWanted) return { ...reply, delay: (elapsed + reply.delay) as Duration };
    }
    return { ...emptyReply('SERVFAIL'), delay: elapsed };
  }

  private ask(request: DnsRequest, upstream: Upstream): DnsReply | 'silent' | 'unreachable' {
    const { forceTcp, preferUdp } = this.options;
    const asked = { ...request, depth: request.depth + 1 };
    const transport = forceTcp ? 'TCP' : preferUdp ? 'UDP' : request.transport;
    const { askUpstream } = this.ground;
    const reply = request.choose(askUpstream(upstream, { ...asked, transport }));
    const isCut = typeof reply === 'object' && reply.truncated && preferUdp && !forceTcp;
    if (!isCut) return reply;
    return request.choose(askUpstream(upstream, { ...asked, transport: 'TCP' }));
  }

  /** Which upstream comes first is chance, unless the policy is `sequential`. */
  private inOrder({ choose }: DnsRequest): readonly Upstream[] {
    const { upstreams, policy } = this.options;
    if (policy === 'sequential') return upstreams;
    const probability = ratio(1, upstreams.length);
    return choose(
      upstreams.map((_, first) => {
        return { probability, value: [...upstreams.slice(first), ...upstreams.slice(0, first)] };
      }),
    );
  }
}

function readForward(directive: Directive, ground: PluginGround): ForwardOptions {
  const { args, block, line } = directive;
  const [from, ...targets] = args;
  if (from === undefined || targets.length === 0) {
    throw new CorefileError('forward: expected a zone and upstreams', line);
  }
  const upstreams = targets.flatMap((target) => readUpstreams(directive, target, ground));
  if (upstreams.length > UPSTREAMS_MAX) {
    throw new CorefileError(`forward: more than ${UPSTREAMS_MAX} upstreams`, line);
  }
  const options: ForwardOptions = {
    from: normalName(from),
    upstreams,
    except: [],
    policy: 'random',
    forceTcp: false,
    preferUdp: false,
    nextOn: [],
    failover: [],
  };
  for (const option of block) readOption(directive, option, options);
  return options;
}

function readOption(directive: Directive, option: Directive, options: ForwardOptions): void {
  const { name, args } = option;
  if (SILENT.has(name)) return;
  if (name === 'except') options.except = args.map(normalName);
  else if (name === 'force_tcp') options.forceTcp = true;
  else if (name === 'prefer_udp') options.preferUdp = true;
  else if (name === 'next') options.nextOn = args;
  else if (name === 'failover') options.failover = args;
  else if (name === 'policy' && isPolicy(args[0])) options.policy = args[0];
  else throw notModelled(directive, option);
}

function isPolicy(text: string | undefined): text is ForwardOptions['policy'] {
  return text === 'random' || text === 'round_robin' || text === 'sequential';
}

/** An address with or without a port, or a file with name servers. */
function readUpstreams(directive: Directive, text: string, ground: PluginGround): Upstream[] {
  if (text === '/etc/resolv.conf') return [...ground.resolvers];
  const plain = text.replace(/^dns:\/\//, '');
  const match = /^\[(.+)\](?::(\d+))?$|^([^:]+)(?::(\d+))?$/.exec(plain);
  const address = parseIp(plain) ?? parseIp(match?.[1] ?? match?.[3] ?? '');
  if (address !== undefined) {
    return [{ address, port: Number(match?.[2] ?? match?.[4] ?? 53) }];
  }
  const file = ground.readFile(text);
  const listed = (file ?? '').matchAll(/^\s*nameserver\s+(\S+)/gm);
  const servers = [...listed].flatMap(([, it]) => parseIp(it!) ?? []);
  if (servers.length > 0) return servers.map((server) => ({ address: server, port: 53 }));
  throw new CorefileError(`forward: "${text}" is not modelled`, directive.line);
}
