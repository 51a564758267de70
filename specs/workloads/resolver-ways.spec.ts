// Goal: a lookup in which chance decides often is followed to its end. Courses that stand alike go
// on as one, which changes no answer and no probability.

import { expect } from 'chai';
import { ip } from '../../src/values/ip';
import { add, CERTAIN, formatRatio, NEVER, ratio } from '../../src/values/ratio';
import type { Ratio } from '../../src/values/ratio';
import { milliseconds, seconds } from '../../src/values/time';
import type { Duration } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';
import { coursesOf, resolve } from '../../src/workloads/index';
import { emptyReply } from '../../src/workloads/dns-message';
import type { LookupRequest, Question, Reaction, Weighted } from '../../src/workloads/index';
import { TooManyCourses } from '../../src/workloads/courses';
import { lookUpInTurn } from '../../src/workloads/resolver';

const LIBCS = ['glibc', 'musl', 'go', 'c-ares', 'dig'];

interface World {
  readonly libc: string;
  /** Domains of the search list. */
  readonly domains: number;
  readonly nameservers?: number;
  readonly options?: Readonly<Record<string, string>>;
  /** What comes back to a question on the first of two paths; on the second one always the last. */
  readonly reactions: readonly Weighted<Reaction>[];
  /** Called for each question that reaches a server. */
  readonly asked?: (question: Question) => void;
}

function reply(rcode: 'NXDOMAIN' | 'SERVFAIL', delay: number): Reaction {
  return { kind: 'reply', reply: { ...emptyReply(rcode), delay: milliseconds(delay) } };
}

const LOST: Reaction = { kind: 'lost', reason: 'the link is bad' };

/** Of a server behind a cache whose upstreams are dead, slow and good. */
const THIRDS = [reply('NXDOMAIN', 0), reply('NXDOMAIN', 2_000), reply('SERVFAIL', 4_000)].map(
  (value) => ({ probability: ratio(1, 3), value }),
);

const ALL_SORTS: readonly Weighted<Reaction>[] = [
  { probability: ratio(1, 2), value: reply('NXDOMAIN', 0) },
  { probability: ratio(1, 4), value: reply('SERVFAIL', 100) },
  { probability: ratio(1, 4), value: LOST },
];

const AT_TIMES_LOST: readonly Weighted<Reaction>[] = [
  { probability: ratio(3, 4), value: reply('NXDOMAIN', 0) },
  { probability: ratio(1, 4), value: LOST },
];

function requestIn({ libc, domains, nameservers = 1, options, ...world }: World): LookupRequest {
  const { reactions, asked } = world;
  const pathWith = (found: readonly Weighted<Reaction>[]) => ({
    trace: { disposition: 'answered', translations: [] } as Partial<Trace> as Trace,
    ask: (question: Question) => {
      asked?.(question);
      return found;
    },
  });
  const surely = [{ probability: CERTAIN, value: reactions.at(-1)!.value }];
  const paths = [pathWith(reactions), pathWith(surely)];
  return {
    name: 'nowhere',
    types: ['A', 'AAAA'],
    libc,
    conf: {
      nameservers: Array.from({ length: nameservers }, (_, index) => ip(`10.96.0.${10 + index}`)),
      search: Array.from({ length: domains }, (_, index) => `search-${index}`),
      options: new Map(Object.entries({ ndots: '5', ...options })),
      isNodes: false,
    },
    hosts: new Map(),
    open: () => paths.map((value) => ({ probability: ratio(1, 2), value })),
    timeout: seconds(5),
    connectTimeout: seconds(127),
    race: NEVER,
  };
}

/** How a lookup can end: what is told, after how long, what was asked, and on which walks. */
interface End {
  readonly probability: Ratio;
  readonly rcode: string;
  readonly server: unknown;
  readonly took: Duration;
  readonly queries: readonly string[];
  readonly traces: readonly Trace[];
}

/** How likely each of the ends is, and how many walks may have decided it. */
function summed(ends: readonly End[]): Record<string, string> {
  const sums = new Map<string, { readonly probability: Ratio; readonly walks: Set<Trace> }>();
  for (const { probability, rcode, server, took, queries, traces } of ends) {
    const key = JSON.stringify([rcode, server, took, queries]);
    const known = sums.get(key) ?? { probability: NEVER, walks: new Set() };
    const walks = new Set([...known.walks, ...traces]);
    sums.set(key, { probability: add(known.probability, probability), walks });
  }
  return Object.fromEntries(
    [...sums].map(([key, { probability, walks }]) => [
      key,
      `${formatRatio(probability)} on ${walks.size} walks`,
    ]),
  );
}

