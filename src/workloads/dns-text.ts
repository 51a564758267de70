// Records as text: what zone files, templates and `dig` write. Names in text end in a dot where
// they are absolute; in the model they never do.

import { parseIp } from '../values/ip';
import { joinNames } from './dns-message';
import type { ResourceRecord } from './dns-message';

/** Types whose data is one name. */
const NAME_DATA = new Set(['CNAME', 'NS', 'PTR']);
/** The fields of other types' data that are names. */
const NAME_FIELDS: Readonly<Record<string, readonly number[]>> = {
  SRV: [3],
  MX: [1],
  SOA: [0, 1],
};

/** `name ttl TYPE data`, with dots behind absolute names. */
export function formatRecord({ name, ttl, type, data }: ResourceRecord): string {
  return `${name}. ${ttl} ${type} ${formatData(type, data)}`;
}

/** The data as a zone file writes it. */
function formatData(type: string, data: string): string {
  if (NAME_DATA.has(type)) return `${data}.`;
  if (type === 'TXT') return `"${data}"`;
  const fields = NAME_FIELDS[type];
  if (fields === undefined) return data;
  return data
    .split(' ')
    .map((field, index) => (fields.includes(index) ? `${field}.` : field))
    .join(' ');
}

/**
 * Reads `name [ttl] [IN] TYPE data`; relative names and `@` are completed with the origin.
 * Undefined for what is no record. source: miekg/dns scan.go (defaultTtl 3600)
 */
export function parseRecord(
  line: string,
  origin: string,
  ttlDefault = 3_600,
): ResourceRecord | undefined {
  const words = line.trim().split(/\s+/);
  const owner = words.shift();
  if (owner === undefined || owner === '') return undefined;
  let ttl = ttlDefault;
  while (words.length > 0 && /^(?:\d+|IN)$/.test(words[0]!)) {
    const word = words.shift()!;
    if (word !== 'IN') ttl = Number(word);
  }
  const type = words.shift();
  if (type === undefined || words.length === 0) return undefined;
  const data = readData(type.toUpperCase(), words, origin);
  if (data === undefined) return undefined;
  return { name: absolute(owner, origin), type: type.toUpperCase(), ttl, data };
}

function readData(type: string, words: readonly string[], origin: string): string | undefined {
  if (type === 'A' || type === 'AAAA') return parseIp(words[0]!);
  if (NAME_DATA.has(type)) return absolute(words[0]!, origin);
  if (type === 'TXT') return words.join(' ').replace(/^"(.*)"$/, '$1');
  const fields = NAME_FIELDS[type] ?? [];
  return words
    .map((word, index) => (fields.includes(index) ? absolute(word, origin) : word))
    .join(' ');
}

function absolute(name: string, origin: string): string {
  if (name === '@') return origin;
  return name.endsWith('.') ? name.slice(0, -1) : joinNames(name, origin);
}
