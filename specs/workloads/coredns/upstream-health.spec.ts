// Goal: what `forward` remembers of dead upstreams is what coredns plugin/pkg/proxy/health.go and
// plugin/forward/forward.go make of it: dns-ipam.md §10.
// Method: upstreams that answer by their last octet; checks are made by hand.

import { expect } from 'chai';
import { seconds } from '../../../src/values/time';
import type { Duration } from '../../../src/values/time';
import type { DefaultDelay, Exchanged } from '../../../src/workloads/coredns/plugin';
import { UpstreamHealth } from '../../../src/workloads/coredns/upstream-health';
import { emptyReply } from '../../../src/workloads/dns-message';
import { USUAL_DELAY } from '../usual-delay';
import { says, UpstreamWorld } from './upstream-world';

const NAME = 'a.example';

function healthWithin(timeout: Duration): UpstreamHealth {
  const options = { maxFails: 2, interval: seconds(0.5), timeout, domain: '' };
  return new UpstreamHealth('node', 'UDP', options);
}

const GOOD = says(`${NAME}. 60 IN A 192.0.2.1`);

/** A forward over these octets, in order, and the upstreams that it has begun to check. */
function worldOf(
  octets: readonly number[],
  options: string,
  said: Record<number, Exchanged>,
  delay: DefaultDelay = USUAL_DELAY,
) {
  const suspects = new Map<UpstreamHealth, number>();
  const targets = octets.map((octet) => `192.0.2.${octet}`).join(' ');
  const world = new UpstreamWorld(
    `forward . ${targets} {\npolicy sequential\n${options}\n}`,
    (_, server) => said[Number(/\.(\d+):/.exec(server)![1])] ?? 'silent',
    { checkUpstream: (health, after) => void suspects.set(health, after), delay },
  );
  const fail = (times: number) => {
    for (const health of suspects.keys()) {
      for (let count = 0; count < times; count++) health.learn('silent');
    }
  };
  return { world, suspects, fail };
}

const serversOf = ({ asked }: UpstreamWorld) => asked.map((it) => it.split(' ')[0]!);

