// Questions about whole connections: from the client through every node to the server and back.

import type { Network } from '../../src/network/index';
import { outcomeOf } from '../../src/values/disposition';
import { formatTuple, reversed, tupleKey } from '../../src/values/flow';
import type { FiveTuple, Port, Protocol } from '../../src/values/flow';
import { formatEndpoint, ip } from '../../src/values/ip';
import type { Origin } from '../../src/values/origin';
import type { Trace, TranslatedFlow } from '../../src/values/trace';
import { networkOf } from './network-world';
import type { Answer, Question } from './vector-file';

interface Ask {
  readonly from: string;
  readonly src?: string;
  readonly sport?: number;
  readonly dst: string;
  readonly port: number;
  readonly protocol?: Protocol;
  readonly via?: string;
  /** Of `conntrack`: the node whose table is meant. */
  readonly at?: string;
}

/** What the client observes, and as whom the server sees it. */
export function connect(question: Question): Answer {
  return walked(question, 'connect', (traces) => {
    const outcomes = new Set(traces.map(({ disposition }) => outcomeOf(disposition)));
    // The format's word for anything but ok.
    const isFail = question.expect['result'] === 'fail' && !outcomes.has('ok');
    const seen = new Set(traces.filter(isAnswered).map(seenBy));
    return {
      result: isFail ? 'fail' : [...outcomes].join(' or '),
      ...(seen.size > 0 && { seen: [...seen].join(' or ') }),
    };
  });
}

/** The entry of the connection in the table of one node. */
export function conntrack(question: Question): Answer {
  return walked(question, 'conntrack', (traces, { at }) => {
    return theOne(traces.map(({ translations }) => translations.find(({ node }) => node === at)));
  });
}

/** The entry on the node that translates the Service, or else on the one that masquerades. */
export function tuple(question: Question): Answer {
  return walked(question, 'tuple', (traces) => {
    return theOne(
      traces.map(({ translations }) => {
        return translations.find(isRedirected) ?? translations.find(isTranslated);
      }),
    );
  });
}

function walked(
  question: Question,
  kind: string,
  read: (traces: readonly Trace[], ask: Ask) => Readonly<Record<string, unknown>>,
): Answer {
  const network = networkOf(question);
  const ask = question.ask[kind] as Ask;
  const { sport = 40_000, src, via, protocol = 'TCP' } = ask;
  for (const node of [via, ask.at]) if (node !== undefined) checkNode(network, node);
  const destination = { address: ip(ask.dst), port: ask.port, protocol };
  const traces = network.send(
    originOf(network, ask.from, question.cluster['externals'] ?? {}),
    destination,
    {
      sport,
      ...(src !== undefined && { src: ip(src) }),
      ...(via !== undefined && { via }),
    },
  );
  return { is: read(traces, ask), why: traces.flatMap(linesOf) };
}

function originOf(network: Network, from: string, externals: object): Origin {
  if (from.startsWith('node/')) {
    const node = from.slice('node/'.length);
    checkNode(network, node);
    return { node };
  }
  if (from.startsWith('ext/')) {
    const external = from.slice('ext/'.length);
    if (!Object.hasOwn(externals, external)) throw new Error(`no external ${external}`);
    return { external };
  }
  if (network.sandboxOf(from) === undefined) throw new Error(`no pod ${from}`);
  return { pod: from };
}

function checkNode(network: Network, name: string): void {
  if (!network.machines.has(name)) throw new Error(`no node ${name}`);
}

function isAnswered({ disposition }: Trace): boolean {
  return disposition === 'answered';
}

/** The source of the packet as the server gets it, by the last table on its way. */
function seenBy({ sent, responder, translations }: Trace): string {
  const last = translations.at(-1);
  const port: Port = last === undefined ? sent.sport : last.reply.dport;
  return formatEndpoint(responder!.seenSource, port);
}

function isRedirected({ original, reply }: TranslatedFlow): boolean {
  return reply.src !== original.dst || reply.sport !== original.dport;
}

function isTranslated({ original, reply }: TranslatedFlow): boolean {
  return tupleKey(reply) !== tupleKey(reversed(original));
}

function theOne(
  entries: readonly (TranslatedFlow | undefined)[],
): Readonly<Record<string, unknown>> {
  const different = new Map(entries.map((entry) => [JSON.stringify(entry), entry]));
  if (different.size > 1) return { several: [...different.values()] };
  const [entry] = entries;
  if (entry === undefined) return { none: true };
  return {
    original: ends(entry.original),
    reply: ends(entry.reply),
    ...(entry.unreplied && { unreplied: true }),
  };
}

function ends({ src, sport, dst, dport }: FiveTuple): Readonly<Record<string, unknown>> {
  return { src, sport, dst, dport };
}

function linesOf({ disposition, hops, answerHops, reason }: Trace): string[] {
  const steps = [...hops, ...answerHops].flatMap(({ node, device, before, steps }) => [
    `${node} ${device} ${formatTuple(before)}`,
    ...steps.map(({ place, action, detail }) => `  ${place} ${action} ${detail}`),
  ]);
  return [`${disposition}: ${reason}`, ...steps];
}
