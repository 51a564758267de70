// kubedrill's chai plugin: `use(kubedrill)`, then every claim of the language is an assertion.
//
//   const drill = buildCluster({ nodes: 3, manifests: ['deploy/*.yaml'] });
//   drill.runUntil('10s').kill({ pod: 'shop/backend#1' });
//   expect(drill.pod('shop/client')).to.reach('backend:80', { within: '2s' });
//   expect(drill.pod('shop/client')).not.to.reach('database:5432');
//
// A claim must hold for every source that the subject means and on every path that a packet can
// take. `.not` denies it altogether: no path from any source may make it true. So an assertion
// and its negation can both fail. `within` moves the clock.

/// <reference types="chai" preserve="true" />

import { LANGUAGE } from '../vocabulary/index';
import type { ClaimArgs } from './arguments';
import { assertClaim } from './assert-claim';

export { buildCluster } from './build-cluster';
export type { ClusterOptions } from './build-cluster';
export { Drill } from './drill';
export type { Selector } from './drill';
export { InvalidScenario, UndecidedExpectation } from './failure';
export type { FailedExpectation } from './failure';
export { loadScenario } from './load-scenario';
export type { ScenarioOptions } from './load-scenario';
export { KeptConnection, ReturningClient, Sender, ServiceSubject } from './subject';

/** How long a claim may take to come true; with `.not`, how long it must stay impossible. */
export interface Within {
  readonly within?: string;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Chai {
    interface Assertion {
      /**
       * A new connection succeeds: `reach('backend:80')`, `reach('backend:80', {outcome:
       * 'refused'})`. The subject is a sender, or connections that were opened earlier.
       */
      reach(
        to?: string,
        options?: Omit<ClaimArgs<'reach'>, 'from' | 'to' | 'opened'> & Within,
      ): Assertion;
      /**
       * A client that was there before meets the same backend again: `expect(drill.pod('shop/web')
       * .visit('cart:80')).to.affinity()`; with `{kept: false}`, it may meet another.
       */
      affinity(options?: Pick<ClaimArgs<'affinity'>, 'kept'> & Within): Assertion;
      /** A lookup is answered: `resolve('backend', {answers: ['10.96.0.20']})`. */
      resolve(
        name: string,
        options?: Omit<ClaimArgs<'resolve'>, 'from' | 'name'> & Within,
      ): Assertion;
      /** A new connection stands so in the conntrack tables: `translate({to, dnat, snat})`. */
      translate(args: Omit<ClaimArgs<'translate'>, 'from'> & Within): Assertion;
      /** Every node's data plane agrees with the API about a Service. */
      converge(options?: Omit<ClaimArgs<'converge'>, 'service'> & Within): Assertion;
      /** The exact probabilities over backends: `share('backend:80', {even: 'shop/backend'})`. */
      share(to: string, of: Omit<ClaimArgs<'share'>, 'from' | 'to'> & Within): Assertion;
      /**
       * What probes meet for as long as `within` says, which moves the clock to its end:
       * `outage('backend:80', {gap: {atMost: '2s'}, within: '30s'})`.
       */
      outage(
        to: string,
        limits: Omit<ClaimArgs<'outage'>, 'from' | 'to' | 'opened'> & Required<Within>,
      ): Assertion;
      /** The hops of a packet: `path('backend:80', {hops: ['cni0', 'flannel.1']})`. */
      path(to: string, hops: Omit<ClaimArgs<'path'>, 'from' | 'to'> & Within): Assertion;
      /** Who reaches whom: `table({port: 80, rows: {'shop/web': {'shop/db': 'no'}}})`. */
      table(args: ClaimArgs<'table'> & Within): Assertion;
      /** A JSONPath over the cluster's state: `inspect('$.objects.pods[*]', {count: 5})`. */
      inspect(query: string, wanted: Omit<ClaimArgs<'inspect'>, 'query'> & Within): Assertion;
    }
  }
}

/** Gives chai the claims of the language: `use(kubedrill)`. */
export function kubedrill(chai: Chai.ChaiStatic, utils: Chai.ChaiUtils): void {
  for (const claim of LANGUAGE.claims.values()) {
    chai.Assertion.addMethod(claim.name, function (this: object, ...given: unknown[]) {
      const denied = utils.flag(this, 'negate') === true;
      const below = utils.flag(this, 'ssfi') as () => void;
      assertClaim(utils.flag(this, 'object'), claim, given, { denied, below });
    });
  }
}