describe('an upstream of forward', () => {
  it('is checked from the end of the exchange that failed, once', () => {
    const { world, suspects } = worldOf([53, 54], '', { 54: GOOD });
    world.ask(NAME);
    world.ask(NAME);
    expect([...suspects.values()]).to.deep.equal([seconds(2)]);
  });

  it('is not suspected by a question that nobody really asks', () => {
    const { world, suspects } = worldOf([53, 54], '', { 54: GOOD });
    world.ask(NAME, 'A', { real: false });
    expect(suspects.size).to.equal(0);
  });

  it('is passed over after three checks in vain, and not after two', () => {
    const { world, fail } = worldOf([53, 54], '', { 54: GOOD });
    world.ask(NAME);
    fail(2);
    expect(world.ask(NAME).delay).to.equal(seconds(2));
    fail(1);
    world.asked.length = 0;
    expect(world.ask(NAME).delay).to.equal(0);
    expect(serversOf(world)).to.deep.equal(['192.0.2.54:53']);
  });

  it('is back with the first answer to a check, whatever that says', () => {
    const { world, suspects, fail } = worldOf([53, 54], '', { 54: GOOD });
    world.ask(NAME);
    fail(3);
    const [health] = suspects.keys();
    expect(health!.learn(emptyReply('REFUSED'))).to.equal(undefined);
    expect(health!.isDown).to.equal(false);
    world.asked.length = 0;
    world.ask(NAME);
    expect(serversOf(world)[0]).to.equal('192.0.2.53:53');
  });

  it('is waited for as long as the scenario overrides, alone and with the others', () => {
    const told: DefaultDelay = (timer) => {
      if (timer === 'coredns.forwardTimeout') return seconds(3);
      if (timer === 'coredns.forwardDeadline') return seconds(8);
      return timer === 'coredns.forwardHealthTimeout' ? seconds(4) : USUAL_DELAY(timer);
    };
    // Tries go on until the deadline has passed: after 2, 4 and 6 s, after 3, 6 and 9 s.
    expect(worldOf([53, 54], '', {}).world.ask(NAME).delay).to.equal(seconds(6));
    const { world, suspects } = worldOf([53, 54], '', {}, told);
    expect(world.ask(NAME).delay).to.equal(seconds(9));
    const [health] = suspects.keys();
    expect(health!.checkTime('silent')).to.equal(seconds(4));
  });

  it('is never down with max_fails 0', () => {
    const { world, suspects } = worldOf([53, 54], 'max_fails 0', { 54: GOOD });
    world.ask(NAME);
    expect(suspects.size).to.equal(0);
  });

  it('is asked all the same where all are down, once', () => {
    const { world, fail } = worldOf([53, 54], '', {});
    world.ask(NAME);
    fail(3);
    world.asked.length = 0;
    expect(world.courses(NAME).map(({ value }) => value.delay)).to.deep.equal([
      seconds(2),
      seconds(2),
    ]);
    expect(serversOf(world)).to.have.members(['192.0.2.53:53', '192.0.2.54:53']);
  });

  it('is not asked there with failfast_all_unhealthy_upstreams', () => {
    const { world, fail } = worldOf([53, 54], 'failfast_all_unhealthy_upstreams', {});
    world.ask(NAME);
    fail(3);
    world.asked.length = 0;
    expect(world.ask(NAME)).to.include({ rcode: 'SERVFAIL', delay: 0 });
    expect(world.asked).to.deep.equal([]);
  });

  it('is checked every half second, or as health_check says', () => {
    const intervalOf = (options: string) => {
      const { world, suspects } = worldOf([53], options, {});
      world.ask(NAME);
      return [...suspects.keys()][0]!.learn('unreachable');
    };
    expect(intervalOf('')).to.equal(seconds(0.5));
    expect(intervalOf('health_check 3s no_rec domain example.org')).to.equal(seconds(3));
  });

  it('has a second for the answer to a check', () => {
    const health = healthWithin(USUAL_DELAY('coredns.forwardHealthTimeout'));
    expect(health.checkTime('silent')).to.equal(seconds(1));
    expect(health.checkTime('unreachable')).to.equal(0);
    expect(health.checkTime({ ...GOOD, delay: seconds(0.2) })).to.equal(seconds(0.2));
    const patient = healthWithin(seconds(3));
    expect(patient.checkTime('silent')).to.equal(seconds(3));
    expect(patient.learn({ ...GOOD, delay: seconds(2) })).to.equal(undefined);
    expect(health.learn({ ...GOOD, delay: seconds(2) })).to.equal(seconds(0.5));
  });
});

describe('the order of upstreams', () => {
  const order = (policy: string) => {
    const world = new UpstreamWorld(
      `forward . 192.0.2.1 192.0.2.2 192.0.2.3 {\n${policy}\n}`,
      (_, server) => (server.startsWith('192.0.2.3') ? GOOD : 'unreachable'),
    );
    const found = new Set<string>();
    for (const { value } of world.courses(NAME)) void value;
    let turn: string[] = [];
    for (const server of serversOf(world)) {
      turn.push(/\.(\d):/.exec(server)![1]!);
      if (turn.at(-1) !== '3') continue;
      found.add(turn.join(''));
      turn = [];
    }
    return [...found].sort();
  };

  it('is any permutation with `random`, decided no further than it matters', () => {
    expect(order('policy random')).to.deep.equal(['123', '13', '213', '23', '3']);
  });

  it('begins anywhere with `round_robin`, and goes on with the first of the file', () => {
    expect(order('policy round_robin')).to.deep.equal(['123', '213', '3']);
  });

  it('is that of the file with `sequential`', () => {
    expect(order('policy sequential')).to.deep.equal(['123']);
  });
});
