// The part of a Corefile that decides answers: which zones the kubernetes plugin serves, and how.
// Directives that change no answer are passed over; any other directive is an error, since
// leaving it out would be guessing.
// source: coredns plugin.cfg, plugin/kubernetes/setup.go

export interface Corefile {
  /** Zones of the kubernetes plugin, the primary forward zone first. */
  readonly zones: readonly string[];
  /** Seconds. */
  readonly ttl: number;
  readonly pods: 'disabled' | 'insecure';
  readonly endpointPodNames: boolean;
  /** Zones whose unknown names go on to the next plugin; `''` stands for all. */
  readonly fallthrough: readonly string[];
  /** Whether names outside of the zones are asked elsewhere; otherwise they are REFUSED. */
  readonly forwards: boolean;
  /** Seconds, the most that a forwarded record may keep; undefined without the cache plugin. */
  readonly cacheTtl: number | undefined;
}

/** Thrown for a Corefile that says something that is not modelled. */
export class CorefileError extends Error {
  readonly code = 'COREFILE';
}

/** Without influence on the rcode and the data of an answer, or only on their order. */
const SILENT = new Set([
  'errors',
  'log',
  'health',
  'ready',
  'prometheus',
  'loop',
  'reload',
  'loadbalance',
]);

interface Line {
  readonly words: readonly string[];
  readonly block: readonly (readonly string[])[];
}

/** Reads a Corefile of one server block. Throws CorefileError for what is not modelled. */
export function parseCorefile(text: string): Corefile {
  const { words: server, lines } = readServerBlock(text);
  if (server.some((name) => !/^\.(:53)?$/.test(name))) {
    throw new CorefileError(`Corefile: a server block for "${server.join(' ')}" is not modelled`);
  }
  const kubernetes = lines.find(({ words }) => words[0] === 'kubernetes');
  for (const { words } of lines) {
    const [directive = ''] = words;
    if (SILENT.has(directive) || ['kubernetes', 'forward', 'cache'].includes(directive)) continue;
    throw new CorefileError(`Corefile: the directive "${directive}" is not modelled`);
  }
  const cache = lines.find(({ words }) => words[0] === 'cache');
  return {
    ...readKubernetes(kubernetes),
    forwards: lines.some(({ words }) => words[0] === 'forward'),
    cacheTtl: cache && readSeconds(cache.words[1] ?? '3600', 'cache'),
  };
}

function readKubernetes(line: Line | undefined): Omit<Corefile, 'forwards' | 'cacheTtl'> {
  const options = { ttl: 5, pods: 'disabled' as Corefile['pods'], endpointPodNames: false };
  let fallthrough: readonly string[] = [];
  for (const [option = '', ...values] of line?.block ?? []) {
    if (option === 'ttl') options.ttl = readSeconds(values[0], 'ttl');
    else if (option === 'endpoint_pod_names') options.endpointPodNames = true;
    else if (option === 'fallthrough') fallthrough = values.length === 0 ? [''] : values;
    else if (option === 'pods' && (values[0] === 'insecure' || values[0] === 'disabled')) {
      options.pods = values[0];
    } else {
      const text = [option, ...values].join(' ');
      throw new CorefileError(`Corefile: "kubernetes { ${text} }" is not modelled`);
    }
  }
  return { zones: (line?.words.slice(1) ?? []).map(withoutDot), fallthrough, ...options };
}

function readSeconds(text: string | undefined, what: string): number {
  const match = /^(\d+)s?$/.exec(text ?? '');
  if (match === null)
    throw new CorefileError(`Corefile: ${what} "${text ?? ''}" is no number of seconds`);
  return Number(match[1]);
}

function withoutDot(zone: string): string {
  return zone.replace(/\.$/, '').toLowerCase();
}

/** The one server block, its lines each with the block in braces that may follow. */
function readServerBlock(text: string): { words: string[]; lines: Line[] } {
  const rows = text
    .split('\n')
    .map((row) => row.replace(/#.*$/, '').trim().split(/\s+/))
    .filter(([first]) => first !== undefined && first !== '');
  const [opening = [], ...rest] = rows;
  if (opening.at(-1) !== '{') throw new CorefileError('Corefile: expected "<zone> {"');
  const lines: { words: string[]; block: string[][] }[] = [];
  let inside: string[][] | undefined;
  let closed = false;
  for (const words of rest) {
    if (closed) throw new CorefileError('Corefile: more than one server block is not modelled');
    if (words[0] === '}') {
      if (inside === undefined) closed = true;
      inside = undefined;
    } else if (inside !== undefined) {
      inside.push(words);
    } else {
      const opens = words.at(-1) === '{';
      const line = { words: opens ? words.slice(0, -1) : words, block: [] as string[][] };
      lines.push(line);
      if (opens) inside = line.block;
    }
  }
  if (!closed) throw new CorefileError('Corefile: the server block is not closed');
  return { words: opening.slice(0, -1), lines };
}
