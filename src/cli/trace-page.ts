// One packet's way as a page: every hop with the packet before and after, what was done to it
// there, and how it ended.

import { outcomeOf } from '../values/disposition';
import { formatTuple, tupleKey } from '../values/flow';
import { CERTAIN, equalRatio, formatRatio } from '../values/ratio';
import type { Hop, Trace, TranslatedFlow } from '../values/trace';

/** The lines of all ways that a packet can take, one below the other. */
export function tracePage(traces: readonly Trace[]): string {
  const pages = traces.map((trace, index) => wayLines(trace, index, traces.length).join('\n'));
  return `${pages.join('\n\n')}\n`;
}

function wayLines(trace: Trace, index: number, all: number): readonly string[] {
  const { disposition, sender, sent, probability, reason, responder } = trace;
  const head = `${sender ?? sent.src}  ${formatTuple(sent)}  ${sent.protocol}`;
  const share = equalRatio(probability, CERTAIN) ? '' : `, probability ${formatRatio(probability)}`;
  const way = all === 1 ? '' : `  (way ${index + 1} of ${all}${share})`;
  const seen = responder === undefined ? '' : `, seen as ${responder.seenSource}`;
  return [
    `${head}${way}`,
    ...trace.hops.flatMap((hop) => hopLines(hop, '→')),
    ...trace.answerHops.flatMap((hop) => hopLines(hop, '←')),
    ...trace.translations.filter(isTranslated).map(translationLine),
    `  ${outcomeOf(disposition) ?? 'not modelled'} (${disposition})${seen}: ${reason}`,
  ];
}

function hopLines({ node, device, before, after, steps, encapsulation }: Hop, way: string) {
  const outer =
    encapsulation === undefined
      ? ''
      : `  in ${encapsulation.kind} ${encapsulation.src} → ${encapsulation.dst}`;
  const changed = tupleKey(before) !== tupleKey(after);
  return [
    `  ${way} ${node} ${device}  ${formatTuple(before)}${outer}`,
    ...steps.map(({ place, action, detail }) => `      ${place}: ${action} ${detail}`.trimEnd()),
    ...(changed ? [`      leaves as ${formatTuple(after)}`] : []),
  ];
}

function isTranslated({ original, reply }: TranslatedFlow): boolean {
  return (
    original.dst !== reply.src ||
    original.dport !== reply.sport ||
    original.src !== reply.dst ||
    original.sport !== reply.dport
  );
}

function translationLine({ node, original, reply }: TranslatedFlow): string {
  return `  conntrack ${node}  ${formatTuple(original)}, reply ${formatTuple(reply)}`;
}
