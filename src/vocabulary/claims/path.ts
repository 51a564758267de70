import type { FromSchema } from '../../language/json-schema';
import { parseTuple } from '../../language/reference';
import { formatTuple } from '../../values/flow';
import { parseIp } from '../../values/ip';
import type { Hop, Trace } from '../../values/trace';
import { defineClaim } from '../define';
import { judgeWalks } from '../judge-walks';
import { nameOfResponder } from '../responders';
import { describe } from '../targets';
import { walksOf } from '../walks';

const PLACES = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', minLength: 1 },
} as const;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to'],
  anyOf: [
    { required: ['hops'] },
    { required: ['back'] },
    { required: ['avoids'] },
    { required: ['encapsulation'] },
  ],
  properties: {
    from: { $ref: '#/$defs/origin' },
    to: { $ref: '#/$defs/destination' },
    hops: {
      description:
        'Places that the packet passes in this order (others may lie between): nodes, devices ' +
        '(`veth`, `cni0`, `flannel.1`, `eth0`), chains (`nat/PREROUTING`).',
      ...PLACES,
    },
    back: { description: 'The same for the answer.', ...PLACES },
    avoids: { description: 'Places that the packet never passes, on neither way.', ...PLACES },
    encapsulation: {
      description: 'The tunnel between the nodes, or `none`; `outer` are its two ends.',
      type: ['string', 'object'],
      pattern: '^(none|vxlan|ipip|geneve)$',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        kind: { description: 'The tunnel.', enum: ['vxlan', 'ipip', 'geneve'] },
        outer: {
          description: 'The outer addresses: `192.168.1.11 > 192.168.1.12`.',
          type: 'string',
          pattern: '^[0-9A-Fa-f.:]+ *> *[0-9A-Fa-f.:]+$',
        },
      },
    },
    some: { description: 'One possible path of one source suffices.', type: 'boolean' },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineClaim({
  name: 'path',
  summary: 'Which nodes and devices a packet passes, and how it is encapsulated on the way.',
  models:
    'The places are those of the walk: a node, an interface, a chain, in the order in which the ' +
    'packet meets them. The claim holds if it holds for every source and every possible path.',
  source: 'Documentation/networking (Linux bridge, vxlan), flannel backend/vxlan/vxlan.go',
  schema: SCHEMA,
  examples: [
    '{at: 5s, path: {from: shop/frontend, to: deployment/shop/backend:8080, ' +
      'hops: [veth, cni0, flannel.1, worker-2, cni0, veth]}}',
    '{at: 5s, path: {from: shop/a, to: pod/shop/b:8080, avoids: [flannel.1], encapsulation: none}}',
    '{at: 5s, path: {from: shop/a, to: pod/shop/c:8080, encapsulation: ' +
      '{kind: vxlan, outer: 192.168.1.11 > 192.168.1.12}}}',
  ],
  phrase(args) {
    const way = `to ${args.to} ${sayWay(args)}`;
    return {
      subject: describe(args.from),
      predicate: `goes ${way}`,
      negated: `does not go ${way}`,
    };
  },
  expected: sayWay,
  expectedNever: (args) => `never ${sayWay(args)}`,
  check: problemsOf,
  observe(cluster, args, context) {
    return judgeWalks(
      walksOf(cluster, args.from, args.to),
      {
        some: args.some ?? false,
        precluding: ['unresolved-name'],
        nameOf: (name) => nameOfResponder(cluster, name),
        succeeds: ({ trace }) => succeeds(trace, args),
        tell: ({ trace }) => tell(trace, args),
        detail: ({ trace }) =>
          `${placesOf(trace.hops).join()};${placesOf(trace.answerHops).join()}`,
      },
      context,
    );
  },
});

