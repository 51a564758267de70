// What can be wrong about views that are stale, work that is slow, and clocks that differ.

import { Connections } from '../../src/apiserver/connections';
import { SegmentLosses } from '../../src/apiserver/segment-losses';
import { Informer } from '../../src/apiserver/informer';
import type { Informer as View } from '../../src/apiserver/informer';
import { Staleness } from '../../src/apiserver/staleness';
import type { ControllerDefinition, ControllerLogic } from '../../src/controllers/define';
import { nodeLifecycle } from '../../src/controllers/nodes/node-lifecycle';
import { SliceTracker } from '../../src/controllers/endpointslices/slice-tracker';
import type { KubeObject } from '../../src/values/kube-object';
import * as exchange from '../../src/network/exchange';
import * as impairments from '../../src/network/impairments';
import { Network } from '../../src/network/network';
import * as repetition from '../../src/network/repetition';
import * as transmission from '../../src/network/transmission';
import { Prober } from '../../src/node/kubelet/prober';
import { PodSandbox } from '../../src/node/pod-sandbox';
import { PolicyAgents } from '../../src/node/policy/policy-agents';
import { Clocks } from '../../src/timers/clocks';
import { Slowdowns } from '../../src/timers/slowdowns';
import { NEVER } from '../../src/values/ratio';
import { seconds, ZERO } from '../../src/values/time';
import type { Duration, Instant } from '../../src/values/time';
import type { Mutant } from './mutants';
import { replace } from './replace';

/** A lease this much older than its observation is what nobody upstream looks at. */
const GRACE = 50_000_000;

type Passing = typeof impairments.stretchOf;

