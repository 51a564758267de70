import type { Cluster } from '../../cluster/cluster';
import { parseDestination } from '../../language/reference';
import type { FromSchema } from '../../language/json-schema';
import { outcomeOf } from '../../values/disposition';
import type { TranslatedFlow } from '../../values/trace';
import { defineClaim } from '../define';
import type { Observation, ObservationContext } from '../define';
import { podsOfReference, readReference, UnknownTargetError } from '../targets';
import { drawTable } from '../draw-table';
import { walksOf } from '../walks';
import type { Walk } from '../walks';

const WORDS = [
  'yes',
  'no',
  'ok',
  'refused',
  'reset',
  'timeout',
  'unreachable',
  'unresolved',
] as const;
const NATS = ['none', 'dnat', 'snat', 'both'] as const;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['rows'],
  properties: {
    port: {
      description: 'The port of every column that names none: `5432`, `53/udp`.',
      type: ['integer', 'string'],
      minimum: 1,
      maximum: 65_535,
      pattern: '^[1-9][0-9]{0,4}/(tcp|udp|sctp)$',
    },
    rows: {
      description:
        'A row for each source, and in it a cell for each destination. A column without a port ' +
        'is every pod of that object; one with a port is what a client types.',
      type: 'object',
      minProperties: 1,
      propertyNames: { $ref: '#/$defs/origin' },
      additionalProperties: {
        description: 'The cells of this source, by destination.',
        type: 'object',
        minProperties: 1,
        additionalProperties: {
          description:
            '`yes`, `no`, or what exactly the client sees; with `nat`, also which addresses are ' +
            'translated on the way.',
          type: ['string', 'object'],
          pattern: `^(${WORDS.join('|')})$`,
          additionalProperties: false,
          required: ['outcome'],
          properties: {
            outcome: { description: 'What the client sees.', enum: WORDS },
            nat: { description: 'Which end is translated, on any node.', enum: NATS },
          },
        },
      },
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;
type Cell = Args['rows'][string][string];

export default defineClaim({
  name: 'table',
  summary: 'Who reaches whom, as a table.',
  models:
    'Each cell is a `reach` by itself: it holds if it holds for every pod of the row, every pod ' +
    'of the column and every possible path. `no` is any outcome but ok.',
  source: 'test/e2e/network/netpol/truthtable.go',
  schema: SCHEMA,
  examples: [
    '{at: 5s, table: {port: 5432, rows: {shop/frontend: {shop/database: no}, ' +
      'shop/backend: {shop/database: yes}}}}',
    '{at: 5s, table: {rows: {external: {node/worker-1:30080: {outcome: yes, nat: both}}}}}',
  ],
  check({ port, rows }) {
    if (port !== undefined) return [];
    return Object.entries(rows).flatMap(([row, cells]) =>
      Object.keys(cells)
        .filter((column) => !hasPort(column))
        .map((column) => ({
          path: `/rows/${escaped(row)}/${escaped(column)}`,
          severity: 'error' as const,
          message: `"${column}" has no port, and neither has the table`,
          hint: 'give the table a `port`',
        })),
    );
  },
  phrase({ rows }) {
    const shape = `${Object.keys(rows).length} × ${columnsOf(rows).length}`;
    return {
      subject: `the table of ${shape}`,
      predicate: 'is as written',
      negated: 'is not as written',
    };
  },
  expected: ({ rows }) => `all ${cellsOf(rows).length} cells as written`,
  expectedNever: () => 'never the table as written',
  observe(cluster, args, context) {
    return judge(
      cellsOf(args.rows).map((cell) => observeCell(cluster, cell, args)),
      args,
      context,
    );
  },
});

interface PlacedCell {
  readonly row: string;
  readonly column: string;
  readonly wanted: Cell;
}

interface ObservedCell extends PlacedCell {
  readonly walks: readonly Walk[];
  readonly holds: boolean | undefined;
  readonly possible: boolean | undefined;
  /** What was found, in the words of the table. */
  readonly found: string;
  readonly missing?: string;
}

function cellsOf(rows: Args['rows']): readonly PlacedCell[] {
  return Object.entries(rows).flatMap(([row, cells]) =>
    Object.entries(cells).map(([column, wanted]) => ({ row, column, wanted })),
  );
}

function columnsOf(rows: Args['rows']): readonly string[] {
  return [...new Set(Object.values(rows).flatMap((cells) => Object.keys(cells)))];
}

function observeCell(cluster: Cluster, cell: PlacedCell, { port }: Args): ObservedCell {
  const { row, column, wanted } = cell;
  const targets = destinationsOf(cluster, column, port);
  const sent = targets.map((target) => walksOf(cluster, row, target));
  const walks = sent.flatMap((it) => it.walks).filter((walk) => !isToItself(walk, targets));
  const missing =
    sent.length === 0 ? `nothing matches ${column}` : sent.find((it) => it.missing)?.missing;
  if (walks.length === 0) {
    const told = missing ?? `${row} and ${column} are one pod`;
    return { ...cell, walks, holds: false, possible: false, found: 'nothing', missing: told };
  }
  const verdicts = walks.map((walk) => isAsWanted(walk, wanted));
  const found = [...new Set(walks.map((walk) => wordOf(walk, wanted)))].join(' or ');
  return {
    ...cell,
    walks,
    found,
    holds: verdicts.includes(false) ? false : verdicts.includes(undefined) ? undefined : true,
    possible: verdicts.includes(true) ? true : verdicts.includes(undefined) ? undefined : false,
  };
}

/** A pod's way to itself says nothing of the way to others of its workload. */
function isToItself({ source }: Walk, targets: readonly string[]): boolean {
  const { origin } = source;
  if (!('pod' in origin) || targets.length < 2) return false;
  return targets.some((target) => target.startsWith(`pod/${origin.pod}:`));
}

/** The column as destinations of `reach`. */
function destinationsOf(cluster: Cluster, column: string, port: Args['port']): readonly string[] {
  if (hasPort(column)) return [column];
  if (port === undefined) throw new UnknownTargetError(`"${column}" has no port`);
  const reference = readReference(column);
  if (['Node', 'External', 'Service'].includes(reference.kind ?? '')) return [`${column}:${port}`];
  return podsOfReference(cluster, reference).map((pod) => `pod/${pod}:${port}`);
}

function hasPort(column: string): boolean {
  return parseDestination(column).ok;
}

function isAsWanted({ trace }: Walk, wanted: Cell): boolean | undefined {
  const outcome = outcomeOf(trace.disposition);
  if (outcome === undefined) return undefined;
  const word = typeof wanted === 'string' ? wanted : wanted.outcome;
  const isRight =
    word === 'yes' ? outcome === 'ok' : word === 'no' ? outcome !== 'ok' : outcome === word;
  if (typeof wanted === 'string' || wanted.nat === undefined) return isRight;
  return isRight && natOf(trace.translations) === wanted.nat;
}

/** `yes`, `no (timeout)`; with the translation where the cell asks for it. */
function wordOf({ trace }: Walk, wanted: Cell): string {
  const outcome = outcomeOf(trace.disposition) ?? 'not modelled';
  const word = outcome === 'ok' ? 'yes' : `no (${outcome})`;
  const asksNat = typeof wanted !== 'string' && wanted.nat !== undefined;
  return asksNat ? `${word}, nat ${natOf(trace.translations)}` : word;
}

function natOf(flows: readonly TranslatedFlow[]): (typeof NATS)[number] {
  const dnat = flows.some(
    ({ original, reply }) => original.dst !== reply.src || original.dport !== reply.sport,
  );
  const snat = flows.some(
    ({ original, reply }) => original.src !== reply.dst || original.sport !== reply.dport,
  );
  if (dnat && snat) return 'both';
  return dnat ? 'dnat' : snat ? 'snat' : 'none';
}

function judge(
  cells: readonly ObservedCell[],
  { rows }: Args,
  { explain }: ObservationContext,
): Observation {
  const wrong = cells.filter(({ holds }) => holds !== true);
  const isFalse = wrong.some(({ holds }) => holds === false);
  const unknown = cells
    .flatMap(({ walks }) => walks)
    .find(({ trace }) => trace.disposition === 'not-modelled');
  const lacking = cells.find(({ missing }) => missing !== undefined)?.missing;
  return {
    holds: isFalse ? false : wrong.length > 0 ? undefined : true,
    possible: cells.some(({ possible }) => possible === false)
      ? false
      : cells.some(({ possible }) => possible === undefined)
        ? undefined
        : true,
    actual: sayWrong(wrong, cells.length),
    ...(explain ? explainBy(wrong, cells, rows) : { why: [], traces: [], blames: [] }),
    ...(unknown !== undefined && { notModelled: unknown.trace.reason }),
    ...(lacking !== undefined && { vacuous: lacking }),
    key: cells.map(({ row, column, found }) => `${row} ${column} ${found}`).join('\n'),
  };
}

function sayWrong(wrong: readonly ObservedCell[], all: number): string {
  const [first] = wrong;
  if (first === undefined) return `all ${all} cells as written`;
  const cell = `${first.row} → ${first.column} is ${first.found}`;
  return wrong.length === 1 ? cell : `${cell}, and ${wrong.length - 1} more of ${all} cells differ`;
}

/** At most this many walks are kept as an explanation. */
const TRACES_MAX = 8;

/** The table as it is, the wrong cells marked, and the reason of each wrong cell. */
function explainBy(
  wrong: readonly ObservedCell[],
  cells: readonly ObservedCell[],
  rows: Args['rows'],
): Pick<Observation, 'why' | 'traces' | 'blames'> {
  const telling = (wrong.length > 0 ? wrong : cells).flatMap(({ walks, wanted }) =>
    walks.filter((walk) => wrong.length === 0 || isAsWanted(walk, wanted) !== true),
  );
  const traces = telling.slice(0, TRACES_MAX).map(({ trace }) => trace);
  const find = (row: string, column: string): string => {
    const cell = cells.find((it) => it.row === row && it.column === column);
    if (cell === undefined) return '';
    return cell.holds === true ? cell.found : `${cell.found} ✗ ${sayWanted(cell.wanted)}`;
  };
  const drawn = wrong.length === 0 ? [] : drawTable(Object.keys(rows), columnsOf(rows), find);
  return {
    traces,
    why: [...drawn, ...new Set(traces.map(({ reason }) => reason).filter((it) => it !== ''))],
    blames: [...new Set(traces.flatMap(({ blames }) => blames))],
  };
}

function sayWanted(wanted: Cell): string {
  if (typeof wanted === 'string') return wanted;
  return wanted.nat === undefined ? wanted.outcome : `${wanted.outcome}, nat ${wanted.nat}`;
}

/** RFC 6901. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
