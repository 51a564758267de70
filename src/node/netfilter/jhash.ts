// Bob Jenkins' hash as the kernel and Cilium's eBPF programs compute it, in 32-bit words.
// source: include/linux/jhash.h; cilium bpf/lib/jhash.h

/** Three words while they are mixed. */
type Words = [a: number, b: number, c: number];

/** source: JHASH_INITVAL */
const INITIAL = 0xdead_beef;

/** `jhash_3words`: three words and a seed become one word. */
export function jhash3Words(a: number, b: number, c: number, seed: number): number {
  const start = seed + INITIAL + (3 << 2);
  return jhashFinal([a + start, b + start, c + start]);
}

/** `__jhash_mix`: every bit of each word comes to bear on the two others. */
export function jhashMix([a, b, c]: Words): Words {
  [a, c] = [(a - c) ^ rotated(c, 4), c + b];
  [b, a] = [(b - a) ^ rotated(a, 6), a + c];
  [c, b] = [(c - b) ^ rotated(b, 8), b + a];
  [a, c] = [(a - c) ^ rotated(c, 16), c + b];
  [b, a] = [(b - a) ^ rotated(a, 19), a + c];
  [c, b] = [(c - b) ^ rotated(b, 4), b + a];
  return [a, b, c];
}

/** `__jhash_final`: the last mixing. Returns the word that is the hash. */
export function jhashFinal([a, b, c]: Words): number {
  c = (c ^ b) - rotated(b, 14);
  a = (a ^ c) - rotated(c, 11);
  b = (b ^ a) - rotated(a, 25);
  c = (c ^ b) - rotated(b, 16);
  a = (a ^ c) - rotated(c, 4);
  b = (b ^ a) - rotated(a, 14);
  c = (c ^ b) - rotated(b, 24);
  return c >>> 0;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
