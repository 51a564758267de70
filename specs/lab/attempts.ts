// One attempt, as the model says it goes and as it was observed: what specs of the lab begin with.

import { ANY_PORT } from '../../src/values/flow';
import type { FiveTuple, Port } from '../../src/values/flow';
import { ip } from '../../src/values/ip';
import { CERTAIN } from '../../src/values/ratio';
import type { Trace, TranslatedFlow } from '../../src/values/trace';
import { MODEL_PORT } from './compare';
import type { Observation } from './observe';

export const SPORT = 34_567;

/** p1 → node port of n1, masqueraded to the bridge's address, answered by a1. */
export const TRACE: Trace = {
  disposition: 'answered',
  probability: CERTAIN,
  sent: tuple('10.244.1.5', MODEL_PORT, '192.168.1.10', 30_081),
  hops: [],
  answerHops: [],
  responder: {
    name: 'lab/a1',
    address: ip('10.244.1.6'),
    port: 8080,
    seenSource: ip('10.244.1.1'),
  },
  translations: [entry(MODEL_PORT, ANY_PORT)],
  reason: '',
  blames: [],
};

export const GREETING = {
  name: 'lab/a1',
  address: '10.244.1.6',
  port: 8080,
  seenAddress: '10.244.1.1',
  seenPort: 51_000,
};

export const SEEN: Observation = {
  sport: SPORT,
  outcome: 'ok',
  greeting: GREETING,
  entries: [entry(SPORT, 51_000)],
  hasClashed: false,
};

export function entry(sport: Port, seenPort: Port): TranslatedFlow {
  return {
    node: 'n1',
    original: tuple('10.244.1.5', sport, '192.168.1.10', 30_081),
    reply: tuple('10.244.1.6', 8080, '10.244.1.1', seenPort),
    unreplied: false,
  };
}

export function tuple(src: string, sport: Port, dst: string, dport: Port): FiveTuple {
  return { protocol: 'TCP', src: ip(src), sport, dst: ip(dst), dport };
}

export function turned({ protocol, src, sport, dst, dport }: FiveTuple): FiveTuple {
  return { protocol, src: dst, sport: dport, dst: src, dport: sport };
}
