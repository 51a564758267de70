// What can be wrong about CoreDNS and the resolvers.

import { Machine } from '../../src/node/machine';
import { PolicyAgents } from '../../src/node/policy/policy-agents';
import { CachePlugin } from '../../src/workloads/coredns/cache';
import * as cacheOptions from '../../src/workloads/coredns/cache-options';
import { LoopPlugin } from '../../src/workloads/coredns/loop';
import { UpstreamHealth } from '../../src/workloads/coredns/upstream-health';
import * as size from '../../src/workloads/dns-size';
import { DnsView } from '../../src/workloads/dns-view';
import { Course } from '../../src/workloads/lookup';
import * as lookup from '../../src/workloads/lookup-result';
import type { Mutant } from './mutants';
import { replace } from './replace';

export const DNS_MUTANTS: readonly Mutant[] = [
  {
    name: 'coredns-never-watches',
    sentence: 'CoreDNS lists the API once and hears of nothing that changes afterwards.',
    scenario: 'scenarios/dns/follows-services.yaml',
    expectation: 'resolves web to 10.96.0.40',
    breaks: () =>
      replace(DnsView.prototype, 'sync', (sync: DnsView['sync']) => {
        return function (this: DnsView) {
          sync.call(this);
          for (const informer of this['informers']) informer.hold();
        };
      }),
  },
  {
    name: 'names-need-endpoints',
    sentence: 'A Service without endpoints has no name.',
    scenario: 'scenarios/troubleshooting/selector-typo.yaml',
    expectation: 'resolves typo to 10.96.0.66',
    breaks: () =>
      replace(DnsView.prototype, 'service', (service: DnsView['service']) => {
        return function (this: DnsView, namespace, name) {
          const record = service.call(this, namespace, name);
          return this.endpoints(namespace, name).length === 0 ? undefined : record;
        };
      }),
  },
  {
    name: 'no-search-list',
    sentence: 'The resolver asks for a name as it stands and for nothing else.',
    scenario: 'scenarios/dns/service-names.yaml',
    expectation: 'resolves backend to 10.96.0.20',
    breaks: () =>
      replace<typeof lookup.candidates>(lookup, 'candidates', () => ({ name }) => {
        return [{ name: name.replace(/\.$/, ''), asIs: true }];
      }),
  },
  {
    name: 'search-list-after-the-name',
    sentence: 'The resolver asks for the name as it stands first, whatever `ndots` says.',
    scenario: 'scenarios/dns/outside-names.yaml',
    expectation: 'resolves api.example.com to 203.0.113.7',
    breaks: () =>
      replace<typeof lookup.candidates>(lookup, 'candidates', (candidates) => (request) => {
        return [...candidates(request)].sort((a, b) => Number(b.asIs) - Number(a.asIs));
      }),
  },
  {
    name: 'cache-forgets',
    sentence: 'The cache of CoreDNS keeps nothing.',
    scenario: 'scenarios/dns/stale-answers.yaml',
    expectation: 'resolves web to 10.96.0.40 at 20s',
    breaks: () => replace(CachePlugin.prototype, 'find', () => () => undefined),
  },
  {
    name: 'cache-keeps-for-ever',
    sentence: 'An entry of the cache never runs out.',
    scenario: 'scenarios/dns/new-peer.yaml',
    expectation: 'resolves db-1.db at 40s',
    breaks: () =>
      replace(CachePlugin.prototype, 'serve', (serve: CachePlugin['serve']) => {
        return function (this: CachePlugin, request, next) {
          const { now } = request.clock;
          const clock = { now: Math.min(now, 20_000_000) as typeof now };
          return serve.call(this, { ...request, clock }, next);
        };
      }),
  },
  {
    name: 'answers-always-fit',
    sentence: 'No answer is ever too large for UDP.',
    scenario: 'scenarios/dns/truncated-answers.yaml',
    expectation: 'resolves many at 1s',
    breaks: () => replace<typeof size.fitTo>(size, 'fitTo', () => (reply) => reply),
  },
  {
    name: 'disable-is-not-heeded',
    sentence: 'The cache keeps the names of zones that are left out of it.',
    scenario: 'scenarios/dns/kubeadm-131-vs-132-dns-staleness.yaml',
    expectation: 'the pod is gone for the DNS as soon as the watch tells',
    breaks: () =>
      replace<typeof cacheOptions.readCache>(cacheOptions, 'readCache', (readCache) => {
        return (...given) => ({ ...readCache(...given), noSuccess: [], noDenial: [] });
      }),
  },
  {
    name: 'denials-are-not-kept',
    sentence: 'The cache keeps answers, and asks anew for what did not exist.',
    scenario: 'scenarios/dns/kubeadm-131-vs-132-dns-staleness.yaml',
    expectation: 'a name that was not there',
    breaks: () =>
      replace<typeof cacheOptions.readCache>(cacheOptions, 'readCache', (readCache) => {
        return (...given) => ({ ...readCache(...given), noDenial: [''] });
      }),
  },
  {
    name: 'node-cache-keeps-denials',
    sentence: 'A cache keeps denials for as long as answers.',
    scenario: 'scenarios/dns/nodelocal-negative-cache-5s.yaml',
    expectation: 'resolves late to 10.96.0.40 at 15s',
    breaks: () =>
      replace<typeof cacheOptions.readCache>(cacheOptions, 'readCache', (readCache) => {
        return (...given) => {
          const options = readCache(...given);
          return { ...options, denial: options.success };
        };
      }),
  },
  {
    name: 'notrack-is-not-heeded',
    sentence: 'Table raw exempts nothing from connection tracking.',
    scenario: 'scenarios/dns/nodelocal-path.yaml',
    expectation: 'raw/PREROUTING',
    breaks: () =>
      replace(Machine.prototype, 'rulesets', (rulesets: Machine['rulesets']) => {
        return function (this: Machine, family) {
          return rulesets.call(this, family).filter(({ tables }) => !tables.has('raw'));
        };
      }),
  },
  {
    name: 'node-cache-cleans-up-when-killed',
    sentence: 'A DNS cache that is killed leaves no rule behind.',
    scenario: 'scenarios/dns/nodelocal-crash.yaml',
    expectation: 'gets no answer for backend',
    breaks: () =>
      replace(Machine.prototype, 'isLocal', (isLocal: Machine['isLocal']) => {
        return function (this: Machine, address) {
          const { length } = [...this.hostSandboxes].filter((it) => it.listenerOn('UDP', 53));
          if (length === 0) this.dnsCacheRules.clear();
          return isLocal.call(this, address) && (length > 0 || address !== '10.96.0.10');
        };
      }),
  },
  {
    name: 'own-node-is-always-allowed',
    sentence: 'No policy holds for what a pod sends to its own node.',
    scenario: 'scenarios/dns/nodelocal-policy.yaml',
    expectation: 'gets no answer for backend at 20s',
    breaks: () =>
      replace(PolicyAgents.prototype, 'verdict', (verdict: PolicyAgents['verdict']) => {
        return function (this: PolicyAgents, packet, direction, sandbox) {
          if (packet.tuple.dst === '10.96.0.10') return { allowed: true, reason: '', blames: [] };
          return verdict.call(this, packet, direction, sandbox);
        };
      }),
  },
  {
    name: 'forward-forgets-the-dead',
    sentence: 'CoreDNS tries a dead upstream anew at every question.',
    scenario: 'scenarios/dns/dead-upstream.yaml',
    expectation: 'resolves wiki.corp.example. to 203.0.113.9 at 16.1s',
    breaks: () => replace(UpstreamHealth.prototype, 'suspect', () => () => false),
  },
  {
    name: 'loops-go-unnoticed',
    sentence: 'A CoreDNS that asks itself lives on.',
    scenario: 'scenarios/dns/forwarding-loop.yaml',
    expectation: 'gets no answer for backend',
    breaks: () =>
      replace<LoopPlugin['serve']>(LoopPlugin.prototype, 'serve', () => (request, next) => {
        return next(request);
      }),
  },
  {
    name: 'no-race-in-conntrack',
    sentence: 'Two questions from one port never meet in conntrack.',
    scenario: 'scenarios/dns/five-seconds.yaml',
    expectation: 'resolves backend at 1s',
    breaks: () =>
      replace(Course.prototype, 'ask', (ask: Course['ask']) => {
        return function (this: Course, socket, server, question, options = {}) {
          return ask.call(this, socket, server, question, { ...options, racing: false });
        };
      }),
  },
];
