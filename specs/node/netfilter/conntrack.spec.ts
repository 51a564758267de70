// The connection table: found by either tuple, gone after its time, full at its limit, and never
// touched by a walk that did not happen. Timeouts and lines are those of a real kernel.

import { expect } from 'chai';
import { Conntrack } from '../../../src/node/netfilter/conntrack';
import type { ConntrackEntry } from '../../../src/node/netfilter/conntrack';
import type { TcpState } from '../../../src/node/netfilter/conntrack-entry';
import {
  answered,
  formatConntrackEntry,
  inState,
  newEntry,
  refreshed,
  timeoutsBy,
} from '../../../src/node/netfilter/conntrack-entry';
import { TIMERS } from '../../../src/timing';
import type { TimerName } from '../../../src/timing';
import { RecentLists } from '../../../src/node/netfilter/recent';
import { ANY_PORT } from '../../../src/values/flow';
import type { FiveTuple, Port, Protocol } from '../../../src/values/flow';
import { ip } from '../../../src/values/ip';
import { between, seconds, START } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';

const at = (count: number) => seconds(count) as number as Instant;

function tuple(
  src: string,
  sport: Port,
  dst: string,
  dport: Port,
  protocol: Protocol = 'TCP',
): FiveTuple {
  return { protocol, src: ip(src), sport, dst: ip(dst), dport };
}

/** A client's connection to a ClusterIP, translated to a pod. */
function entryOf(sport = 40_000, protocol: Protocol = 'TCP'): ConntrackEntry {
  const original = tuple('10.244.1.5', sport, '10.96.0.20', 80, protocol);
  const reply = tuple('10.244.1.6', 8080, '10.244.1.5', sport, protocol);
  return newEntry(original, reply, START);
}

describe('a conntrack table', () => {
  it('finds an entry by the tuple of either direction', () => {
    const table = new Conntrack();
    const entry = entryOf();
    table.put(entry);
    expect(table.lookup(entry.original, START)).to.deep.equal({ entry, direction: 'original' });
    expect(table.lookup(entry.reply, START)).to.deep.equal({ entry, direction: 'reply' });
    expect(table.lookup(tuple('10.244.1.5', 1, '10.96.0.20', 80), START)).to.equal(undefined);
  });

  it('replaces an entry, also where its reply changes', () => {
    const table = new Conntrack();
    const entry = entryOf();
    table.put(entry);
    const moved = { ...entry, reply: tuple('10.244.2.7', 8080, '10.244.1.5', 40_000) };
    table.put(moved);
    expect(table.lookup(entry.reply, START)).to.equal(undefined);
    expect(table.list(START)).to.deep.equal([moved]);
  });

  it('forgets an entry that is deleted, in both directions', () => {
    const table = new Conntrack();
    table.put(entryOf());
    table.delete(entryOf());
    expect(table.lookup(entryOf().reply, START)).to.equal(undefined);
    expect(table.count(START)).to.equal(0);
  });

  for (const [name, entry, span] of [
    ['TCP that nobody answered', entryOf(), 120],
    ['TCP that is established', answered(entryOf(), START), 86_400],
    ['TCP after a reset', inState(answered(entryOf(), START), 'CLOSE', START), 10],
    ['UDP', entryOf(1, 'UDP'), 30],
    ['UDP that was answered once', answered(entryOf(1, 'UDP'), START), 30],
    ['SCTP', entryOf(1, 'SCTP'), 210],
  ] as const) {
    it(`keeps ${name} for ${span} s`, () => {
      const table = new Conntrack();
      table.put(entry);
      const last = (at(span) - 1) as Instant;
      expect(table.lookup(entry.original, last)).to.not.equal(undefined);
      expect(table.lookup(entry.original, at(span))).to.equal(undefined);
      expect(table.lookup(entry.reply, last)).to.not.equal(undefined);
      expect(table.lookup(entry.reply, at(span))).to.equal(undefined);
    });
  }

  describe('keeps UDP for 120 s after a packet', () => {
    const flow = entryOf(1, 'UDP');
    const once = answered(flow, START);
    const isKept = (entry: ConntrackEntry, second: number) =>
      between(at(second), refreshed(entry, at(second)).expires) === seconds(120);

    it('that comes more than two seconds after the first one', () => {
      expect([isKept(once, 2), isKept(once, 3)]).to.deep.equal([false, true]);
      expect(refreshed(once, at(3)).assured).to.equal(true);
    });

    it('unless nobody has answered before', () => {
      expect(isKept(flow, 3)).to.equal(false);
      const late = answered(flow, at(3));
      expect([late.assured, late.unreplied]).to.deep.equal([false, false]);
      expect(isKept(late, 4)).to.equal(true);
    });
  });

  it('is full at its limit, until entries run out', () => {
    const table = new Conntrack(2);
    table.put(entryOf(1));
    expect(table.isFull(START)).to.equal(false);
    table.put(entryOf(2));
    expect(table.isFull(START)).to.equal(true);
    expect(table.isFull(at(120))).to.equal(false);
  });

  it('tells connections with random ports apart by the flow that a packet belongs to', () => {
    const table = new Conntrack();
    const reply = tuple('10.244.2.8', 8080, '192.168.1.10', ANY_PORT);
    const first = newEntry(tuple('192.168.1.10', 1, '10.96.0.20', 80), reply, START);
    const second = newEntry(tuple('192.168.1.10', 2, '10.96.0.20', 80), reply, START);
    table.put(first);
    table.put(second);
    expect(table.lookup(reply, START)!.entry).to.equal(second);
    expect(table.lookup(reply, START, first.original)!.entry).to.equal(first);
    table.delete(second);
    expect(table.lookup(reply, START)!.entry).to.equal(first);
  });
});

