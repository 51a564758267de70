// Reads what `conntrack -L` prints: one line for each connection, first the tuple as the sender
// made it, then the tuple that its answer will have.

import type { FiveTuple, Protocol } from '../../src/values/flow';
import { ip } from '../../src/values/ip';

export interface ListedConnection {
  readonly original: FiveTuple;
  readonly reply: FiveTuple;
  /** No answer has been seen. */
  readonly unreplied: boolean;
  readonly assured: boolean;
  /** TCP state by conntrack's names; empty for other protocols. */
  readonly state: string;
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' };

/** The connections of protocols that have ports. Throws where a line cannot be read. */
export function parseConntrackList(text: string): ListedConnection[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.flatMap((line) => {
    const protocol = PROTOCOLS[line.trim().split(/\s+/)[0]!];
    return protocol === undefined ? [] : [connectionOf(line, protocol)];
  });
}

function connectionOf(line: string, protocol: Protocol): ListedConnection {
  const [original, reply] = ['src', 'dst', 'sport', 'dport'].reduce<Record<string, string>[]>(
    ([first, second], key) => {
      const values = [...line.matchAll(new RegExp(`(?:^|\\s)${key}=(\\S+)`, 'g'))];
      if (values.length !== 2) throw new SyntaxError(`conntrack printed: ${line}`);
      return [
        { ...first, [key]: values[0]![1]! },
        { ...second, [key]: values[1]![1]! },
      ];
    },
    [{}, {}],
  );
  return {
    original: tupleOf(protocol, original!),
    reply: tupleOf(protocol, reply!),
    unreplied: line.includes('[UNREPLIED]'),
    assured: line.includes('[ASSURED]'),
    state: /^\S+\s+\d+\s+\d+\s+([A-Z_]+)\s/.exec(line.trim())?.[1] ?? '',
  };
}

function tupleOf(protocol: Protocol, words: Record<string, string>): FiveTuple {
  return {
    protocol,
    src: ip(words['src']!),
    sport: Number(words['sport']),
    dst: ip(words['dst']!),
    dport: Number(words['dport']),
  };
}
