// The lookups of the lab: what a process asks for, with which resolv.conf, and what each of its
// nameservers does with the questions.

import type { DnsTransport, Question } from '../../../src/workloads/index';

/** What a nameserver does with a question. Whatever is not `answer` goes wrong on purpose. */
export type Fate = 'answer' | 'drop' | 'empty' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'NOTIMP';

/** `before` counts how often the same question has been asked over the same transport already. */
export type Server = (question: Question, before: number, transport: DnsTransport) => Fate;

/** A nameserver; `closed` is an address at which nothing listens. */
export type Nameserver = Server | 'closed' | 'closed to TCP';

export interface Scenario {
  readonly title: string;
  /** What one process looks up, one after the other. */
  readonly names: readonly string[];
  /** One or both of `A` and `AAAA`; both by default. */
  readonly types?: readonly string[];
  /** Instead of the three domains of a namespace. */
  readonly search?: readonly string[];
  /** Beside `ndots:5`. */
  readonly options?: Readonly<Record<string, string>>;
  /** One that answers everything by default. */
  readonly servers?: readonly Nameserver[];
  /** Whether musl goes through it only from 1.2.4 on. */
  readonly isForNewMusl?: boolean;
  /** Who asks; both C libraries by default. */
  readonly clients?: readonly ('glibc' | 'musl' | 'dig')[];
}

const answers: Server = () => 'answer';
const never: Server = () => 'drop';

/** The fate of questions for names in the first domain of the search list. */
const firstDomain =
  (fate: Fate): Server =>
  ({ name }) =>
    name.endsWith('.shop.svc.cluster.local') ? fate : 'answer';

/** The fate of questions of a type, as often as `times`. */
const ofType =
  (type: string, fate: Fate, times = Infinity): Server =>
  (question, before) =>
    question.type === type && before < times ? fate : 'answer';

const QUICK = { timeout: '1', attempts: '2' };
const EVERYBODY = ['glibc', 'musl', 'dig'] as const;
const WEB = 'web.shop.svc.cluster.local.';

const NAMES: readonly Scenario[] = [
  { title: 'a short name', names: ['web'] },
  { title: 'a name with its namespace', names: ['api.other'] },
  { title: 'a whole name without the dot', names: ['web.shop.svc.cluster.local'] },
  { title: 'a whole name with the dot', names: [WEB], clients: EVERYBODY },
  { title: 'a name in capitals', names: ['WEB.Shop'] },
  { title: 'an external name', names: ['www.example.com'] },
  { title: 'an external name with the dot', names: ['www.example.com.'], clients: EVERYBODY },
  { title: 'a missing name', names: ['nosuch'], clients: EVERYBODY },
  { title: 'a missing name with the dot', names: ['no.shop.svc.cluster.local.'] },
  { title: 'a missing name with enough dots', names: ['a.b.c.d.e.example.com'] },
  { title: 'a name in the hosts file', names: ['me', 'me.', 'ME'] },
  { title: 'an address', names: ['10.1.2.3', 'fd00::1'] },
  { title: 'several names in turn', names: ['web', 'nosuch', 'both', 'api.other.svc'] },
  { title: 'ndots:1 and a name with one dot', names: ['api.other'], options: { ndots: '1' } },
  { title: 'ndots:1 and a name without', names: ['web'], options: { ndots: '1' } },
  { title: 'ndots:0', names: ['web'], options: { ndots: '0' } },
  {
    title: 'ndots:20 and fifteen dots',
    names: ['a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p'],
    options: { ndots: '20' },
  },
  { title: 'no search list', names: ['web', WEB], search: [] },
  {
    title: 'eight search domains',
    names: ['web'],
    search: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'shop.svc.cluster.local'],
  },
  {
    title: 'a search line of more than 255 characters',
    names: ['web'],
    search: ['a', 'b', 'c', 'd']
      .map((it) => `${it.repeat(60)}.test`)
      .concat('shop.svc.cluster.local'),
  },
  {
    title: 'a dot in the search list',
    names: ['www.example.com', 'nosuch'],
    search: ['shop.svc.cluster.local', '.', 'svc.cluster.local'],
    isForNewMusl: true,
  },
];

