// Maglev hashing as Cilium does it: each Service has a table in which every backend has about as
// many slots, and a hash of the client and of the dialled port names the slot. All nodes compute
// the same table, and a backend that comes or goes moves hardly any slot of the others.
// source: cilium pkg/maglev/maglev.go, bpf/lib/hash.h, bpf/lib/lb.h (lb4_select_backend_id_maglev);
// Eisenbud et al., Maglev (NSDI 2016)

import { ANY_PORT } from '../../values/flow';
import type { FiveTuple, Protocol } from '../../values/flow';
import { familyOf, formatEndpoint, ipToNumber } from '../../values/ip';
import type { IP } from '../../values/ip';
import { sortedBy } from '../../values/order';
import { jhash3Words, jhashFinal, jhashMix } from './jhash';
import { murmur128 } from './murmur3';

/** The sizes that a table may have, all of them prime. */
export const MAGLEV_TABLE_SIZES = [
  251, 509, 1_021, 2_039, 4_093, 8_191, 16_381, 32_749, 65_521, 131_071,
] as const;

export const MAGLEV_TABLE_SIZE = 16_381;

/** Built in; the same in every installation that has not been given another. */
export const MAGLEV_HASH_SEED = 'JLfvgnHc2kaSUFaI';

/** What all nodes have to have alike. */
export interface MaglevSettings {
  readonly tableSize: number;
  /** Twelve bytes in base64. */
  readonly hashSeed: string;
}

/** A place for connections, as its table knows it. */
export interface MaglevBackend {
  readonly address: IP;
  readonly port: number;
  /** How many times as many slots as one of weight 1. */
  readonly weight: number;
}

/** The weight of every backend that comes out of an EndpointSlice (DefaultBackendWeight). */
export const MAGLEV_WEIGHT = 100;

/** The index of the backend in each slot. `backends` may come in any order. */
export function maglevTable(
  backends: readonly MaglevBackend[],
  protocol: Protocol,
  { tableSize, hashSeed }: MaglevSettings,
): readonly number[] {
  const table = Array<number>(tableSize).fill(EMPTY);
  if (backends.length === 0) return table;
  const { murmur } = seedsOf(hashSeed);
  const candidates = backends.map((backend, index): Candidate => {
    const { address, port, weight } = backend;
    const name = `[${formatEndpoint(address, port)}/${protocol},State:active]`;
    const [first, second] = murmur128(name, murmur);
    const slot = Number(first % BigInt(tableSize));
    const skip = Number(second % BigInt(tableSize - 1)) + 1;
    return { index, name, weight, slot, skip, due: weight / backends.length };
  });
  const turns = sortedBy(candidates, ({ name }) => name);
  const weights = backends.reduce((sum, { weight }) => sum + weight, 0);
  const isWeighted = Math.floor(weights / turns.length) > 1;
  for (let filled = 0; filled < tableSize; filled++) {
    const candidate = isWeighted ? nextInTurn(turns, filled) : turns[filled % turns.length]!;
    candidate.due += weights;
    while (table[candidate.slot] !== EMPTY) {
      candidate.slot = (candidate.slot + candidate.skip) % tableSize;
    }
    table[candidate.slot] = candidate.index;
  }
  return table;
}

/** Who has had its weight of slots already lets the next one have its turn. */
function nextInTurn(turns: readonly Candidate[], filled: number): Candidate {
  let turn = filled % turns.length;
  while ((filled + 1) * turns[turn]!.weight < Math.floor(turns[turn]!.due)) {
    turn = (turn + 1) % turns.length;
  }
  return turns[turn]!;
}

/** A slot that nobody has yet. */
const EMPTY = -1;

/** A backend while the table is filled. */
interface Candidate {
  readonly index: number;
  /** The text that upstream hashes and sorts by. */
  readonly name: string;
  readonly weight: number;
  readonly skip: number;
  /** The slot that it asks for next. */
  slot: number;
  /** Until when, in weighted turns, it has had enough. */
  due: number;
}

/**
 * The slot of a connection; undefined where it depends on a port that is not known. The dialled
 * address is left out on purpose, so that all addresses of a Service lead to one backend. With
 * session affinity the client's port is left out as well.
 *
 * The programs hash addresses and ports as they lie in memory: this is the slot on machines whose
 * lowest byte comes first, as on amd64 and arm64.
 */
export function maglevSlot(
  { protocol, src, sport, dport }: FiveTuple,
  isSticky: boolean,
  { tableSize, hashSeed }: MaglevSettings,
): number | undefined {
  if (dport === ANY_PORT || (sport === ANY_PORT && !isSticky)) return undefined;
  const ports = (swapped16(dport) << 16) | (isSticky ? 0 : swapped16(Number(sport)));
  const { ipv4, ipv6 } = seedsOf(hashSeed);
  const words = wordsOf(src);
  const next = PROTOCOL_NUMBERS[protocol];
  const [first = 0, second = 0, third = 0, fourth = 0] = words;
  if (words.length === 1) return jhash3Words(first, ports, next, ipv4) % tableSize;
  const [a, b, c] = jhashMix([first, second, third]);
  const [d, e, f] = jhashMix([a + fourth, b + ports, c + next]);
  return jhashFinal([d + ipv6, e, f]) % tableSize;
}

/** source: include/uapi/linux/in.h */
const PROTOCOL_NUMBERS: Readonly<Record<Protocol, number>> = {
  ICMP: 1,
  TCP: 6,
  UDP: 17,
  SCTP: 132,
};

/** The address in words of 32 bits, as a load from memory gives them. */
function wordsOf(address: IP): readonly number[] {
  const count = familyOf(address) === 'IPv4' ? 1 : 4;
  const number = ipToNumber(address);
  return Array.from({ length: count }, (_, index) => {
    const word = Number((number >> BigInt(32 * (count - 1 - index))) & 0xffff_ffffn);
    return (swapped16(word & 0xffff) << 16) | swapped16(word >>> 16);
  });
}

function swapped16(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8);
}

interface Seeds {
  readonly murmur: number;
  readonly ipv4: number;
  readonly ipv6: number;
}

const seeds = new Map<string, Seeds>();

/** Three words out of the twelve bytes, their highest byte first. Throws where they are others. */
function seedsOf(hashSeed: string): Seeds {
  let known = seeds.get(hashSeed);
  if (known === undefined) {
    const bytes = Array.from(atob(hashSeed), (character) => character.charCodeAt(0));
    if (bytes.length !== 12) throw new RangeError(`a hash seed of ${bytes.length} bytes, not 12`);
    const word = (at: number) =>
      bytes.slice(at, at + 4).reduce((value, byte) => ((value << 8) | byte) >>> 0, 0);
    known = { murmur: word(0), ipv4: word(4), ipv6: word(8) };
    seeds.set(hashSeed, known);
  }
  return known;
}
