// How long something may take: the bounds that a claim sets.

import { parseDuration } from '../language/duration';
import type { FromSchema } from '../language/json-schema';
import type { Duration } from '../values/time';

/** Bounds of a span, for schemas. */
export const SPAN = {
  description: 'How long the client waits.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    atLeast: { $ref: '#/$defs/duration' },
    atMost: { $ref: '#/$defs/duration' },
  },
} as const;

export type SpanArgs = FromSchema<typeof SPAN>;

/** Whether a span is within the bounds, both included. */
export function isWithin(bounds: SpanArgs | undefined, spent: Duration): boolean {
  const least = readSpan(bounds?.atLeast, 0);
  return spent >= least && spent <= readSpan(bounds?.atMost, Infinity);
}

/** `after at least 1s and at most 3s`. */
export function saySpan({ atLeast, atMost }: SpanArgs): string {
  const least = atLeast === undefined ? [] : [`at least ${atLeast}`];
  const most = atMost === undefined ? [] : [`at most ${atMost}`];
  return `after ${[...least, ...most].join(' and ')}`;
}

function readSpan(text: string | undefined, otherwise: number): number {
  const reading = text === undefined ? undefined : parseDuration(text);
  return reading?.ok === true ? reading.value : otherwise;
}
