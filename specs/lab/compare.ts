// Holds what was observed against what the model says. A flow agrees where every observation is
// one of the model's possible ways, and every one of these was observed.

import { outcomeOf } from '../../src/values/disposition';
import { ANY_PORT } from '../../src/values/flow';
import type { FiveTuple, Port } from '../../src/values/flow';
import { formatEndpoint, ip } from '../../src/values/ip';
import type { Trace, TranslatedFlow } from '../../src/values/trace';
import type { Observation } from './observe';

/** The source port with which the model is asked; it stands for that of any attempt. */
export const MODEL_PORT = 40_000;

export interface Comparison {
  /** Observations that are no way of the model. */
  readonly unexpected: readonly Observation[];
  /** Ways of the model that nobody took. */
  readonly unseen: readonly Trace[];
}

export function compare(
  traces: readonly Trace[],
  observations: readonly Observation[],
): Comparison {
  return {
    unexpected: observations.filter((it) => !traces.some((trace) => agrees(trace, it))),
    unseen: traces.filter((trace) => !observations.some((it) => agrees(trace, it))),
  };
}

export function isAgreed({ unexpected, unseen }: Comparison): boolean {
  return unexpected.length === 0 && unseen.length === 0;
}

/** Whether the attempt went that way: outcome, server, source as seen there, and all tuples. */
export function agrees(trace: Trace, observation: Observation): boolean {
  const { sport, outcome, greeting, entries } = observation;
  if (outcome !== outcomeOf(trace.disposition)) return false;
  if (outcome === 'ok' && !isServedAs(trace, observation)) return false;
  if (outcome !== 'ok' && greeting !== undefined) return false;
  if (entries.length !== trace.translations.length) return false;
  const left = [...entries];
  return trace.translations.every((expected) => {
    const index = left.findIndex((entry) => isEntry(expected, entry, sport));
    if (index >= 0) left.splice(index, 1);
    return index >= 0;
  });
}

/**
 * Whether the attempt went that way, but for an entry that had gone before its table was read: the
 * server and all that still stands agree. Once in some ten thousand connections a kernel (seen with
 * Linux 6.18) drops the entry of one that has ended. An entry that is never made is lost each time.
 */
export function hasLostEntry(trace: Trace, observation: Observation): boolean {
  const { outcome, greeting, entries, sport } = observation;
  const { responder, translations, disposition } = trace;
  if (outcome !== 'ok' || outcomeOf(disposition) !== 'ok' || greeting === undefined) return false;
  if (responder === undefined || entries.length >= translations.length) return false;
  return (
    greeting.name === responder.name &&
    greeting.seenAddress === responder.seenSource &&
    entries.every((entry) => translations.some((it) => isEntry(it, entry, sport)))
  );
}

function isServedAs({ responder }: Trace, { greeting, entries, sport }: Observation): boolean {
  if (responder === undefined || greeting === undefined) return false;
  const { name, address, port, seenSource } = responder;
  if (greeting.name !== name || greeting.seenAddress !== seenSource) return false;
  if (greeting.address !== address || greeting.port !== port) return false;
  // The port is drawn anew by whoever masquerades: the server must see what a table has it become.
  const { seenPort } = greeting;
  if (entries.length === 0) return seenPort === sport;
  return entries.some(({ reply }) => {
    const isServer = reply.src === address && reply.sport === port;
    return isServer && reply.dst === seenSource && reply.dport === seenPort;
  });
}

function isEntry(expected: TranslatedFlow, entry: TranslatedFlow, sport: number): boolean {
  return (
    expected.node === entry.node &&
    expected.unreplied === entry.unreplied &&
    isTuple(expected.original, entry.original, sport) &&
    isTuple(expected.reply, entry.reply, sport)
  );
}

function isTuple(expected: FiveTuple, tuple: FiveTuple, sport: number): boolean {
  return (
    expected.protocol === tuple.protocol &&
    expected.src === tuple.src &&
    expected.dst === tuple.dst &&
    isPort(expected.sport, tuple.sport, sport) &&
    isPort(expected.dport, tuple.dport, sport)
  );
}

function isPort(expected: Port, port: Port, sport: number): boolean {
  if (expected === ANY_PORT) return true;
  return port === (expected === MODEL_PORT ? sport : expected);
}

/** `ok from lab/a1 10.244.1.3:8080, sees 10.244.1.1; n1 … | …` — what the model says. */
export function describeTrace(trace: Trace): string {
  const { responder, translations, disposition } = trace;
  const outcome = String(outcomeOf(disposition));
  const server =
    outcome !== 'ok' || responder === undefined
      ? ` (${disposition})`
      : ` from ${responder.name} ${formatEndpoint(responder.address, responder.port)}, ` +
        `which sees ${responder.seenSource}`;
  return [`${outcome}${server}`, ...translations.map(describeEntry(MODEL_PORT))].join('\n      ');
}

/** The same of an observation. */
export function describeObservation({ outcome, greeting, entries, sport }: Observation): string {
  const server =
    greeting === undefined
      ? ''
      : ` from ${greeting.name} ${formatEndpoint(ip(greeting.address), greeting.port)}, ` +
        `which sees ${greeting.seenAddress}`;
  return [`${outcome}${server}`, ...entries.map(describeEntry(sport))].join('\n      ');
}

function describeEntry(sport: number) {
  const end = (address: FiveTuple['src'], port: Port): string =>
    formatEndpoint(address, port === sport ? 'sport' : port);
  const half = (tuple: FiveTuple): string =>
    `${end(tuple.src, tuple.sport)} → ${end(tuple.dst, tuple.dport)}`;
  return ({ node, original, reply, unreplied }: TranslatedFlow): string => {
    const silence = unreplied ? '[UNREPLIED] ' : '';
    return `${node} ${original.protocol} ${half(original)} | ${silence}${half(reply)}`;
  };
}
