// MurmurHash3 in the variant x64_128.
// source: cilium pkg/murmur3/murmur3.go (Hash128), after Austin Appleby's MurmurHash3.cpp

const BLOCK = 16;
const C1 = 0x87c3_7b91_1142_53d5n;
const C2 = 0x4cf5_ad43_2745_937fn;

/** The two halves of the hash of a text, whose characters are single bytes. */
export function murmur128(text: string, seed: number): readonly [bigint, bigint] {
  const bytes = Array.from(text, (character) => character.charCodeAt(0));
  let [h1, h2] = [BigInt(seed), BigInt(seed)];
  const whole = bytes.length - (bytes.length % BLOCK);
  for (let at = 0; at < whole; at += BLOCK) {
    h1 ^= scrambled(wordOf(bytes, at, at + 8), C1, 31n, C2);
    h1 = u64((rotated(h1, 27n) + h2) * 5n + 0x52dc_e729n);
    h2 ^= scrambled(wordOf(bytes, at + 8, at + BLOCK), C2, 33n, C1);
    h2 = u64((rotated(h2, 31n) + h1) * 5n + 0x3849_5ab5n);
  }
  h2 ^= scrambled(wordOf(bytes, whole + 8, bytes.length), C2, 33n, C1);
  h1 ^= scrambled(wordOf(bytes, whole, Math.min(whole + 8, bytes.length)), C1, 31n, C2);
  const length = BigInt(bytes.length);
  [h1, h2] = added(h1 ^ length, h2 ^ length);
  return added(avalanched(h1), avalanched(h2));
}

function added(h1: bigint, h2: bigint): [bigint, bigint] {
  const first = u64(h1 + h2);
  return [first, u64(h2 + first)];
}

/** Bytes as a number, the lowest first; zero where there are none. */
function wordOf(bytes: readonly number[], from: number, to: number): bigint {
  let word = 0n;
  for (let at = to - 1; at >= from; at--) word = (word << 8n) | BigInt(bytes[at]!);
  return word;
}

function scrambled(word: bigint, first: bigint, bits: bigint, second: bigint): bigint {
  return u64(rotated(u64(word * first), bits) * second);
}

/** source: fmix64 */
function avalanched(word: bigint): bigint {
  word = u64((word ^ (word >> 33n)) * 0xff51_afd7_ed55_8ccdn);
  word = u64((word ^ (word >> 33n)) * 0xc4ce_b9fe_1a85_ec53n);
  return word ^ (word >> 33n);
}

function rotated(word: bigint, bits: bigint): bigint {
  return u64((word << bits) | (word >> (64n - bits)));
}

function u64(word: bigint): bigint {
  return BigInt.asUintN(64, word);
}