describe('an overlay', () => {
  it('shows its base and keeps what is written to it', () => {
    const table = new Conntrack();
    table.put(entryOf(1));
    const overlay = table.overlay();
    overlay.put(entryOf(2));
    overlay.delete(entryOf(1));
    expect(overlay.lookup(entryOf(1).reply, START)).to.equal(undefined);
    expect(overlay.lookup(entryOf(2).reply, START)!.direction).to.equal('reply');
    expect(overlay.list(START)).to.deep.equal([entryOf(2)]);
    expect(table.list(START)).to.deep.equal([entryOf(1)]);
  });

  it('writes everything to its base when it is committed', () => {
    const table = new Conntrack();
    table.put(entryOf(1));
    const overlay = table.overlay();
    overlay.put(entryOf(2));
    overlay.delete(entryOf(1));
    overlay.commit();
    expect(table.list(START)).to.deep.equal([entryOf(2)]);
  });

  it('of an overlay commits to it, not to the table', () => {
    const table = new Conntrack();
    const lower = table.overlay();
    const upper = lower.overlay();
    upper.put(entryOf(1));
    upper.commit();
    expect([lower.count(START), table.count(START)]).to.deep.equal([1, 0]);
  });

  it('counts its own entries when it asks whether the table is full', () => {
    const table = new Conntrack(2);
    table.put(entryOf(1));
    const overlay = table.overlay();
    overlay.put(answered(entryOf(1), START));
    expect(overlay.isFull(START)).to.equal(false);
    overlay.put(entryOf(2));
    expect(overlay.isFull(START)).to.equal(true);
  });
});

describe('a line of conntrack -L', () => {
  it('has both tuples, the state and the flags', () => {
    const entry = { ...answered(entryOf(), START), expires: at(299) };
    expect(formatConntrackEntry(entry, START)).to.equal(
      'tcp 6 299 ESTABLISHED src=10.244.1.5 dst=10.96.0.20 sport=40000 dport=80 ' +
        'src=10.244.1.6 dst=10.244.1.5 sport=8080 dport=40000 [ASSURED] mark=0 use=1',
    );
  });

  it('has no state for UDP, and says that nobody answered', () => {
    expect(formatConntrackEntry(entryOf(40_000, 'UDP'), START)).to.equal(
      'udp 17 30 src=10.244.1.5 dst=10.96.0.20 sport=40000 dport=80 [UNREPLIED] ' +
        'src=10.244.1.6 dst=10.244.1.5 sport=8080 dport=40000 mark=0 use=1',
    );
  });
});