const FAMILIES: readonly Scenario[] = [
  { title: 'both families', names: ['both'] },
  { title: 'A alone', names: ['both'], types: ['A'] },
  { title: 'AAAA alone', names: ['both'], types: ['AAAA'] },
  {
    title: 'AAAA with the dot',
    names: ['both.shop.svc.cluster.local.'],
    types: ['AAAA'],
    clients: EVERYBODY,
  },
  { title: 'a name of the other family', names: ['web'], types: ['AAAA'] },
  { title: 'the same with the dot', names: [WEB], types: ['AAAA'], clients: EVERYBODY },
  { title: 'a name without addresses', names: ['web'], servers: [firstDomain('empty')] },
  { title: 'no addresses on one step', names: ['api.other'], servers: [firstDomain('empty')] },
  { title: 'A, and AAAA does not exist', names: ['web'], servers: [ofType('AAAA', 'NXDOMAIN')] },
  {
    title: 'A, and AAAA fails',
    names: ['web'],
    servers: [ofType('AAAA', 'SERVFAIL')],
    options: QUICK,
  },
  {
    title: 'A, and AAAA is unknown',
    names: ['web'],
    servers: [ofType('AAAA', 'NOTIMP')],
    options: QUICK,
  },
  { title: 'AAAA, and A does not exist', names: ['both'], servers: [ofType('A', 'NXDOMAIN')] },
  {
    title: 'A fails, and AAAA is empty',
    names: ['web'],
    servers: [ofType('A', 'SERVFAIL')],
    options: QUICK,
  },
  { title: 'no-aaaa', names: ['both', 'nosuch'], options: { 'no-aaaa': '' } },
  { title: 'no-aaaa and AAAA alone', names: ['both'], types: ['AAAA'], options: { 'no-aaaa': '' } },
];

const CHAINS: readonly Scenario[] = [
  { title: 'an ExternalName of the world', names: ['elsewhere'] },
  { title: 'an ExternalName of the cluster', names: ['alias'] },
  { title: 'an ExternalName that leads nowhere', names: ['dangling'] },
  {
    title: 'an ExternalName with the dot',
    names: ['alias.shop.svc.cluster.local.'],
    clients: EVERYBODY,
  },
  {
    title: 'an answer of many addresses',
    names: ['many.shop.svc.cluster.local.'],
    types: ['A'],
    clients: EVERYBODY,
  },
  { title: 'the same for both families', names: ['many'] },
  { title: 'addresses that just fit', names: ['quarter'] },
  { title: 'one address more', names: ['more'] },
  { title: 'one address more, of one family', names: ['more'], types: ['A'] },
  {
    title: 'the same, and TCP fails',
    names: ['many.shop.svc.cluster.local.'],
    servers: [(_, __, transport) => (transport === 'TCP' ? 'SERVFAIL' : 'answer')],
    options: QUICK,
  },
  {
    title: 'the same, and TCP is refused',
    names: ['many.shop.svc.cluster.local.'],
    types: ['A'],
    servers: ['closed to TCP'],
    options: QUICK,
  },
  { title: 'a cut answer with edns0', names: ['many'], options: { edns0: '' } },
];

const CODES: readonly Scenario[] = (['SERVFAIL', 'REFUSED', 'NOTIMP'] as const).flatMap((fate) => [
  {
    title: `${fate} on one step`,
    names: ['api.other'],
    servers: [firstDomain(fate)],
    options: QUICK,
  },
  {
    title: `${fate} on one step of a missing name`,
    names: ['no.such'],
    servers: [firstDomain(fate)],
    options: QUICK,
  },
  { title: `${fate} for everything`, names: ['web'], servers: [() => fate], options: QUICK },
  {
    title: `${fate} with the dot`,
    names: [WEB],
    servers: [() => fate],
    options: QUICK,
    clients: EVERYBODY,
  },
  {
    title: `${fate} from the first server`,
    names: ['web'],
    servers: [() => fate, answers],
    options: QUICK,
    // musl asks again at once, or not, as the answers of both servers happen to arrive.
    ...(fate === 'SERVFAIL' && { clients: ['glibc'] as const }),
  },
  {
    title: `${fate} once`,
    names: ['web'],
    servers: [(_, before) => (before < 1 ? fate : 'answer')],
    options: QUICK,
  },
]);

