// A wrong model on purpose: the real resolver goes through a scenario, and the model's client is
// asked about another one. A comparison that agrees with these would agree with anything.

import type { Client } from './clients';
import type { Scenario } from './scenarios';

export interface ResolverSabotage {
  readonly title: string;
  readonly client: Client['name'];
  /** The title of the scenario. */
  readonly scenario: string;
  /** Turns it into what the model is told. */
  spoil(scenario: Scenario): Scenario;
}

export const RESOLVER_SABOTAGES: readonly ResolverSabotage[] = [
  {
    title: 'ndots is 1',
    client: 'glibc',
    scenario: 'an external name',
    spoil: (scenario) => ({ ...scenario, options: { ndots: '1' } }),
  },
  {
    title: 'the search list is read backwards',
    client: 'musl',
    scenario: 'a name with its namespace',
    spoil: (scenario) => {
      return {
        ...scenario,
        search: ['cluster.local', 'svc.cluster.local', 'shop.svc.cluster.local'],
      };
    },
  },
  {
    title: 'a failure is an answer',
    client: 'glibc',
    scenario: 'SERVFAIL on one step',
    spoil: (scenario) => ({ ...scenario, servers: [() => 'answer'] }),
  },
  {
    title: 'the queries leave from one socket each',
    client: 'glibc',
    scenario: 'both families',
    spoil: (scenario) => ({ ...scenario, options: { 'single-request-reopen': '' } }),
  },
  {
    title: 'a silent server answers the second time',
    client: 'musl',
    scenario: 'all are silent',
    spoil: (scenario) => {
      return { ...scenario, servers: [(_, before) => (before < 1 ? 'drop' : 'answer')] };
    },
  },
  {
    title: 'patience of two seconds',
    client: 'glibc',
    scenario: 'all are silent',
    spoil: (scenario) => ({ ...scenario, options: { timeout: '2', attempts: '2' } }),
  },
  {
    title: 'rotation stands still',
    client: 'glibc',
    scenario: 'rotate',
    spoil: (scenario) => ({ ...scenario, options: {} }),
  },
  {
    title: 'another name is answered',
    client: 'dig',
    scenario: 'an ExternalName with the dot',
    spoil: (scenario) => ({ ...scenario, servers: [() => 'empty'] }),
  },
];
