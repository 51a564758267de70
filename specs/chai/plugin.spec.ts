// Goal: a claim in code means exactly what it means in a scenario, affirmed and denied, and fails
// with the same text. Method: one small cluster; each claim holds, fails, and is negated.

import * as chai from 'chai';
import { expect } from 'chai';
import * as fs from 'node:fs';
import { kubedrill } from '../../src/chai/plugin';
import type { Drill } from '../../src/chai/plugin';
import type { Outcome } from '../../src/runner/result';
import { LANGUAGE } from '../../src/vocabulary/index';
import { shop, thrownBy } from './shop';

chai.use(kubedrill);

function outcomeOf(error: Error): Outcome {
  return (error as Error & { outcome: Outcome }).outcome;
}

describe('the chai plugin', () => {
  it('has a method for every claim of the language', () => {
    const methods = chai.Assertion.prototype as unknown as Record<string, unknown>;
    for (const name of LANGUAGE.claims.keys()) expect(methods[name], name).to.be.a('function');
  });

  it('declares the types of every claim and of every fault', () => {
    const plugin = fs.readFileSync('src/chai/plugin.ts', 'utf8');
    const drill = fs.readFileSync('src/chai/drill.ts', 'utf8');
    for (const name of LANGUAGE.claims.keys()) expect(plugin).to.contain(`\n      ${name}(`);
    for (const name of LANGUAGE.faults.keys()) expect(drill).to.contain(`\n  ${name}(`);
  });

  describe('in a calm cluster', () => {
    let drill: Drill;

    before(() => {
      drill = shop().runUntil('1s');
    });

    it('asserts who reaches whom', () => {
      expect(drill.pod('shop/client')).to.reach('backend:80');
      expect(drill.pod('shop/client')).to.reach('backend:80', {
        backends: ['shop/backend#1', 'shop/backend#2', 'shop/backend#3'],
      });
      expect(drill.pod('shop/client')).to.reach('10.96.0.20:81', { outcome: 'fail' });
      expect(drill.node('worker-1')).to.reach('10.96.0.20:80');
      expect(drill.pod('shop/client')).not.to.reach('backend:80', { outcome: 'refused' });
    });

    it('asserts for each of several senders', () => {
      expect(drill.each({ nodes: 'all' })).to.reach('10.96.0.20:80');
      expect(drill.each({ pods: { namespace: 'shop' } })).to.reach('backend.shop:80');
    });

    it('asserts the answers of DNS', () => {
      expect(drill.pod('shop/client')).to.resolve('backend', { answers: ['10.96.0.20'] });
      expect(drill.pod('shop/client')).to.resolve('nobody', { rcode: 'NXDOMAIN' });
      expect(drill.pod('shop/client')).not.to.resolve('backend', { answers: ['10.96.0.21'] });
    });

    it('asserts the tuples of NAT', () => {
      const [pod] = drill.cluster.podsOf('Deployment', 'shop/backend');
      expect(drill.pod('shop/client')).to.translate({
        to: `pod/${pod}:8080`,
        dnat: 'none',
        snat: 'none',
      });
      expect(drill.pod('shop/client')).not.to.translate({ to: '10.96.0.20:80', dnat: 'none' });
    });

    it('asserts what an outage may cost, over the time to come', () => {
      const limits = { gap: '0s', failures: { fail: 0 }, within: '5s' } as const;
      const own = shop().runUntil('1s');
      expect(own.pod('shop/client')).to.outage('backend:80', limits);
      expect(own.clock).to.equal('6s');
      const nobody = () => expect(own.pod('shop/client')).to.outage('backend:81', limits);
      expect(nobody).to.throw(/a gap of 5s/);
      const denied = () => expect(own.pod('shop/client')).not.to.outage('backend:80', limits);
      expect(denied).to.throw(TypeError, /cannot be denied/);
    });

    it('asserts whether a client that returns meets the same backend', () => {
      const returning = drill.pod('shop/client').visit('backend:80');
      expect(returning).to.affinity({ kept: false });
      expect(() => expect(returning).to.affinity()).to.throw(/the same backend/);
    });

    it('asserts convergence, shares, paths and state', () => {
      expect(drill.service('shop/backend')).to.converge();
      expect(drill.pod('shop/client')).to.share('backend:80', { even: 'shop/backend' });
      expect(drill.pod('shop/client')).to.path('backend:80', { hops: ['nat/PREROUTING'] });
      expect(drill).to.inspect("$.objects.pods[?(@.metadata.name == 'client')]", { count: 1 });
      expect(drill).not.to.inspect('$.objects.services[*]', { count: 0 });
    });

    it('fails with the outcome and its text, and leads to the line of the spec', () => {
      const error = thrownBy(() => expect(drill.pod('shop/client')).to.reach('backend:81'));
      expect(error.name).to.equal('AssertionError');
      expect(outcomeOf(error)).to.include({ claim: 'reach', status: 'failed', expected: 'ok' });
      const [head, ...body] = error.message.split('\n');
      expect(head).to.match(
        /^✗ shop\/client reaches backend:81 at 1s +.*plugin\.spec\.\w+:\d+:\d+$/,
      );
      expect(body[0]).to.match(/^ {4}expected {2}ok$/);
      expect(error.message)
        .to.match(/^ {4}actual /m)
        .and.to.match(/^ {4}trace /m);
      expect(error.message).to.match(/^ {4}repeat +npx mocha .*plugin\.spec/m);
      expect(error.stack!.slice(error.stack!.indexOf('\n    at '))).to.match(
        /^\n {4}at .*plugin\.spec[^\n]*\n {4}at thrownBy/,
      );
    });

    it('denies with the words of a denial', () => {
      const error = thrownBy(() => expect(drill.pod('shop/client')).not.to.reach('backend:80'));
      expect(outcomeOf(error)).to.include({ operator: 'never', status: 'failed' });
      expect(error.message).to.match(/^✗ shop\/client does not reach backend:80 at 1s/);
    });

    it('fails both ways where only some paths fit', () => {
      const some = { backends: ['shop/backend#1'] };
      const sender = drill.pod('shop/client');
      expect(() => expect(sender).to.reach('backend:80', some)).to.throw('✗ shop/client');
      expect(() => expect(sender).not.to.reach('backend:80', some)).to.throw('✗ shop/client');
      expect(sender).to.reach('backend:80', { ...some, some: true });
    });

    it('refuses to deny what could not be asked', () => {
      const error = thrownBy(() => expect(drill.pod('shop/client')).not.to.reach('nobody:80'));
      expect(error.name).to.equal('UndecidedExpectation');
      expect(outcomeOf(error)).to.include({ status: 'error', code: 'vacuous' });
    });

    it('refuses arguments that the language does not know', () => {
      const odd = { outcom: 'refused' } as object;
      expect(() => expect(drill.pod('shop/client')).to.reach('backend:80', odd)).to.throw(
        TypeError,
        'did you mean "outcome"?',
      );
      expect(() => expect(drill.pod('shop/client')).to.reach('backend:http')).to.throw(TypeError);
    });

    it('refuses a subject that is no part of a drill', () => {
      expect(() => expect('shop/client').to.reach('backend:80')).to.throw(TypeError, /drill\.pod/);
      expect(() => expect(drill.service('shop/backend')).to.reach('backend:80')).to.throw(
        TypeError,
      );
    });
  });

  describe('with time', () => {
    it('waits until a claim comes true, and stops the clock there', () => {
      const drill = shop().runUntil('10s').kill({ pod: 'shop/backend#1' });
      expect(drill.pod('shop/client')).to.reach('backend:80', { outcome: 'refused', some: true });
      expect(drill.pod('shop/client')).to.reach('backend:80', { within: '3s' });
      expect(drill.now).to.be.greaterThan(10_000_000).and.lessThan(13_000_000);
    });

    it('tells until when it waited in vain', () => {
      const drill = shop().runUntil('10s').kill({ pod: 'shop/backend#1' });
      const error = thrownBy(() =>
        expect(drill.pod('shop/client')).to.reach('backend:80', { within: '1ms' }),
      );
      expect(error.message).to.match(/^✗ shop\/client reaches backend:80 within 1ms of 10s/);
      expect(outcomeOf(error).expected).to.equal('ok by t=10.001s');
      expect(drill.clock).to.equal('10.001s');
    });

    it('denies over a whole span', () => {
      const drill = shop().runUntil('10s');
      const refused = { outcome: 'refused', within: '5s' } as const;
      expect(drill.pod('shop/client')).not.to.reach('backend:80', refused);
      expect(drill.clock).to.equal('15s');
      drill.kill({ pod: 'shop/backend#1' });
      expect(() => expect(drill.pod('shop/client')).not.to.reach('backend:80', refused)).to.throw(
        'refused',
      );
      expect(drill.clock).to.equal('15s');
    });

    it('follows connections that were opened earlier', () => {
      const drill = shop().runUntil('10s');
      const kept = drill.pod('shop/client').open('backend:80');
      expect(kept).to.reach();
      drill.runUntil('11s').kill({ pod: 'shop/backend#1', restart: 'never' }).runUntil('60s');
      expect(kept).not.to.reach(undefined, { outcome: 'timeout' });
      expect(() => expect(kept).to.reach()).to.throw('✗ shop/client');
      expect(drill.pod('shop/client')).to.reach('backend:80');
    });
  });
});
