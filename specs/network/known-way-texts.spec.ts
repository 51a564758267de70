// Goal: two packets share an answer only where nothing tells them apart that their ways depend on:
// each of these things is a word of the question under which an answer is kept. Method: a walk and
// the way on which its packet parts from others are played, and differ in one thing each.

import { expect } from 'chai';

import type { ExternalHost } from '../../src/network/fabric';
import { Flight } from '../../src/network/flight';
import type { Place, Track } from '../../src/network/flight';
import { isOnItsOwn, knownEndings } from '../../src/network/known-ways';
import type { Sender } from '../../src/network/walk';
import { Walk } from '../../src/network/walk';
import type { Machine } from '../../src/node/machine';
import type { PodSandbox } from '../../src/node/pod-sandbox';
import type { FiveTuple } from '../../src/values/flow';
import { ip } from '../../src/values/ip';
import type { Packet } from '../../src/values/packet';
import { CERTAIN } from '../../src/values/ratio';
import { ZERO } from '../../src/values/time';

const TUPLE: FiveTuple = {
  protocol: 'TCP',
  src: ip('10.244.1.2'),
  sport: 40_000,
  dst: ip('10.96.0.1'),
  dport: 80,
};

const node = (name: string) => ({ name }) as Machine;
const pod = (podKey: string) => ({ podKey }) as PodSandbox;
const client = (name: string) => ({ external: name }) as ExternalHost;

type WalkOptions = ConstructorParameters<typeof Walk>[0];

function walkOf(more: Partial<WalkOptions> = {}, isLineBad = false): Walk {
  const ground = { fabric: { degradations: { isEmpty: !isLineBad } } };
  const plain = { sender: { sandbox: pod('shop/a') }, sent: TUPLE, session: undefined };
  const whole = { ground, now: ZERO, ...plain, isRecorded: false, ...more };
  return new Walk(whole as unknown as WalkOptions);
}

const PACKET: Packet = { tuple: TUPLE, kind: 'syn', mark: 0 };
const PLACE: Place = { at: 'chosen-in', machine: node('w1'), device: 'eth0' };

/** A packet that has parted from another one. */
function way(more: Partial<Packet> = {}, place: Place = PLACE): Flight {
  const flight = new Flight({ ...PACKET, ...more }, place, undefined);
  return flight.fork(CERTAIN, 0);
}

/** What is asked about a packet, and about a way of it. */
function questions(walk: Walk, parted?: Flight): string[] {
  const asked: string[] = [];
  const remember = <T>(question: string, find: () => T): T => {
    asked.push(question);
    return find();
  };
  knownEndings(
    walk,
    () => [],
    (_walk, _flights, apart) => {
      if (parted !== undefined) apart?.push(parted);
      return [];
    },
    remember,
  );
  return asked;
}

function expectApart(texts: readonly string[]): void {
  expect(new Set(texts).size, texts.join('\n')).to.equal(texts.length);
}

/** The tuple with one of its parts changed, for each of them. */
const TUPLES: readonly FiveTuple[] = [
  TUPLE,
  { ...TUPLE, protocol: 'UDP' },
  { ...TUPLE, src: ip('10.244.1.3') },
  { ...TUPLE, sport: 40_001 },
  { ...TUPLE, dst: ip('10.96.0.2') },
  { ...TUPLE, dport: 81 },
];

describe('what is asked about a packet', () => {
  it('is the same for the same packet, and for its ways', () => {
    expect(questions(walkOf(), way())).to.deep.equal(questions(walkOf(), way()));
  });

  it('differs with each part of its tuple', () => {
    expectApart(TUPLES.map((sent) => questions(walkOf({ sent }))[0]!));
  });

  it('differs with its sender', () => {
    const senders: readonly Sender[] = [
      { sandbox: pod('shop/a') },
      { sandbox: pod('shop/b') },
      { machine: node('w1') },
      { machine: node('w2') },
      { external: client('a') },
      { external: client('b') },
    ];
    expectApart(senders.map((sender) => questions(walkOf({ sender }))[0]!));
  });

  it('differs with how it is sent', () => {
    const ways: readonly Partial<WalkOptions>[] = [
      {},
      { isAnyPort: true },
      { isKept: true },
      { isRecorded: true },
      { via: 'w1' },
      { via: 'w2' },
    ];
    expectApart(ways.map((it) => questions(walkOf(it))[0]!));
  });

  it('differs with how many of its kind there are, where a link is bad', () => {
    const asked = (isLineBad: boolean): string[] =>
      [undefined, 1, 2].map((it) => questions(walkOf({ interval: it as never }, isLineBad))[0]!);
    expectApart(asked(true));
    expect(new Set(asked(false)).size, 'it does not matter elsewhere').to.equal(1);
  });

  it('is not what is asked about a way of it', () => {
    const [packet, rest] = questions(walkOf(), way());
    expect(rest).to.not.equal(packet);
    expect(questions(walkOf(), way()).length).to.equal(2);
  });
});

