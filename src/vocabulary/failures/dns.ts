// DNS servers that answer wrongly.

import type { Cluster } from '../../cluster/cluster';
import type { DnsFailure, WrongAnswer } from '../../cluster/faults/failing';
import { parseIp } from '../../values/ip';
import { podTargetOf } from '../component-targets';
import { NOTHING, problem } from '../define';
import type { Injection, InjectionContext } from '../define';
import { tellMiss } from '../misses';
import { isFrozen, podName, podsOfTarget, UnknownTargetError } from '../targets';
import { frequencyOf } from './arguments';
import type { FailArgs } from './arguments';
import { effectOf } from './way';
import type { Way } from './way';

export const dnsWay: Way = {
  name: 'dns',
  targets: ['component', 'pod', 'pods', 'upstream'],
  components: ['coredns'],
  words: ['names', 'behindCache', 'odds', 'pattern'],
  check(args) {
    const { dns, behindCache, upstream } = args;
    if (behindCache === true && upstream !== undefined) {
      return [problem('/behindCache', 'a resolver outside of the cluster has no cache here')];
    }
    if (behindCache === true && dns === 'timeout') {
      return [problem('/behindCache', 'a server that says nothing has nothing to keep')];
    }
    return [...addressProblems(args)];
  },
  inject(cluster, args, context) {
    const injection = failServers(cluster, args, context);
    if (injection.hits.length > 0) return injection;
    throw new UnknownTargetError(whyNone(cluster, args, context.step));
  },
  extend(cluster, args, context) {
    if (args.upstream !== undefined || isFrozen(podTargetOf(args))) return NOTHING;
    return failServers(cluster, args, context);
  },
  undo: (cluster, server, token) => cluster.handles.mendDns(token, server),
};

function* addressProblems({ dns }: FailArgs) {
  if (typeof dns !== 'object') return;
  const { A, AAAA } = dns;
  if (A !== undefined && A !== 'random' && parseIp(A) === undefined) {
    yield problem('/dns/A', `"${A}" is no address`);
  }
  if (AAAA !== undefined && parseIp(AAAA)?.includes(':') !== true) {
    yield problem('/dns/AAAA', `"${AAAA}" is no IPv6 address`);
  }
}

function failServers(cluster: Cluster, args: FailArgs, { step }: InjectionContext): Injection {
  const servers = serversOf(cluster, args, step);
  const fresh = cluster.handles.failDns(step, servers, failureOf(args));
  const say = (it: string) => (args.upstream === undefined ? `pod ${podName(cluster, it)}` : it);
  return {
    hits: fresh.map((it) => (it === 'node' ? 'the resolver of the nodes' : say(it))),
    effects: fresh.map((it) => effectOf('dns', it, step)),
  };
}

/** Why no server answers wrongly now. */
function whyNone(cluster: Cluster, args: FailArgs, step: string): string {
  const { upstream } = args;
  if (upstream !== undefined) return `it hit nothing: the cluster has no upstream ${upstream}`;
  const servers = serversOf(cluster, args, step);
  if (servers.length === 0) return tellMiss(cluster, args);
  const names = servers.map((pod) => podName(cluster, pod)).join(', ');
  return `it hit nothing: no DNS server runs in ${names}`;
}

function serversOf(cluster: Cluster, args: FailArgs, step: string): readonly string[] {
  const { upstream } = args;
  if (upstream === undefined) return podsOfTarget(cluster, podTargetOf(args), step);
  const externals = cluster.spec.externals.map(({ name }) => `external/${name}`);
  const all = ['node', ...externals];
  return upstream === 'all' ? all : all.filter((it) => it === upstream);
}

function failureOf(args: FailArgs): DnsFailure {
  const { names = [], behindCache = false } = args;
  return { names, behindCache, answer: answerOf(args.dns!), ...frequencyOf(args) };
}

function answerOf(dns: NonNullable<FailArgs['dns']>): WrongAnswer {
  if (typeof dns === 'string') {
    if (dns === 'timeout') return { kind: 'silence' };
    if (dns === 'truncate') return { kind: 'truncation' };
    return { kind: 'code', rcode: dns as Extract<WrongAnswer, { kind: 'code' }>['rcode'] };
  }
  const { A, AAAA } = dns;
  return {
    kind: 'addresses',
    ...(A !== undefined && { A: A === 'random' ? 'random' : parseIp(A)! }),
    ...(AAAA !== undefined && { AAAA: parseIp(AAAA)! }),
  };
}