describe('the lists of -m recent', () => {
  it('know an address for as long as they are asked about', () => {
    const lists = new RecentLists();
    lists.set('SEP', ip('10.244.1.5'), START);
    expect(lists.has('SEP', ip('10.244.1.5'), 60, at(60))).to.equal(true);
    expect(lists.has('SEP', ip('10.244.1.5'), 60, at(61))).to.equal(false);
    expect(lists.has('OTHER', ip('10.244.1.5'), 60, START)).to.equal(false);
  });

  it('hold a hundred addresses; the one seen longest ago gives way', () => {
    const lists = new RecentLists();
    for (let index = 0; index < 100; index++) lists.set('SEP', ip(`10.244.1.${index}`), START);
    lists.set('SEP', ip('10.244.1.0'), START);
    lists.set('SEP', ip('10.244.2.0'), START);
    expect(lists.has('SEP', ip('10.244.1.0'), 60, START)).to.equal(true);
    expect(lists.has('SEP', ip('10.244.1.1'), 60, START)).to.equal(false);
  });
});

// Linux Documentation/networking/nf_conntrack-sysctl.rst: a timeout for each state and protocol.
describe('a host with a timeout of its own', () => {
  const TCP: readonly (readonly [timer: TimerName, state: TcpState])[] = [
    ['conntrack.tcpSynSent', 'SYN_SENT'],
    ['conntrack.tcpSynRecv', 'SYN_RECV'],
    ['conntrack.tcpEstablished', 'ESTABLISHED'],
    ['conntrack.tcpFinWait', 'FIN_WAIT'],
    ['conntrack.tcpCloseWait', 'CLOSE_WAIT'],
    ['conntrack.tcpLastAck', 'LAST_ACK'],
    ['conntrack.tcpTimeWait', 'TIME_WAIT'],
    ['conntrack.tcpClose', 'CLOSE'],
  ];
  const only = (mine: TimerName) =>
    timeoutsBy((timer) => (timer === mine ? seconds(7) : TIMERS[timer].value.least));
  const left = (entry: ConntrackEntry): number => between(START, entry.expires) / seconds(1);

  for (const [timer, state] of TCP) {
    it(`forgets by ${timer} what is in ${state}, and nothing else`, () => {
      const stays = TCP.map(([, other]) => left(inState(entryOf(), other, START, only(timer))));
      const usual = TCP.map(([, other]) => left(inState(entryOf(), other, START)));
      const at7 = usual.map((span, index) => (TCP[index]![1] === state ? 7 : span));
      expect(stays).to.deep.equal(at7);
    });
  }

  it('forgets UDP, UDP that goes on, SCTP and ICMP each by its own', () => {
    const stream = { ...answered(entryOf(1, 'UDP'), START), assured: true };
    const flows = [entryOf(1, 'UDP'), stream, entryOf(1, 'SCTP'), entryOf(1, 'ICMP')];
    const names = ['udp', 'udpStream', 'sctp', 'icmp'] as const;
    for (const [index, name] of names.entries()) {
      const timeouts = only(`conntrack.${name}`);
      const stays = flows.map((flow) => left(refreshed(flow, START, timeouts)));
      const usual = [30, 120, 210, 30];
      expect(stays, name).to.deep.equal(usual.map((span, flow) => (flow === index ? 7 : span)));
    }
  });

  it('counts by it from the first packet on, and from an answer', () => {
    const { original, reply } = entryOf();
    const timeouts = only('conntrack.tcpSynSent');
    expect(left(newEntry(original, reply, START, timeouts))).to.equal(7);
    expect(left(answered(entryOf(), START, only('conntrack.tcpEstablished')))).to.equal(7);
    expect(left(answered(entryOf(1, 'UDP'), START, only('conntrack.udp')))).to.equal(7);
  });
});