function succeeds(trace: Trace, { hops, back, avoids, encapsulation }: Args): boolean | undefined {
  if (trace.disposition === 'not-modelled') return undefined;
  const places = placesOf(trace.hops);
  const returned = placesOf(trace.answerHops);
  if (hops !== undefined && !isInOrder(hops, places)) return false;
  if (back !== undefined && !isInOrder(back, returned)) return false;
  const met = new Set([...places, ...returned]);
  if (avoids?.some((place) => met.has(place)) === true) return false;
  return encapsulation === undefined || isEncapsulated(trace.hops, encapsulation);
}

/** Node, then what it met on it, then the device by which it left, for each hop. */
function placesOf(hops: readonly Hop[]): readonly string[] {
  const places: string[] = [];
  const meet = (place: string) => {
    if (places.at(-1) !== place) places.push(place);
  };
  let node = '';
  for (const hop of hops) {
    if (hop.node !== node) meet(hop.node);
    node = hop.node;
    hop.steps.forEach(({ place }) => meet(place));
    meet(hop.device);
  }
  return places.filter((place) => place !== '');
}

function isInOrder(wanted: readonly string[], places: readonly string[]): boolean {
  let next = 0;
  for (const place of places) if (place === wanted[next]) next++;
  return next === wanted.length;
}

function isEncapsulated(hops: readonly Hop[], wanted: NonNullable<Args['encapsulation']>): boolean {
  const headers = hops.flatMap(({ encapsulation }) => encapsulation ?? []);
  if (wanted === 'none') return headers.length === 0;
  if (typeof wanted === 'string') return headers.some(({ kind }) => kind === wanted);
  const [src, dst] = (wanted.outer ?? '').split('>').map((text) => parseIp(text.trim()));
  return headers.some(
    (header) =>
      (wanted.kind === undefined || header.kind === wanted.kind) &&
      (wanted.outer === undefined || (header.src === src && header.dst === dst)),
  );
}

function tell(trace: Trace, { back, encapsulation, hops, avoids }: Args): string {
  const headers = trace.hops.flatMap(({ encapsulation: header }) =>
    header === undefined ? [] : [`${header.kind} ${header.src} > ${header.dst}`],
  );
  const outer = headers.length === 0 ? 'not encapsulated' : headers.join(', ');
  const parts = [
    hops === undefined && avoids === undefined
      ? undefined
      : `by ${placesOf(trace.hops).join(', ')}`,
    back === undefined && avoids === undefined
      ? undefined
      : `back by ${placesOf(trace.answerHops).join(', ') || 'nothing'}`,
    encapsulation === undefined ? undefined : outer,
  ];
  const ending = trace.disposition === 'answered' ? '' : ` (${trace.disposition})`;
  return parts.filter((it) => it !== undefined).join('; ') + ending || formatTuple(trace.sent);
}

function sayWay({ hops, back, avoids, encapsulation }: Args): string {
  const parts = [
    hops === undefined ? undefined : `by ${hops.join(', ')}`,
    back === undefined ? undefined : `back by ${back.join(', ')}`,
    avoids === undefined ? undefined : `not by ${avoids.join(', ')}`,
    encapsulation === undefined ? undefined : sayEncapsulation(encapsulation),
  ];
  return parts.filter((it) => it !== undefined).join(', ');
}

function sayEncapsulation(wanted: NonNullable<Args['encapsulation']>): string {
  if (wanted === 'none') return 'without encapsulation';
  if (typeof wanted === 'string') return `in ${wanted}`;
  const kind = wanted.kind ?? 'a tunnel';
  return wanted.outer === undefined ? `in ${kind}` : `in ${kind} ${wanted.outer}`;
}

function problemsOf({ encapsulation }: Args) {
  if (typeof encapsulation !== 'object' || encapsulation.outer === undefined) return [];
  const ends = encapsulation.outer.split('>').map((text) => parseIp(text.trim()));
  if (ends.every((end) => end !== undefined) && !parseTuple(encapsulation.outer).ok) return [];
  return [
    {
      path: '/encapsulation/outer',
      severity: 'error' as const,
      message: `"${encapsulation.outer}" is not two addresses`,
      hint: 'write 192.168.1.11 > 192.168.1.12',
    },
  ];
}