const RCODES: Readonly<Record<string, string>> = {
  nxdomain: 'NXDOMAIN',
  servfail: 'SERVFAIL',
  timeout: 'none',
};

/** Every course on its own to its end. */
function oneByOne(request: LookupRequest): Record<string, string> {
  const courses = coursesOf((choose) => lookUpInTurn([request], choose)[0]!);
  return summed(
    courses.map(({ probability, value: { result, took, sent } }) => {
      const queries = sent.map(({ question: { name, type } }) => `${name} ${type}`);
      const rcode = RCODES[result.kind]!;
      return { probability, rcode, took, queries, server: result.server, traces: result.traces };
    }),
  );
}

describe('a lookup in which chance decides often', () => {
  for (const libc of LIBCS) {
    const worlds: readonly World[] = [
      { libc, domains: 1, options: { attempts: '1' }, reactions: ALL_SORTS },
      { libc, domains: 0, reactions: AT_TIMES_LOST },
      { libc, domains: 0, nameservers: 2, reactions: AT_TIMES_LOST },
    ];
    it(`has the ends that ${libc} comes to course by course, each as likely`, () => {
      for (const world of worlds) {
        const request = requestIn(world);
        expect(summed(resolve(request))).to.deep.equal(oneByOne(request));
      }
    });
  }

  for (const libc of LIBCS) {
    const reactions = libc === 'glibc' ? THIRDS : AT_TIMES_LOST;
    it(`is followed by ${libc} along four names, and asks no path a question twice`, () => {
      const asked: string[] = [];
      const ways = resolve(
        requestIn({
          libc,
          domains: 3,
          reactions,
          asked: ({ name, type }) => asked.push(`${name} ${type}`),
        }),
      );
      const sum = ways.map(({ probability }) => probability).reduce(add);
      expect(formatRatio(sum)).to.equal('1');
      expect(ways.some(({ notModelled }) => notModelled)).to.equal(false);
      for (const question of new Set(asked)) {
        expect(
          asked.filter((it) => it === question),
          question,
        ).to.have.length(2);
      }
    });
  }

  it('has as many ways as there are ends, and not as there are courses', () => {
    // Each of four names takes 0, 2 or 4 s at its first try, and at its second one 0, 2 or 4 more;
    // 17 courses for each name come to 83,521 in all.
    const ways = resolve(requestIn({ libc: 'glibc', domains: 3, reactions: THIRDS }));
    expect(ways).to.have.length.below(500);
  });
});

describe('courses of a lookup that are told the same on different walks', () => {
  it('show the walks of all of them, also of a name before the last', () => {
    const soa = (data: string) => ({ name: '.', type: 'SOA', ttl: 30, data });
    const paths = ['one', 'other'].map((reason) => {
      const trace = {
        disposition: 'answered',
        translations: [],
        reason,
      } as Partial<Trace> as Trace;
      const nothing = { ...emptyReply('NXDOMAIN'), authority: [soa(reason)] };
      const ask = () => [
        { probability: CERTAIN, value: { kind: 'reply', reply: nothing } as const },
      ];
      return { probability: ratio(1, 2), value: { trace, ask } };
    });
    // It is told of the name as it stands, which comes first.
    const options = { ndots: '0' };
    const request = requestIn({ libc: 'glibc', domains: 1, options, reactions: THIRDS });
    const ways = resolve({ ...request, open: () => paths });
    const walks = ways.map(({ traces }) => traces.map(({ reason }) => reason));
    expect(walks).to.deep.equal([['one', 'other']]);
  });
});

describe('a lookup that can go more ways than can be followed', () => {
  it('is one that nothing is said of', () => {
    const reactions = THIRDS;
    const asked = () => {
      throw new TooManyCourses();
    };
    const ways = resolve(requestIn({ libc: 'glibc', domains: 9, reactions, asked }));
    expect(ways).to.have.length(1);
    expect(ways[0]).to.include({ rcode: 'none', notModelled: true });
    expect(ways[0]!.reason).to.equal(
      'a lookup of nowhere can go too many ways to be followed to their ends',
    );
  });
});
