// IP addresses of both families in one canonical text each, so that equal addresses are equal
// strings and can be keys.

/** An address in canonical text: dotted quad, or RFC 5952 for IPv6. */
export type IP = string & { readonly __unit: 'ip' };

/** The families by the names that the Kubernetes API uses. */
export type Family = 'IPv4' | 'IPv6';

const parsed = new Map<string, bigint>();

const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** Reads an address of either family. Returns undefined for anything else. */
export function parseIp(text: string): IP | undefined {
  if (isCanonicalV4(text)) return text as IP;
  const v4 = parseV4(text);
  if (v4 !== undefined) return formatV4(v4);
  const v6 = parseV6(text);
  return v6 === undefined ? undefined : formatV6(v6);
}

/** Reads an address that is known to be one. Throws otherwise. */
export function ip(text: string): IP {
  const address = parseIp(text);
  if (address === undefined) throw new RangeError(`not an IP address: ${text}`);
  return address;
}

export function familyOf(address: IP): Family {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** Number of bits of an address of the family. */
export function bitsOf(family: Family): number {
  return family === 'IPv4' ? 32 : 128;
}

/** The address as a number; remembered, since the same few addresses are asked for again. */
export function ipToNumber(address: IP): bigint {
  let value = parsed.get(address);
  if (value === undefined) {
    value = familyOf(address) === 'IPv4' ? BigInt(parseV4(address)!) : parseV6(address)!;
    parsed.set(address, value);
  }
  return value;
}

/** The same for an address of IPv4, in the arithmetic that is fast. */
export function v4ToNumber(address: IP): number {
  let value = 0;
  let byte = 0;
  for (let index = 0; index < address.length; index++) {
    const code = address.charCodeAt(index);
    if (code !== DOT) byte = byte * 10 + code - DIGIT_0;
    else {
      value = value * 256 + byte;
      byte = 0;
    }
  }
  return value * 256 + byte;
}

/** `value`: for IPv4 either arithmetic will do. */
export function ipFromNumber(value: bigint | number, family: Family): IP {
  return family === 'IPv4' ? formatV4(Number(value)) : formatV6(BigInt(value));
}

/** Orders addresses by family, then by number. */
export function compareIps(a: IP, b: IP): number {
  const families = familyOf(a) === familyOf(b) ? 0 : familyOf(a) === 'IPv4' ? -1 : 1;
  if (families !== 0) return families;
  const difference = ipToNumber(a) - ipToNumber(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`: an address with a port as kube-proxy prints it. */
export function formatEndpoint(address: IP, port: number | string): string {
  return familyOf(address) === 'IPv4' ? `${address}:${port}` : `[${address}]:${port}`;
}

function parseV4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** Whether it is a dotted quad without leading zeros, as almost all are; makes no garbage. */
function isCanonicalV4(text: string): boolean {
  let byte = 0;
  let digits = 0;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0) return false;
      dots++;
      byte = digits = 0;
      continue;
    }
    if (code < DIGIT_0 || code > DIGIT_9 || (byte === 0 && digits === 1)) return false;
    digits++;
    byte = byte * 10 + code - DIGIT_0;
    if (byte > 255) return false;
  }
  return dots === 3 && digits > 0;
}

function formatV4(value: number): IP {
  const [high, low] = [value >>> 16, value & 0xffff];
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}` as IP;
}

function parseV6(text: string): bigint | undefined {
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return undefined;
  const halves = withoutEmbeddedV4(text)?.split('::');
  if (halves === undefined || halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail = []] = groups;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.reduce((value, group) => (value << 16n) + BigInt(`0x${group}`), 0n);
}

/** `::ffff:10.0.0.1` with its last two groups written in hexadecimal. */
function withoutEmbeddedV4(text: string): string | undefined {
  if (!text.includes('.')) return text;
  const cut = text.lastIndexOf(':') + 1;
  const value = parseV4(text.slice(cut));
  if (value === undefined) return undefined;
  const low = (value % 65_536).toString(16);
  return `${text.slice(0, cut)}${Math.floor(value / 65_536).toString(16)}:${low}`;
}

function formatV6(value: bigint): IP {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn,
  );
  const texts = groups.map((group) => group.toString(16));
  const run = longestZeroRun(groups);
  if (run.length < 2) return texts.join(':') as IP;
  const head = texts.slice(0, run.start).join(':');
  const tail = texts.slice(run.start + run.length).join(':');
  return `${head}::${tail}` as IP;
}

function longestZeroRun(groups: readonly bigint[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0n) start = index + 1;
    else if (index - start + 1 > best.length) best = { start, length: index - start + 1 };
  });
  return best;
}
