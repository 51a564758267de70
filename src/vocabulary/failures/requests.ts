// Requests that the API server answers wrongly.

import { kindWords } from '../../apiserver/kinds/index';
import { COMPONENTS } from '../../cluster/components/component-names';
import type { RequestFailure } from '../../cluster/faults/failing';
import { didYouMean } from '../../language/did-you-mean';
import { problem } from '../define';
import { UnknownTargetError } from '../targets';
import { frequencyOf } from './arguments';
import type { FailArgs } from './arguments';
import { effectOf } from './way';
import type { Way } from './way';

const ANSWERS: Readonly<Record<string, RequestFailure['answer']>> = {
  409: 'conflict',
  429: 'too-many-requests',
  500: 'internal-error',
  reject: 'invalid',
};

/** Heartbeats and elections are not written as objects, so no answer to them can be wrong. */
const LEASE = 'Lease';

export const requestWay: Way = {
  name: 'api',
  targets: ['component'],
  components: ['apiserver'],
  words: ['verbs', 'kinds', 'clients', 'odds', 'pattern'],
  check: (args) => [...kindProblems(args), ...clientProblems(args)],
  inject(cluster, args, { step }) {
    const { verbs = [], kinds = [], clients = [] } = args;
    const apiServers = cluster.components.filter(({ name }) => name === 'apiserver');
    if (apiServers.length === 0) throw new UnknownTargetError('the cluster has no API server');
    const answer = ANSWERS[String(args.api)]!;
    cluster.handles.failRequests(step, { answer, verbs, kinds, clients, ...frequencyOf(args) });
    return { hits: ['component apiserver'], effects: [effectOf('api', 'apiserver', step)] };
  },
  undo: (cluster, _name, token) => cluster.handles.mendRequests(token),
};

function* kindProblems({ kinds = [] }: FailArgs) {
  const known = [...new Set(kindWords.names.values())];
  for (const [index, kind] of kinds.entries()) {
    const path = `/kinds/${index}`;
    if (kind === LEASE) yield problem(path, 'leases are not modelled as objects: cut their path');
    else if (!known.includes(kind)) yield problem(path, unknown('kind', kind, known));
  }
}

function* clientProblems({ clients = [] }: FailArgs) {
  const known = [...COMPONENTS, 'kubectl'];
  for (const [index, client] of clients.entries()) {
    if (known.includes(client)) continue;
    yield problem(`/clients/${index}`, unknown('client', client, known));
  }
}

function unknown(what: string, word: string, known: readonly string[]): string {
  const hint = didYouMean(word, known);
  return `there is no ${what} "${word}"${hint === undefined ? '' : `: ${hint}`}`;
}
