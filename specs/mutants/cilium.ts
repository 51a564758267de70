// What can be wrong about Cilium in the place of kube-proxy.

import * as directReturn from '../../src/network/direct-return';
import * as maglev from '../../src/node/netfilter/maglev';
import type { Forwarding } from '../../src/node/netfilter/ebpf';
import * as settings from '../../src/node/proxy/ebpf-settings';
import { ipToNumber } from '../../src/values/ip';
import type { Mutant } from './mutants';
import { replace } from './replace';
import type { Undo } from './replace';

type ForwardingOf = typeof settings.forwardingOf;
type DialledTuple = typeof directReturn.dialledTuple;
type DirectHit = typeof directReturn.directHit;
type MaglevSlot = typeof maglev.maglevSlot;
type MaglevTable = typeof maglev.maglevTable;

function inMode(change: (mode: Forwarding['mode']) => Forwarding['mode']): Undo {
  return replace<ForwardingOf>(settings, 'forwardingOf', (read) => (options) => {
    const forwarding = read(options);
    return { ...forwarding, mode: change(forwarding.mode) };
  });
}

export const CILIUM_MUTANTS: readonly Mutant[] = [
  {
    name: 'direct-return-is-snat',
    sentence: 'What goes to a backend elsewhere gets the address of the node, whatever the mode.',
    scenario: 'scenarios/services/direct-server-return.yaml',
    expectation: 'back by worker-1',
    breaks: () => inMode(() => 'snat'),
  },
  {
    name: 'backend-answers-from-itself',
    sentence: 'The node of the backend does not look for the dialled address on board.',
    scenario: 'scenarios/services/direct-server-return.yaml',
    expectation: 'reaches node/worker-1:30080 on shop/web',
    breaks: () =>
      replace<DialledTuple>(directReturn, 'dialledTuple', () => {
        return ({ tuple }) => tuple;
      }),
  },
  {
    name: 'only-the-first-packet-is-known',
    sentence: 'The node of the backend knows no packet that comes without the dialled address.',
    scenario: 'scenarios/services/direct-server-return.yaml',
    expectation: 'on the connections opened at 5s',
    breaks: () => replace<DirectHit>(directReturn, 'directHit', () => () => undefined),
  },
  {
    name: 'hybrid-is-direct',
    sentence: 'Hybrid mode has UDP answered directly, too.',
    scenario: 'scenarios/services/hybrid-balancing.yaml',
    expectation: 'reaches node/worker-1:30053/udp on shop/echo',
    breaks: () => inMode((mode) => (mode === 'hybrid' ? 'dsr' : mode)),
  },
  {
    name: 'slots-dealt-like-cards',
    sentence: 'The slots of a table go round in turn, so that a lost backend moves everyone.',
    scenario: 'scenarios/services/maglev.yaml',
    expectation: '203.0.113.100:50001 > node/worker-3:30080 has DNAT to 10.244.0.4:8080',
    breaks: () =>
      replace<MaglevTable>(maglev, 'maglevTable', () => (backends, _protocol, { tableSize }) => {
        return Array.from({ length: tableSize }, (_, slot) => slot % backends.length);
      }),
  },
  {
    name: 'hash-of-the-dialled-address',
    sentence: 'The address that was dialled has its part in the hash, so nodes differ.',
    scenario: 'scenarios/services/maglev.yaml',
    expectation: '203.0.113.100:50001 > node/worker-2:30080 has DNAT to 10.244.0.4:8080',
    breaks: () =>
      replace<MaglevSlot>(maglev, 'maglevSlot', (slotOf) => (tuple, isSticky, table) => {
        const slot = slotOf(tuple, isSticky, table);
        if (slot === undefined) return undefined;
        return Number((BigInt(slot) + 7_919n * ipToNumber(tuple.dst)) % BigInt(table.tableSize));
      }),
  },
  {
    name: 'hash-with-the-port-in-any-case',
    sentence: 'The port of a client has its part in the hash with session affinity, too.',
    scenario: 'scenarios/services/maglev.yaml',
    expectation: 'reaches node/worker-1:30081 on shop/web-c',
    breaks: () =>
      replace<MaglevSlot>(maglev, 'maglevSlot', (slotOf) => (tuple, _isSticky, table) => {
        return slotOf(tuple, false, table);
      }),
  },
];
