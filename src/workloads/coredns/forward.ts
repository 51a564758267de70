// The forward plugin: asks other servers.
// source: coredns plugin/forward/{setup,forward,policy}.go, plugin/pkg/proxy/connect.go
//
// Questions that nobody really asks find upstreams as they are, and make none of them suspect.

import { parseIp } from '../../values/ip';
import { deepFreeze } from '../../values/kube-object';
import { ratio } from '../../values/ratio';
import { ZERO } from '../../values/time';
import type { Duration } from '../../values/time';
import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import { notModelled, readCount, readSpan } from '../corefile-values';
import type { Weighted } from '../courses';
import { emptyReply, isWithin, normalName } from '../dns-message';
import type { DnsReply } from '../dns-message';
import { leave } from './plugin';
import type { DnsRequest, Exchanged, Plugin, PluginGround, Serve, Setup, Upstream } from './plugin';
import { UpstreamHealth } from './upstream-health';
import type { HealthOptions } from './upstream-health';

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
  /** Whether nobody is asked where all upstreams are down. */
  failFast: boolean;
  readonly health: HealthOptions;
  /** How long one try waits, and all of them together. */
  readonly patience: { readonly once: Duration; readonly together: Duration };
}

const UPSTREAMS_MAX = 15;
const TRIES_PER_UPSTREAM = 2;

/** Options about connections that change no answer of the model. */
const SILENT = new Set([
  'max_concurrent',
  'max_connect_attempts',
  'expire',
  'max_age',
  'max_idle_conns',
]);

export const setupForward: Setup = (directives, ground) =>
  directives.map((it) => new ForwardPlugin(deepFreeze(readForward(it, ground)), ground));

class ForwardPlugin implements Plugin {
  readonly name = 'forward';
  private readonly options: ForwardOptions;
  private readonly ground: PluginGround;
  private readonly health: ReadonlyMap<Upstream, UpstreamHealth>;

  constructor(options: ForwardOptions, ground: PluginGround) {
    this.options = options;
    this.ground = ground;
    const transport = options.forceTcp ? 'TCP' : 'UDP';
    const healthOf = (it: Upstream) => new UpstreamHealth(it, transport, options.health);
    this.health = new Map(options.upstreams.map((it) => [it, healthOf(it)]));
  }

  inFork(ground: PluginGround): ForwardPlugin {
    return new ForwardPlugin(this.options, ground);
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { from, except, nextOn } = this.options;
    const { name } = request.question;
    const isExcepted = except.some((zone) => isWithin(name, zone));
    if (!isWithin(name, from) || isExcepted) return next(request);
    const reply = this.exchange(request);
    return nextOn.includes(reply.rcode) ? next(request) : reply;
  }

  /**
   * One upstream after the other, round and round, until one answers or time is up. Those that are
   * down are passed over; where all are, any of them is asked once, for the checks may be wrong.
   */
  private exchange(request: DnsRequest): DnsReply {
    const { failover, failFast, upstreams, patience } = this.options;
    const { length } = upstreams;
    const next = this.inOrder(request);
    let elapsed = ZERO;
    let [failovers, tries, down] = [0, 0, 0];
    const triesMax = length * TRIES_PER_UPSTREAM;
    for (let turn = 0; tries < triesMax && elapsed < patience.together; turn++) {
      if (turn % length === 0) down = 0;
      let upstream = next(turn % length);
      if (this.health.get(upstream)!.isDown) {
        if (++down < length) continue;
        if (failFast) break;
        upstream = request.choose(equally(upstreams));
      }
      tries++;
      const reply = this.ask(request, upstream);
      if (typeof reply !== 'object' || reply.delay > patience.once) {
        if (reply !== 'unreachable') elapsed = (elapsed + patience.once) as Duration;
        if (request.real) this.suspect(request, upstream, elapsed);
        // A check of the process's own has no more patience than one try takes.
        const isGivenUp = request.goesOneWay === true && elapsed > ZERO;
        if (down < length && !isGivenUp) continue;
        break;
      }
      const isWanted = failover.includes(reply.rcode) && ++failovers < length;
      if (!isWanted) return { ...reply, delay: (elapsed + reply.delay) as Duration };
    }
    return { ...emptyReply('SERVFAIL'), delay: elapsed };
  }

  private suspect(request: DnsRequest, upstream: Upstream, after: Duration): void {
    const { checkUpstream } = this.ground;
    if (checkUpstream === undefined) return;
    const health = this.health.get(upstream)!;
    leave(request, () => {
      if (health.suspect()) checkUpstream(health, after);
    });
  }

  private ask(request: DnsRequest, upstream: Upstream): Exchanged {
    const { forceTcp, preferUdp } = this.options;
    const asked = { ...request, depth: request.depth + 1 };
    const transport = forceTcp ? 'TCP' : preferUdp ? 'UDP' : request.transport;
    const { askUpstream } = this.ground;
    const reply = request.choose(askUpstream(upstream, { ...asked, transport }));
    const isCut = typeof reply === 'object' && reply.truncated && preferUdp && !forceTcp;
    if (!isCut) return reply;
    return request.choose(askUpstream(upstream, { ...asked, transport: 'TCP' }));
  }

  /**
   * The upstream of each turn of a round. How many questions came before this one is not known, so
   * `round_robin` begins anywhere; `random` decides a turn when it comes.
   */
  private inOrder({ choose }: DnsRequest): (turn: number) => Upstream {
    const { upstreams, policy } = this.options;
    if (policy === 'sequential' || upstreams.length === 1) return (turn) => upstreams[turn]!;
    const order: Upstream[] = [];
    if (policy === 'round_robin') {
      const first = choose(equally(upstreams));
      order.push(first, ...upstreams.filter((it) => it !== first));
    }
    return (turn) => {
      while (order.length <= turn) {
        order.push(choose(equally(upstreams.filter((it) => !order.includes(it)))));
      }
      return order[turn]!;
    };
  }
}

function equally<T>(values: readonly T[]): readonly Weighted<T>[] {
  const probability = ratio(1, values.length);
  return values.map((value) => ({ probability, value }));
}

function readForward(directive: Directive, ground: PluginGround): ForwardOptions {
  const { args, block, line } = directive;
  const [from, ...targets] = args;
  if (from === undefined || targets.length === 0) {
    throw new CorefileError('forward: expected a zone and upstreams', line);
  }
  const named = targets.flatMap((target) => readUpstreams(directive, target, ground));
  const upstreams = [...new Set(named)];
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
    failFast: false,
    health: {
      maxFails: 2,
      interval: ground.delay('coredns.forwardHealthCheck'),
      timeout: ground.delay('coredns.forwardHealthTimeout'),
      domain: '',
    },
    patience: {
      once: ground.delay('coredns.forwardTimeout'),
      together: ground.delay('coredns.forwardDeadline'),
    },
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
  else if (name === 'failfast_all_unhealthy_upstreams') options.failFast = true;
  else if (name === 'max_fails') options.health.maxFails = readCount(option, 0);
  else if (name === 'health_check') readHealthCheck(directive, option, options.health);
  else if (name === 'policy' && isPolicy(args[0])) options.policy = args[0];
  else throw notModelled(directive, option);
}

/** `health_check DURATION [no_rec] [domain NAME]` */
function readHealthCheck(directive: Directive, option: Directive, health: HealthOptions): void {
  health.interval = readSpan(option, 0);
  const [, ...words] = option.args;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === 'domain') health.domain = normalName(words.shift() ?? '.');
    else if (word !== 'no_rec') throw notModelled(directive, option);
  }
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