export const LATENESS_MUTANTS: readonly Mutant[] = [
  {
    name: 'watches-never-late',
    sentence: 'Whoever holds up the watches of a component, it hears of changes in time.',
    scenario: 'scenarios/faults/stale-kube-proxy.yaml',
    expectation: 'has no way to 10.96.0.20:80 at 22s',
    breaks: () => replace<Staleness['lagOf']>(Staleness.prototype, 'lagOf', () => () => ZERO),
  },
  {
    name: 'held-up-for-good',
    sentence: 'What was held up comes at its own time, though nobody holds it any more.',
    scenario: 'scenarios/faults/stale-kube-proxy.yaml',
    expectation: 'what was held up comes when the fault ends',
    breaks: () =>
      replace<(informer: View, from: number) => void>(
        Staleness.prototype,
        'catchUp',
        () => () => {},
      ),
  },
  {
    name: 'agents-never-late',
    sentence: 'Agents of policies hear of everything in time.',
    scenario: 'scenarios/faults/stale-policy-agent.yaml',
    expectation: 'the late agent lets pass what is forbidden',
    breaks: () => replace<() => Duration>(PolicyAgents.prototype, 'latenessOf', () => () => ZERO),
  },
  {
    name: 'nothing-missed',
    sentence: 'A watch tells every change.',
    scenario: 'scenarios/faults/missed-deletion.yaml',
    expectation: 'this node has, without endpoints',
    breaks: () =>
      replace<Staleness['passesBy']>(Staleness.prototype, 'passesBy', () => () => false),
  },
  {
    name: 'lists-tell-changes',
    sentence: 'A list does not show what the watch has left out.',
    scenario: 'scenarios/faults/missed-deletion.yaml',
    expectation: 'a list tells',
    breaks: () => replace<() => void>(Informer.prototype, 'closeGaps', () => () => {}),
  },
  {
    name: 'own-writes-forgotten',
    sentence: 'The slice controller reckons with slices that are older than its own last write.',
    scenario: 'scenarios/faults/stale-slices-retry.yaml',
    expectation: 'it finds that its own view is older than its last write',
    breaks: () =>
      replace<SliceTracker['isStale']>(SliceTracker.prototype, 'isStale', () => () => false),
  },
  {
    name: 'lists-are-fresh',
    sentence: 'A new process lists the present, however far behind its API server is.',
    scenario: 'scenarios/faults/rewound-kube-proxy.yaml',
    expectation: 'the new process brings the dead pod back',
    breaks: () =>
      replace<Staleness['firstList']>(Staleness.prototype, 'firstList', () => {
        return function (this: Staleness) {
          const { ground } = this as unknown as { ground: { store: { revision: number } } };
          return ground.store.revision;
        };
      }),
  },
  {
    name: 'past-for-good',
    sentence: 'What came after an old list is never delivered.',
    scenario: 'scenarios/faults/rewound-kube-proxy.yaml',
    expectation: 'until it has heard everything again',
    breaks: () =>
      replace<(informer: View, from: number) => void>(
        Staleness.prototype,
        'catchUp',
        () => () => {},
      ),
  },
  {
    name: 'unbreakable-watches',
    sentence: 'A watch that breaks goes on.',
    scenario: 'scenarios/faults/relist-storm.yaml',
    expectation: 'nobody hears of anything before it has listed',
    breaks: () =>
      replace<Connections['endWatches']>(Connections.prototype, 'endWatches', () => () => true),
  },
  {
    name: 'always-fast',
    sentence: 'Nobody is ever slowed down.',
    scenario: 'scenarios/faults/slow-proxy-sync.yaml',
    expectation: 'the slow node',
    breaks: () =>
      replace<Slowdowns['applied']>(Slowdowns.prototype, 'applied', () => (_, _actor, delay) => {
        return delay;
      }),
  },
  {
    name: 'patient-probes',
    sentence: 'A probe waits for its answer as long as that takes.',
    scenario: 'scenarios/faults/slow-node-fails-probes.yaml',
    expectation: 'three probes in a row find nobody',
    breaks: () =>
      replace<PodSandbox['probeDelay']>(PodSandbox.prototype, 'probeDelay', () => () => ZERO),
  },
  {
    name: 'lossless-api',
    sentence: 'A line that loses packets loses none of the API server.',
    scenario: 'scenarios/faults/lossy-line-to-the-api-server.yaml',
    expectation: 'asks anew when its pings come to nothing',
    breaks: () =>
      replace<SegmentLosses['wait']>(SegmentLosses.prototype, 'wait', () => (_, way, lag) => {
        return lag[way];
      }),
  },
  {
    name: 'lucky-probes',
    sentence: 'A line that loses packets loses none of a probe.',
    scenario: 'scenarios/faults/lossy-line-fails-probes.yaml',
    expectation: 'fails twice in a row',
    breaks: () =>
      replace<typeof exchange.callOver>(exchange, 'callOver', () => (stretch, answered) => {
        return { answered, roundTrip: stretch.delay };
      }),
  },
  {
    name: 'lucky-health-checks',
    sentence: 'A line that loses packets loses none of a health check.',
    scenario: 'scenarios/faults/lossy-health-checks.yaml',
    expectation: 'no node passes its health check',
    breaks: () =>
      replace<Network['callOverLink']>(Network.prototype, 'callOverLink', () => () => {
        return { answered: true, roundTrip: ZERO };
      }),
  },
  {
    name: 'probes-without-repetition',
    sentence: 'A probe sends one SYN, however long it waits.',
    scenario: 'scenarios/faults/lossy-line-fails-probes.yaml',
    expectation: 'the probe with five SYNs',
    breaks: () =>
      replace<typeof repetition.handshake>(repetition, 'handshake', () => (gaveUp) => {
        return { sends: [ZERO], gaveUp };
      }),
  },
  {
    name: 'exec-calls-a-port',
    sentence: 'An exec probe needs the network.',
    scenario: 'scenarios/faults/lossy-line-fails-probes.yaml',
    expectation: 'the probe that needs no network',
    breaks: () =>
      replace(Prober.prototype, 'oddsOf', (oddsOf: (...args: readonly unknown[]) => unknown) => {
        return function (this: Prober, ...[container, probe, lateness]) {
          const handler = { tcpSocket: { port: 8_080 } };
          return oddsOf.call(this, container, { ...(probe as object), handler }, lateness);
        };
      }),
  },
  {
    name: 'doubled-in-vain',
    sentence: 'What is doubled and lost is lost.',
    scenario: 'scenarios/faults/doubled-and-overtaking.yaml',
    expectation: 'lost is what is lost and not doubled',
    breaks: () =>
      replace<Passing>(impairments, 'stretchOf', (stretchOf) => (rule, ...rest) => {
        return stretchOf({ ...rule, duplicate: NEVER }, ...rest);
      }),
  },
  {
    name: 'nobody-overtakes',
    sentence: 'Every packet waits for the delay of its line.',
    scenario: 'scenarios/faults/doubled-and-overtaking.yaml',
    expectation: 'one of them overtakes',
    breaks: () =>
      replace<Passing>(impairments, 'stretchOf', (stretchOf) => (rule, ...rest) => {
        return stretchOf({ ...rule, reorder: NEVER }, ...rest);
      }),
  },
  {
    name: 'rates-side-by-side',
    sentence: 'Of two rates on one way the higher one counts.',
    scenario: 'scenarios/faults/doubled-and-overtaking.yaml',
    expectation: 'the least rate counts',
    breaks: () =>
      replace<typeof transmission.withTransmission>(
        transmission,
        'withTransmission',
        (withTransmission) => (trace, frames) => {
          const { stretch } = trace;
          const lines = stretch?.lines?.map((line) => {
            return line.rate === undefined ? line : { ...line, rate: 64_000 };
          });
          const same = stretch && { ...stretch, ...(lines && { lines }) };
          return withTransmission({ ...trace, ...(same && { stretch: same }) }, frames);
        },
      ),
  },
  {
    name: 'answers-at-once',
    sentence: 'A process that is slow answers at once.',
    scenario: 'scenarios/dns/slow-servers.yaml',
    expectation: 'resolves backend at 20s',
    breaks: () =>
      replace<(delay: Duration) => impairments.Stretch>(impairments, 'workOf', () => () => {
        return impairments.PERFECT;
      }),
  },
  {
    name: 'lease-by-its-text',
    sentence: 'A lease is judged by the time that is written in it.',
    scenario: 'scenarios/faults/skewed-node-stays-ready.yaml',
    expectation: 'nobody calls the node silent',
    breaks: () =>
      replace<ControllerDefinition['create']>(nodeLifecycle, 'create', (create) => (place) => {
        const logic = create(place);
        replace<(node: KubeObject) => Instant | undefined>(logic, 'silentAt', (silentAt) => {
          return function (this: object, node) {
            const { now } = place.kernel;
            const written = place.timing.clocks.reading(`kubelet@${node.metadata.name}`, now);
            return now - written > GRACE ? now : silentAt.call(this, node);
          };
        });
        // Whoever judges by what is written has to read it again and again.
        replace<ControllerLogic['reconcile']>(logic, 'reconcile', (reconcile) => {
          return function (this: object, key, pass) {
            reconcile.call(this as ControllerLogic, key, pass);
            pass.requeueAfter(seconds(5), '');
          };
        });
        return logic;
      }),
  },
  {
    name: 'one-clock-for-all',
    sentence: 'Every host reads the same time.',
    scenario: 'scenarios/faults/skewed-node-stays-ready.yaml',
    expectation: 'its pod counts as available as soon as it is ready',
    breaks: () => replace<Clocks['reading']>(Clocks.prototype, 'reading', () => (_, now) => now),
  },
];
