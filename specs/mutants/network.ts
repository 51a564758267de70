// What can be wrong about cuts, bad links, and about what notices them.

import { ApiServer } from '../../src/apiserver/api-server';
import { ApiPaths } from '../../src/cluster/api-paths';
import { CloudTargets } from '../../src/cluster/load-balancing/cloud-targets';
import * as ends from '../../src/network/ends';
import * as impairments from '../../src/network/impairments';
import { Impairments } from '../../src/network/impairments';
import type { Stretch } from '../../src/network/impairments';
import type { Cut } from '../../src/network/index';
import * as lineQueue from '../../src/network/line-queue';
import { Network } from '../../src/network/network';
import * as passage from '../../src/network/passage';
import * as repetition from '../../src/network/repetition';
import { NodeStatuses } from '../../src/node/kubelet/node-status';
import { CERTAIN, compareRatios, NEVER } from '../../src/values/ratio';
import { ZERO } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace } from './replace';
import type { Undo } from './replace';

type At = Impairments<Cut>['at'];
type Repeated = typeof repetition.repeated;
type StretchOf = typeof impairments.stretchOf;

const PARTITIONS = 'scenarios/faults/node-partition-heal-at';

/** Every rule that is found looks like this. */
function withCuts(change: (cut: Cut) => Cut): Undo {
  return replace<At>(Impairments.prototype, 'at', (at) => {
    return function (this: Impairments<Cut>, ...args) {
      return at.apply(this, args).map((rule) => ('mode' in rule ? change(rule) : rule));
    };
  });
}

/** Delays are as they were, and no packet is lost. */
function harmless(stretch: Stretch): Stretch {
  const lines = stretch.lines?.map((line) => {
    return { ...line, fates: [{ waits: [line.delay], probability: CERTAIN }] };
  });
  return { ...stretch, arrives: CERTAIN, ...(lines !== undefined && { lines }) };
}

