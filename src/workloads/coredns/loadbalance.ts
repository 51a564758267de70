// The loadbalance plugin: shuffles addresses. The model tells sets of answers, so that only the
// part that is no chance remains: aliases first, mail exchangers last.
// source: coredns plugin/loadbalance/loadbalance.go

import type { ResourceRecord } from '../dns-message';
import type { Plugin, Setup } from './plugin';
import { CorefileError } from '../corefile';

const RANKS: Readonly<Record<string, number>> = { CNAME: 0, A: 2, AAAA: 2, MX: 3 };

export const setupLoadbalance: Setup = ([{ args, line }]) => {
  const [policy = 'round_robin'] = args;
  if (policy !== 'round_robin') {
    throw new CorefileError(`loadbalance: policy "${policy}" is not modelled`, line);
  }
  return [LOADBALANCE];
};

const LOADBALANCE: Plugin = {
  name: 'loadbalance',
  inFork: () => LOADBALANCE,
  serve(request, next) {
    const reply = next(request);
    const rank = ({ type }: ResourceRecord) => RANKS[type] ?? 1;
    const answers = [...reply.answers].sort((a, b) => rank(a) - rank(b));
    return { ...reply, answers };
  },
};
