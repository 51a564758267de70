// What became of a packet, and what its sender sees of that. The list is closed, so that every
// report, document and claim speaks of the same fates.

/** What the client of a connection observes. */
export type ReachOutcome = 'ok' | 'refused' | 'reset' | 'timeout' | 'unreachable' | 'unresolved';

interface Row {
  readonly outcome: ReachOutcome | undefined;
  readonly meaning: string;
}

/**
 * Every fate, with the outcome that its sender observes. `undefined` marks the one fate that is
 * no answer at all: an expectation over it is an error, never a failure.
 */
export const DISPOSITIONS = {
  answered: { outcome: 'ok', meaning: 'The packet arrived and its answer came back untouched.' },
  'refused-by-listener': {
    outcome: 'refused',
    meaning: 'The packet arrived where nothing listens; the host answered with a reset.',
  },
  'no-endpoints': {
    outcome: 'refused',
    meaning: 'The Service has no endpoint; a REJECT rule answered with an ICMP error.',
  },
  rejected: {
    outcome: 'refused',
    meaning: 'A REJECT rule, or a cut that rejects, answered with an ICMP error or a reset.',
  },
  'connection-reset': {
    outcome: 'reset',
    meaning: 'An established connection met a reset: its other end is gone.',
  },
  'rejected-by-policy': {
    outcome: 'refused',
    meaning: 'A network policy rejected the packet with an ICMP error.',
  },
  'denied-by-policy': { outcome: 'timeout', meaning: 'A network policy dropped the packet.' },
  'no-local-endpoints': {
    outcome: 'timeout',
    meaning: 'A Local traffic policy dropped the packet: no endpoint runs on this node.',
  },
  dropped: { outcome: 'timeout', meaning: 'A DROP rule swallowed the packet.' },
  partitioned: { outcome: 'timeout', meaning: 'Something on the way is cut: nothing passes.' },
  'link-loss': {
    outcome: 'timeout',
    meaning: 'A bad link lost the packet and every repetition of it, or was too slow.',
  },
  'node-down': {
    outcome: 'timeout',
    meaning: 'The node that should take the packet has no power.',
  },
  'node-frozen': {
    outcome: 'timeout',
    meaning: 'The node that should take the packet, or send it, is stopped as a whole.',
  },
  unanswered: {
    outcome: 'timeout',
    meaning: 'The kernel took the connection; the process behind it is stopped and says nothing.',
  },
  lost: { outcome: 'timeout', meaning: 'The packet left the modelled network and nobody answers.' },
  'pod-gone': {
    outcome: 'timeout',
    meaning:
      'The address belongs to no running pod any more, and nobody on the bridge answers ARP.',
  },
  'no-route': {
    outcome: 'unreachable',
    meaning: 'A host on the path knows no route to the address.',
  },
  'host-unreachable': {
    outcome: 'unreachable',
    meaning: 'The last router asked for the address by ARP in vain and said so.',
  },
  'answer-lost': {
    outcome: 'timeout',
    meaning: 'The packet arrived, but its answer was dropped or lost on the way back.',
  },
  'answer-untranslated': {
    outcome: 'timeout',
    meaning: 'The answer came back from an address that the client never called.',
  },
  'too-big': {
    outcome: 'timeout',
    meaning: 'The connection stands, but a message does not fit through a link on its way.',
  },
  'conntrack-full': { outcome: 'timeout', meaning: 'The conntrack table of a node is full.' },
  'unresolved-name': { outcome: 'unresolved', meaning: 'The name could not be resolved.' },
  'not-modelled': {
    outcome: undefined,
    meaning: 'The answer depends on something that the model does not know.',
  },
} as const satisfies Record<string, Row>;

export type Disposition = keyof typeof DISPOSITIONS;

/** What the sender observes; undefined for `not-modelled`. */
export function outcomeOf(disposition: Disposition): ReachOutcome | undefined {
  return DISPOSITIONS[disposition].outcome;
}
