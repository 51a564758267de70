// What can be wrong about things that answer wrongly, and about who reacts to that.

import { ApiServer } from '../../src/apiserver/api-server';
import { RequestFailures } from '../../src/apiserver/request-failures';
import { ImagePulls } from '../../src/node/kubelet/image-pulls';
import { NodeFaults } from '../../src/node/kubelet/node-faults';
import * as pods from '../../src/node/kubelet/pod-failures';
import { PodSandbox } from '../../src/node/pod-sandbox';
import { PodLifecycle } from '../../src/node/kubelet/pod-lifecycle';
import { workersOn } from '../../src/node/kubelet/resting-pods';
import { KubeProxy } from '../../src/node/proxy/kube-proxy';
import { DnsFailures } from '../../src/workloads/dns-failures';
import type { Met } from '../../src/workloads/dns-failures';
import type { Mutant } from './mutants';
import { replace } from './replace';

export const FAILING_MUTANTS: readonly Mutant[] = [
  {
    name: 'wrong-answers-for-every-name',
    sentence: 'A DNS server that fails for some names fails for all.',
    scenario: 'scenarios/faults/dns-fails-by-name.yaml',
    expectation: 'resolves kubernetes.default to 10.96.0.1',
    breaks: () =>
      replace<DnsFailures['fail']>(DnsFailures.prototype, 'fail', (fail) => {
        return function (this: DnsFailures, token, servers, failure) {
          return fail.call(this, token, servers, { ...failure, names: [] });
        };
      }),
  },
  {
    name: 'odds-are-certain',
    sentence: 'What fails at random fails always.',
    scenario: 'scenarios/faults/dns-fails-by-name.yaml',
    expectation: 'resolves backend.shop.svc.cluster.local. to 10.96.0.20 at 30s',
    breaks: () =>
      replace<DnsFailures['fail']>(DnsFailures.prototype, 'fail', (fail) => {
        return function (this: DnsFailures, token, servers, failure) {
          const odds = { numerator: 1, denominator: 1 };
          return fail.call(this, token, servers, { ...failure, odds });
        };
      }),
  },
  {
    name: 'patterns-stand-still',
    sentence: 'Of a pattern every question of a lookup gets the same.',
    scenario: 'scenarios/faults/dns-fails-in-a-pattern.yaml',
    expectation: 'resolves backend.shop.svc.cluster.local. to 10.96.0.20 at 11s',
    breaks: () =>
      replace<DnsFailures['answer']>(DnsFailures.prototype, 'answer', (answer) => {
        return function (this: DnsFailures, server, stage, met, truth) {
          const still: Met = { ...met, counted: new Map() };
          return answer.call(this, server, stage, still, truth);
        };
      }),
  },
  {
    name: 'lookups-move-no-pattern',
    sentence: 'A lookup that is really made does not move a pattern on.',
    scenario: 'scenarios/faults/dns-fails-in-a-pattern.yaml',
    expectation: 'resolves backend.shop.svc.cluster.local. to 10.96.0.20 at 23s',
    breaks: () => replace<DnsFailures['made']>(DnsFailures.prototype, 'made', () => () => {}),
  },
  {
    name: 'wrong-answers-are-never-kept',
    sentence: 'What is made behind a cache passes it by.',
    scenario: 'scenarios/faults/dns-fails-in-a-pattern.yaml',
    expectation: 'gets SERVFAIL for www.example.com. at 44s',
    breaks: () =>
      replace<DnsFailures['fail']>(DnsFailures.prototype, 'fail', (fail) => {
        return function (this: DnsFailures, token, servers, failure) {
          return fail.call(this, token, servers, { ...failure, behindCache: false });
        };
      }),
  },
  {
    name: 'probes-go-on-succeeding',
    sentence: 'A probe that a fault fails succeeds.',
    scenario: 'scenarios/faults/failing-pods.yaml',
    expectation: 'three readiness probes in a row have failed',
    breaks: () => replace<typeof pods.failsProbe>(pods, 'failsProbe', () => () => false),
  },
  {
    name: 'a-503-is-as-good-as-200',
    sentence: 'A probe takes every answer over HTTP for a success.',
    scenario: 'scenarios/faults/failing-pods.yaml',
    expectation: 'a 503 fails the HTTP probe',
    breaks: () => replace<typeof pods.httpStatusOf>(pods, 'httpStatusOf', () => () => undefined),
  },
  {
    name: 'not-ready-needs-a-probe',
    sentence: 'A pod without a readiness probe is always ready.',
    scenario: 'scenarios/faults/failing-pods.yaml',
    expectation: 'what says no is out of service',
    breaks: () => replace<typeof pods.isHeldUnready>(pods, 'isHeldUnready', () => () => false),
  },
  {
    name: 'closed-ports-answer',
    sentence: 'A listener that is closed goes on to answer.',
    scenario: 'scenarios/faults/failing-pods.yaml',
    expectation: 'a closed port refuses',
    breaks: () => replace(PodSandbox.prototype, 'refuses', () => () => false),
  },
  {
    name: 'not-ready-is-silent',
    sentence: 'A kubelet that says that its node is not ready renews no lease.',
    scenario: 'scenarios/faults/node-notready-but-lease-ok.yaml',
    expectation: 'it is tainted at a pass of the node life-cycle controller',
    breaks: () =>
      replace<NodeFaults['fail']>(NodeFaults.prototype, 'fail', (fail) => {
        return function (this: NodeFaults, node, what, token) {
          fail.call(this, node, what, token);
          const leases = this['parts'].nodeStatuses['leases'];
          leases.interrupt(this['agent'](node));
        };
      }),
  },
  {
    name: 'not-ready-nodes-serve-nobody',
    sentence: 'The pods of a node that says that it is not ready are not ready either.',
    scenario: 'scenarios/faults/node-notready-but-lease-ok.yaml',
    expectation: 'its pods are ready endpoints all the while',
    breaks: () =>
      replace<NodeFaults['fail']>(NodeFaults.prototype, 'fail', (fail) => {
        return function (this: NodeFaults, node, what, token) {
          fail.call(this, node, what, token);
          const { statuses } = this['parts'].lifecycle['parts'];
          const { state } = this['ground'];
          for (const worker of workersOn(state, this['agent'](node))) {
            state.podFailures.set(worker.key, token, { unready: true });
            statuses.syncSoon(worker);
          }
        };
      }),
  },
  {
    name: 'sandboxes-are-always-made',
    sentence: 'A sandbox is made though the network plug-in has failed.',
    scenario: 'scenarios/faults/sandbox-cannot-be-made.yaml',
    expectation: 'the fourth backend has no address',
    breaks: () =>
      replace<PodLifecycle['attach']>(PodLifecycle.prototype, 'attach', () => {
        return function (this: PodLifecycle, { node }, key) {
          return this['ground'].network.attachPod(node, key);
        };
      }),
  },
  {
    name: 'images-are-never-there',
    sentence: 'Every start asks the registry for the image.',
    scenario: 'scenarios/faults/image-cannot-be-pulled.yaml',
    expectation: 'the image of the backend is there',
    breaks: () =>
      replace<ImagePulls['hasImage']>(ImagePulls.prototype, 'hasImage', (hasImage) => {
        return function (this: ImagePulls, container) {
          container.worker.agent.images.clear();
          return hasImage.call(this, container);
        };
      }),
  },
  {
    name: 'pulls-have-no-back-off',
    sentence: 'An image is pulled again at every look at the pod.',
    scenario: 'scenarios/faults/image-cannot-be-pulled.yaml',
    expectation: 'a look before the third pull',
    breaks: () =>
      replace<ImagePulls['hasImage']>(ImagePulls.prototype, 'hasImage', (hasImage) => {
        return function (this: ImagePulls, container) {
          container.worker.pulls = undefined;
          return hasImage.call(this, container);
        };
      }),
  },
  {
    name: 'rules-always-load',
    sentence: 'The tool that loads the rules never fails.',
    scenario: 'scenarios/faults/partial-restore-fails-then-30s.yaml',
    expectation: 'the old rules lead to pods that are gone',
    breaks: () =>
      replace<KubeProxy['failRestores']>(KubeProxy.prototype, 'failRestores', () => () => {}),
  },
  {
    name: 'mended-tools-are-noticed',
    sentence: 'kube-proxy syncs as soon as its tool works again.',
    scenario: 'scenarios/faults/partial-restore-fails-then-30s.yaml',
    expectation: 'all rules are written 30 s after the failure',
    breaks: () =>
      replace<KubeProxy['mendRestores']>(KubeProxy.prototype, 'mendRestores', (mend) => {
        return function (this: KubeProxy, token) {
          mend.call(this, token);
          this.stop();
          this.start();
        };
      }),
  },
  {
    name: 'the-api-server-takes-everything',
    sentence: 'The API server never refuses what is all right.',
    scenario: 'scenarios/faults/api-server-refuses.yaml',
    expectation: 'the slice still has the pods that are gone',
    breaks: () =>
      replace<RequestFailures['strike']>(RequestFailures.prototype, 'strike', () => {
        return () => undefined;
      }),
  },
  {
    name: 'put-off-is-refused',
    sentence: 'Nobody asks again after a 429.',
    scenario: 'scenarios/faults/api-server-refuses.yaml',
    expectation: 'gets through a second after a try that was put off',
    breaks: () =>
      replace<ApiServer['submit']>(ApiServer.prototype, 'submit', (submit) => {
        return function (this: ApiServer, request) {
          submit.call(this, { ...request, retries: 10 });
        };
      }),
  },
];
