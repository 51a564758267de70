// What can be wrong about CoreDNS and the resolvers.

import { CachePlugin } from '../../src/workloads/coredns/cache';
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
          const now = Math.min(request.now, 20_000_000) as typeof request.now;
          return serve.call(this, { ...request, now }, next);
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