const SILENCE: readonly Scenario[] = [
  {
    title: 'the first server is silent',
    names: ['web'],
    servers: [never, answers],
    options: QUICK,
    clients: EVERYBODY,
  },
  {
    title: 'two of three are silent',
    names: [WEB],
    servers: [never, never, answers],
    options: QUICK,
  },
  {
    title: 'the fourth server',
    names: [WEB],
    servers: [never, never, never, answers],
    options: { timeout: '1', attempts: '1' },
  },
  { title: 'all are silent', names: ['web'], servers: [never], options: QUICK },
  {
    title: 'all are silent, with the dot',
    names: [WEB],
    servers: [never, never],
    options: QUICK,
    clients: EVERYBODY,
  },
  {
    title: 'silence on one step',
    names: ['api.other'],
    servers: [firstDomain('drop')],
    options: QUICK,
  },
  {
    title: 'attempts:3',
    names: [WEB],
    servers: [never],
    options: { timeout: '1', attempts: '3' },
    clients: EVERYBODY,
  },
  {
    title: 'timeout:2 attempts:1, two servers',
    names: [WEB],
    servers: [never, never],
    options: { timeout: '2', attempts: '1' },
  },
  {
    title: 'both are lost once',
    names: ['web'],
    servers: [(_, before) => (before < 1 ? 'drop' : 'answer')],
    options: QUICK,
  },
  {
    title: 'AAAA is lost once',
    names: ['both', 'both'],
    servers: [ofType('AAAA', 'drop', 1)],
    options: QUICK,
  },
  {
    title: 'AAAA is lost twice',
    names: ['both', 'both'],
    servers: [ofType('AAAA', 'drop', 2)],
    options: QUICK,
  },
  {
    title: 'AAAA is lost always',
    names: ['web'],
    servers: [ofType('AAAA', 'drop')],
    options: QUICK,
  },
  {
    title: 'A is lost once',
    names: ['both', 'both'],
    servers: [ofType('A', 'drop', 1)],
    options: QUICK,
  },
  { title: 'A is lost always', names: ['both'], servers: [ofType('A', 'drop')], options: QUICK },
  { title: 'nobody listens', names: ['web'], servers: ['closed'], options: QUICK },
  {
    title: 'nobody listens at the first server',
    names: ['web'],
    servers: ['closed', answers],
    options: QUICK,
  },
];

const OPTIONS: readonly Scenario[] = [
  { title: 'single-request', names: ['both', 'nosuch'], options: { 'single-request': '' } },
  {
    title: 'single-request-reopen',
    names: ['both', 'nosuch'],
    options: { 'single-request-reopen': '' },
  },
  { title: 'use-vc', names: ['both', 'nosuch'], options: { 'use-vc': '' } },
  {
    title: 'use-vc, and TCP is refused',
    names: ['both'],
    options: { ...QUICK, 'use-vc': '' },
    servers: ['closed to TCP'],
  },
  {
    title: 'use-vc, and the first server refuses',
    names: ['both'],
    options: { 'use-vc': '' },
    servers: [() => 'REFUSED', answers],
  },
  {
    title: 'use-vc, and AAAA fails',
    names: ['both'],
    options: { 'use-vc': '' },
    servers: [ofType('AAAA', 'SERVFAIL')],
  },
  {
    title: 'use-vc, and the first server fails',
    names: ['both'],
    clients: ['glibc'],
    options: { 'use-vc': '' },
    servers: [() => 'SERVFAIL', answers],
  },
  { title: 'edns0', names: ['both'], options: { edns0: '' } },
  {
    title: 'rotate',
    names: ['both', 'nosuch', 'web'],
    options: { rotate: '' },
    servers: [answers, answers],
  },
  {
    title: 'rotate among three',
    names: [WEB, WEB],
    options: { rotate: '' },
    servers: [answers, answers, answers],
  },
];

const DIG: readonly Scenario[] = [
  {
    title: 'attempts:2 and three servers',
    names: [WEB],
    servers: [never, never, answers],
    options: QUICK,
    clients: ['dig'],
  },
  {
    title: 'the first of two fails',
    names: [WEB],
    servers: [() => 'SERVFAIL', answers],
    clients: ['dig'],
  },
  {
    title: 'the first of two refuses',
    names: [WEB],
    servers: [() => 'REFUSED', answers],
    clients: ['dig'],
  },
];

export const SCENARIOS: readonly Scenario[] = [
  ...NAMES,
  ...FAMILIES,
  ...CHAINS,
  ...CODES,
  ...SILENCE,
  ...OPTIONS,
  ...DIG,
];