export const NETWORK_MUTANTS: readonly Mutant[] = [
  {
    name: 'every-cut-is-silent',
    sentence: 'A cut drops packets whatever its mode says.',
    scenario: 'scenarios/faults/reject-or-drop.yaml',
    expectation: 'is refused by backend:80',
    breaks: () => withCuts((cut) => ({ ...cut, mode: 'drop' })),
  },
  {
    name: 'reject-ends-connections',
    sentence: 'An ICMP error ends a connection that stands, as a reset does.',
    scenario: 'scenarios/faults/reject-or-drop.yaml',
    expectation: 'gets no answer from backend:80 on the connections opened at 5s',
    breaks: () => withCuts((cut) => ({ ...cut, mode: cut.mode === 'reject' ? 'reset' : cut.mode })),
  },
  {
    name: 'established-connections-break',
    sentence: 'A cut stops everything, also where it is told to keep what is established.',
    scenario: 'scenarios/faults/reject-or-drop.yaml',
    expectation: 'reaches backend:80 on the connections opened at 5s',
    breaks: () => withCuts((cut) => ({ ...cut, established: 'break' })),
  },
  {
    name: 'cuts-have-no-direction',
    sentence: 'A cut with a direction stops nothing of the other one, and nothing of its own.',
    scenario: 'scenarios/faults/reject-or-drop.yaml',
    expectation: 'gets no answer from backend:80 at 1m30s',
    breaks: () =>
      replace<typeof ends.concerns>(ends, 'concerns', (concerns) => (rule, sighting) => {
        return rule.direction === 'both' && concerns(rule, sighting);
      }),
  },
  {
    name: 'a-recovery-heals-everything',
    sentence: 'The end of one cut takes back the cuts of others.',
    scenario: 'scenarios/faults/zone-partition.yaml',
    expectation: 'shop/on-a gets no answer from pod/shop/on-b:8080 at 1m10s',
    breaks: () =>
      replace<Impairments<Cut>['set']>(Impairments.prototype, 'set', (set) => {
        return function (this: Impairments<Cut>, token, rules) {
          const others = rules.length > 0 ? [] : ['step-1', 'step-2'];
          for (const other of others) set.call(this, other, []);
          return set.call(this, token, rules) || others.length > 0;
        };
      }),
  },
  {
    name: 'firewalls-look-into-tunnels',
    sentence: 'A tunnel between two nodes shows what it carries, not its own port.',
    scenario: 'scenarios/faults/zone-partition.yaml',
    expectation: 'shop/on-a gets no answer from pod/shop/on-b:8080 at 1m10s',
    breaks: () =>
      replace<typeof ends.concerns>(ends, 'concerns', (concerns) => (rule, sighting) => {
        const isTunnel = sighting.port === 8_472;
        return concerns(rule, isTunnel ? { ...sighting, protocol: 'TCP', port: 8_080 } : sighting);
      }),
  },
  {
    name: 'service-addresses-cannot-be-cut',
    sentence: 'A cut of a Service is looked for after its address was translated.',
    scenario: 'scenarios/faults/cut-service-address.yaml',
    expectation: 'is refused by backend:80',
    breaks: () =>
      replace<typeof passage.passDialled>(passage, 'passDialled', () => () => undefined),
  },
  {
    name: 'kubelets-keep-their-line',
    sentence: 'A node that is cut off still reaches the API server.',
    scenario: `${PARTITIONS}-60s.yaml`,
    expectation: 'the node is Unknown',
    breaks: () => replace<ApiPaths['refresh']>(ApiPaths.prototype, 'refresh', () => () => {}),
  },
  {
    name: 'nobody-corrects-the-node',
    sentence: 'A kubelet that is back leaves its node Unknown.',
    scenario: `${PARTITIONS}-60s.yaml`,
    expectation: 'no pod was replaced',
    breaks: () => replace<NodeStatuses['lookAt']>(NodeStatuses.prototype, 'lookAt', () => () => {}),
  },
  {
    name: 'nobody-comes-back',
    sentence: 'A client that was cut off stays so when the cut has ended.',
    scenario: `${PARTITIONS}-6min-double-run.yaml`,
    expectation: 'the old copies are gone',
    breaks: () => replace<ApiServer['mend']>(ApiServer.prototype, 'mend', () => () => {}),
  },
  {
    name: 'no-repetition',
    sentence: 'A SYN that is lost is not sent again.',
    scenario: 'scenarios/faults/loss-30-percent.yaml',
    expectation: 'shop/near reaches pod/shop/far:8080',
    breaks: () =>
      replace<Repeated>(repetition, 'repeated', (repeated) => (trace, patience) => {
        return repeated(trace, { ...patience, sends: [ZERO] });
      }),
  },
  {
    name: 'answers-are-never-lost',
    sentence: 'A bad link loses questions, and lets every answer pass.',
    scenario: 'scenarios/faults/lossy-names.yaml',
    expectation: 'resolves backend.shop.svc.cluster.local. at 10s',
    breaks: () =>
      replace<StretchOf>(impairments, 'stretchOf', (stretchOf) => (rule, leg, ...more) => {
        return stretchOf(leg === 'answer' ? { ...rule, loss: NEVER } : rule, leg, ...more);
      }),
  },
  {
    name: 'queues-hold-nobody-up',
    sentence: 'A full queue loses packets, and lets the others pass at once.',
    scenario: 'scenarios/faults/queue-on-a-full-line.yaml',
    expectation: 'a full queue takes 20 kB / 1 Mbit/s, for one packet of five',
    breaks: () =>
      replace<typeof lineQueue.queueAhead>(lineQueue, 'queueAhead', (queueAhead) => (...asked) => {
        const queue = queueAhead(...asked);
        return queue && { ...queue, wait: ZERO };
      }),
  },
  {
    name: 'loss-is-the-worst-of-two',
    sentence: 'Of two bad links only the worse one counts.',
    scenario: 'scenarios/faults/loss-30-percent.yaml',
    expectation: 'reaches pod/shop/far:8080 at 1m30s',
    breaks: () =>
      replace<typeof impairments.join>(impairments, 'join', (join) => (a, b) => {
        const isWorse = compareRatios(a.arrives, b.arrives) < 0;
        return isWorse ? join(a, harmless(b)) : join(harmless(a), b);
      }),
  },
  {
    name: 'port-53-is-spared',
    sentence: 'Rules of ports are not about DNS.',
    scenario: 'scenarios/faults/blackhole-port-53.yaml',
    expectation: 'gets no answer for backend',
    breaks: () =>
      replace<typeof ends.concerns>(ends, 'concerns', (concerns) => (rule, sighting) => {
        return sighting.port !== 53 && concerns(rule, sighting);
      }),
  },
  {
    name: 'probes-need-no-network',
    sentence: 'The kubelet reaches its pods whatever lies between.',
    scenario: 'scenarios/faults/slow-line-fails-probes.yaml',
    expectation: 'the pod with the HTTP probe is unready',
    breaks: () => replace<Network['callPod']>(Network.prototype, 'callPod', () => () => undefined),
  },
  {
    name: 'health-checks-need-no-network',
    sentence: 'A load balancer looks at the nodes through every firewall.',
    scenario: 'scenarios/faults/blocked-health-port.yaml',
    expectation: 'no node passes its health check',
    breaks: () => replace<Network['isLinkOpen']>(Network.prototype, 'isLinkOpen', () => () => true),
  },
  {
    name: 'health-checks-look-once',
    sentence: 'The cloud looks no more when the network has changed.',
    scenario: 'scenarios/faults/blocked-health-port.yaml',
    expectation: 'no node passes its health check',
    breaks: () =>
      replace<CloudTargets['nodeChanged']>(CloudTargets.prototype, 'nodeChanged', () => () => {}),
  },
  {
    name: 'the-api-server-is-near',
    sentence: 'A slow line delays nothing that the API server says.',
    scenario: 'scenarios/faults/slow-line-to-the-api-server.yaml',
    expectation: 'the far node half a second later',
    breaks: () => replace<ApiPaths['refresh']>(ApiPaths.prototype, 'refresh', () => () => {}),
  },
  {
    name: 'open-connections-reviewed-at-once',
    sentence: 'In strict mode an agent looks at open connections whenever anything changes.',
    scenario: 'scenarios/policy/policy-change-established-30s.yaml',
    expectation: 'what was open goes on until the next look',
    breaks: () => withDelays({ 'kube-network-policies.review': ZERO }),
  },
];
