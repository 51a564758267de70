// The form of a question about Services: what each kind has to say, and in what words. A question
// of another form gets a sentence that says what is wrong with it, and no answer.

import { isPortNumber } from '../../src/apiserver/kinds/names';
import { parseCidr } from '../../src/values/cidr';
import { parseIp } from '../../src/values/ip';
import type { Question } from './vector-file';

/** What a field must be, and whether a value is that. */
interface Word {
  readonly is: string;
  readonly accepts: (value: unknown) => boolean;
}

type Form = Readonly<Record<string, Word>>;
type Fields = Readonly<Record<string, unknown>>;

const text: Word = { is: 'a text', accepts: isText };
const address: Word = {
  is: 'an IP address',
  accepts: (value) => isText(value) && parseIp(value) !== undefined,
};
const port: Word = { is: 'a port number', accepts: isPortNumber };
const service: Word = {
  is: 'a Service as ns/name',
  accepts: (value) => isText(value) && /^[^/]+\/[^/]+$/.test(value),
};
const interval: Word = {
  is: 'a number of seconds above 0',
  accepts: (value) => isSeconds(value) && value > 0,
};
const instant: Word = { is: 'a number of seconds', accepts: isSeconds };
const object: Word = {
  is: 'an object with a kind',
  accepts: (value) => isFields(value) && isText(value['kind']),
};
const protocol = oneOf('TCP', 'UDP', 'SCTP');
const client: Word = {
  is: 'ns/pod, node/name or ext/name',
  accepts: (value) => isText(value) && /^[^/]+\/[^/]+$/.test(value),
};

function oneOf(...words: readonly string[]): Word {
  return { is: words.join(' or '), accepts: (value) => words.includes(value as string) };
}

function listOf({ is, accepts }: Word): Word {
  return {
    is: `a list, each ${is}`,
    accepts: (value) => Array.isArray(value) && value.every(accepts),
  };
}

/** The same word for a field that may be left out. */
function maybe({ is, accepts }: Word): Word {
  return { is, accepts: (value) => value === undefined || accepts(value) };
}

/** A text that may be empty, as the name of the only port of a Service. */
const name = maybe({ is: 'a text', accepts: (value) => typeof value === 'string' });

const flow: Form = {
  from: client,
  src: maybe(address),
  sport: maybe(port),
  dst: address,
  port,
  protocol: maybe(protocol),
  via: maybe(text),
};
const tuple: Form = { src: address, sport: port, dst: address, dport: port };

/** By the field that tells the kind of a question. */
const FORMS: Readonly<Record<string, Form>> = {
  categorize: { node: text, service, port: name, protocol: maybe(protocol) },
  slices: { service },
  connect: flow,
  conntrack: { ...flow, at: text },
  tuple: flow,
  cleanup: { node: maybe(text) },
  get: { node: text, port, path: name },
  noLocalEndpoints: { node: text },
  servicePorts: { service, family: maybe(oneOf('IPv4', 'IPv6')) },
  nodePortAddresses: { node: text },
  chain: {
    kind: oneOf('service', 'external', 'firewall', 'endpoint'),
    service,
    port: name,
    protocol: maybe(protocol),
    endpoint: maybe(text),
  },
  syncs: {
    min: instant,
    retry: interval,
    max: interval,
    requests: listOf(instant),
    failures: maybe(listOf(instant)),
    until: instant,
  },
};

const firstPacket: Form = {
  node: text,
  from: oneOf('pod', 'node', 'external'),
  src: address,
  dst: address,
  port,
  protocol: maybe(protocol),
};

const machine: Form = {
  name: text,
  ips: listOf(address),
  podCIDRs: maybe(listOf(cidrOf())),
  zone: name,
  interfaces: maybe({ is: 'a mapping', accepts: isFields }),
};

function cidrOf(): Word {
  return { is: 'a CIDR', accepts: (value) => isText(value) && parseCidr(value) !== undefined };
}

/** Of two families there are two, in a list or with a comma. */
const ranges: Word = {
  is: 'a CIDR, or several',
  accepts: (value) => {
    const texts: unknown[] = isText(value)
      ? value.split(',').map((it) => it.trim())
      : [value].flat();
    return texts.every((it) => it === '' || cidrOf().accepts(it));
  },
};

const proxyConfig: Word = {
  is: 'a mapping with clusterCIDR as a CIDR and nodePortAddresses as a list',
  accepts: (value) =>
    isFields(value) &&
    maybe(ranges).accepts(value['clusterCIDR']) &&
    maybe(listOf(text)).accepts(value['nodePortAddresses']),
};

const world: Form = {
  kubernetes: {
    is: 'a version as 1.36',
    accepts: (value) => /^1\.\d+(\.\d+)?$/.test(String(value)),
  },
  proxyConfig: maybe(proxyConfig),
  nodes: { is: 'a list of mappings', accepts: isMappings },
  podCIDR: maybe(ranges),
  serviceCIDR: maybe(ranges),
};

/** What is wrong with a question about Services, or with its world; undefined for a good one. */
export function wrongIn(question: Question, kind: string): string | undefined {
  const { cluster } = question;
  const { nodes = [] } = cluster;
  return (
    wrongWord(cluster, world, 'cluster') ??
    first(nodes, (node, index) => wrongWord(node, machine, `cluster.nodes[${index}]`)) ??
    wrongAsk(question.ask, kind)
  );
}

function wrongAsk(ask: Fields, kind: string): string | undefined {
  if (kind === 'node') return wrongWord(ask, firstPacket, 'ask');
  if (kind === 'admit') return wrongValue(ask['admit'], object, 'ask.admit');
  const wrong = wrongWord(ask[kind], FORMS[kind] ?? {}, kind);
  if (wrong !== undefined) return wrong;
  const fields = ask[kind] as Fields;
  if (kind === 'chain' && fields['kind'] === 'endpoint') {
    return wrongValue(fields['endpoint'], text, 'chain.endpoint');
  }
  return kind === 'cleanup' ? wrongEntry(fields['entry']) : undefined;
}

function wrongEntry(entry: unknown): string | undefined {
  const fields = isFields(entry) ? entry : {};
  return (
    wrongWord(entry, { protocol }, 'cleanup.entry') ??
    wrongWord(fields['original'], tuple, 'cleanup.entry.original') ??
    wrongWord(fields['reply'], tuple, 'cleanup.entry.reply')
  );
}

function wrongWord(given: unknown, form: Form, place: string): string | undefined {
  if (!isFields(given)) return `${place} must be a mapping, is ${JSON.stringify(given)}`;
  return first(Object.entries(form), ([field, word]) =>
    wrongValue(given[field], word, `${place}.${field}`),
  );
}

function wrongValue(value: unknown, { is, accepts }: Word, place: string): string | undefined {
  if (accepts(value)) return undefined;
  const what = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
  return `${place} must be ${is}, ${what}`;
}

function first<T>(
  items: readonly T[],
  wrong: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const sentence = wrong(item, index);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

function isMappings(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isFields));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