describe('what is asked about a way of a packet', () => {
  const asked = (flight: Flight, walk = walkOf()): string => questions(walk, flight)[1]!;

  it('differs with the packet as it was sent', () => {
    const sent = { ...TUPLE, dst: ip('10.96.0.9') };
    expectApart([asked(way()), asked(way(), walkOf({ sent }))]);
  });

  it('differs with the packet as it is now', () => {
    const nodes = { src: ip('192.168.1.11'), dst: ip('192.168.1.12') };
    const encapsulation = { kind: 'vxlan', ...nodes } as const;
    const service = { address: ip('10.96.0.1'), port: 80, by: 'opt' } as const;
    const packets: readonly Partial<Packet>[] = [
      {},
      { kind: 'data' },
      { mark: 0x4000 },
      { encapsulation },
      { encapsulation: { ...encapsulation, kind: 'ipip' } },
      { encapsulation: { ...encapsulation, src: ip('192.168.1.13') } },
      { encapsulation: { ...encapsulation, dst: ip('192.168.1.13') } },
      { service },
      { service: { ...service, address: ip('10.96.0.2') } },
      { service: { ...service, port: 81 } },
      { service: { ...service, by: 'geneve' } },
    ];
    expectApart(packets.map((it) => asked(way(it))));
    const tuples = TUPLES.map((tuple) => {
      const flight = way({ tuple });
      flight.socket = TUPLE;
      return asked(flight);
    });
    expectApart(tuples);
  });

  it('differs with what the socket holds, and with the routers that it may still pass', () => {
    const translated = way();
    translated.socket = { ...TUPLE, dst: ip('10.96.0.7') };
    const other = way();
    other.socket = { ...TUPLE, dst: ip('10.96.0.8') };
    const older = way();
    older.hopsLeft--;
    expectApart([way(), translated, other, older].map((it) => asked(it)));
  });

  it('differs with what the host knows of its connection', () => {
    const plain: Track = { state: 'NEW', arrival: TUPLE, hit: undefined };
    const tracks: readonly (Track | undefined)[] = [
      undefined,
      plain,
      { ...plain, state: 'INVALID' },
      { ...plain, isDirect: true },
      ...TUPLES.slice(1).map((arrival) => ({ ...plain, arrival })),
    ];
    const texts = tracks.map((track) => {
      const flight = way();
      flight.track = track;
      return asked(flight);
    });
    expectApart(texts);
  });

  it('differs with where it is', () => {
    const machine = node('w1');
    const places: readonly Place[] = [
      PLACE,
      { ...PLACE, at: 'host-in' },
      { ...PLACE, at: 'chosen-out' },
      { ...PLACE, machine: node('w2') },
      { ...PLACE, device: 'eth1' },
      { ...PLACE, from: pod('shop/a') },
      { ...PLACE, from: pod('shop/b') },
      { at: 'host-out', machine },
      { at: 'host', machine },
      { at: 'error-out', machine },
      { at: 'pod-out', sandbox: pod('shop/a') },
      { at: 'pod-out', sandbox: pod('shop/b') },
      { at: 'pod', sandbox: pod('shop/a'), looped: false },
      { at: 'external', external: client('a') },
      { at: 'external', external: client('b') },
      { at: 'external-out', external: client('a') },
    ];
    expectApart(places.map((place) => asked(way({}, place))));
  });
});

describe('a packet', () => {
  const changed = (change: (flight: Flight) => unknown): boolean => {
    const flight = way();
    change(flight);
    return isOnItsOwn(flight);
  };

  it('is on its own once it has parted from others and has been nowhere else', () => {
    expect(isOnItsOwn(way())).to.equal(true);
    expect(isOnItsOwn(new Flight(PACKET, PLACE, undefined)), 'no way has parted').to.equal(false);
  });

  it('is not where its way depends on what it went through', () => {
    const changes: Record<string, (flight: Flight) => unknown> = {
      'an answer': (it) => (it.leg = 'answer'),
      'a load balancer': (it) => (it.balanced = {} as never),
      'a cut': (it) => (it.turnedBackBy = 'cut#1'),
      'a bad link': (it) => (it.stretch = { ...it.stretch }),
      'an entry': (it) => (it.entries = [{} as never]),
    };
    for (const [what, change] of Object.entries(changes)) {
      expect(changed(change), what).to.equal(false);
    }
  });
});
