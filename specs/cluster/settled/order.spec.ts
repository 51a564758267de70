// Goal: a settled start hands out nodes, addresses and phases in the order in which a cold boot
// would come to them: of manifests, of kinds, of pods one after the other.

import { expect } from 'chai';

import { isPodReady } from '../../../src/apiserver/kinds/pod';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { Version } from '../../../src/apiserver/store';
import type { Cut } from '../../../src/network/index';
import { sortedBy } from '../../../src/values/order';
import type { Instant } from '../../../src/values/time';
import { podNamed, settledWith, workloadOf } from './settled-with';

/** A cut that concerns nobody here. */
const ELSEWHERE: Cut = {
  token: 'spec',
  from: { is: 'hosts', hosts: new Set(['elsewhere']) },
  to: { is: 'hosts', hosts: new Set(['nowhere']) },
  direction: 'both',
  mode: 'drop',
  established: 'break',
};

describe('the order of a settled start', () => {
  it('gives out addresses in the order in which pods are bound, however they come up', () => {
    const main = '{name: main, image: example/web}';
    const given = 'nodeName: worker-1, ';
    const initialised = 'initContainers: [{name: first, image: example/init}], ';
    const pods = [
      podNamed('c'),
      podNamed('a', main, given + initialised),
      podNamed('d', main, initialised),
      podNamed('b', main, given),
      podNamed('e'),
    ];
    const { api } = settledWith(pods.join('---\n'), '', 1);
    const addresses = ['a', 'b', 'c', 'd', 'e'].map(
      (name) => (api.store.get('Pod', `default/${name}`) as Pod).status!.podIP,
    );
    expect(addresses).to.deep.equal([...addresses].sort());
  });

  it('binds no pod of a workload before one that was there earlier', () => {
    for (const [kind, fields] of [
      ['DaemonSet', ''],
      ['StatefulSet', 'serviceName: row, replicas: 2'],
      ['ReplicaSet', 'replicas: 2'],
    ] as const) {
      const workload = workloadOf(kind, fields, 'imagePullPolicy: Always');
      const { api } = settledWith(`${workload}\n---\n${podNamed('given')}`, '', 1);
      const pods = [...api.store.list('Pod')].filter(
        ({ metadata }) => metadata.namespace === 'default',
      );
      const addressed = sortedBy(pods, (pod) => (pod as Pod).status!.podIP!);
      expect(addressed[0]!.metadata.name, kind).to.equal('given');
    }
  });

  it('draws for pods in the order in which they are bound, also on the network of the host', () => {
    const probe = 'readinessProbe: {exec: {command: [ls]}, failureThreshold: 1}';
    const main = `{name: main, image: example/web, ${probe}}`;
    const given = [podNamed('host', main, 'hostNetwork: true, '), podNamed('own', main)];
    const [first, second] = [given, given.toReversed()].map((pods) => {
      const { kernel, handles } = settledWith(pods.join('---\n'), '', 1);
      // Whatever moves in the network, all probes are looked at anew: their phases are drawn.
      handles.cut('spec', [ELSEWHERE]);
      for (const name of ['host', 'own'])
        handles.failPod(`default/${name}`, 'spec', { probes: ['readiness'] });
      kernel.runUntil(30_000_000 as Instant);
      const marked = kernel.journal
        .all()
        .filter(({ at, action }) => at >= 0 && action === 'marked')
        .map(({ at, subject }) => [subject, at] as const);
      return new Map(marked);
    });
    expect(first!.size).to.equal(2);
    expect(first!.get('Pod/default/host')).to.equal(second!.get('Pod/default/own'));
    expect(first!.get('Pod/default/own')).to.equal(second!.get('Pod/default/host'));
  });

  it('gives addresses in the order of the manifests, whatever kinds come in turn', () => {
    const workload = (kind: string, name: string): string => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: example/web}]}
`;
    const daemons = ['one', 'six'].map((name) => workload('DaemonSet', name));
    const { api } = settledWith(daemons.join(`---\n${workload('ReplicaSet', 'two')}---\n`));
    const apps = [...api.store.list('Pod')].map(({ metadata }) => metadata.labels?.['app']);
    const own = apps.filter((app) => app !== undefined);
    expect(own).to.deep.equal(['one', 'one', 'two', 'six', 'six']);
  });

  it('lets the pods of a StatefulSet come one after the other', () => {
    const { api } = settledWith(`apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 3
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: example/web}]}
`);
    const revisionsOf = (index: number): readonly Version[] =>
      api.store.changes('Pod', 0).filter(({ key }) => key === `default/web-${index}`);
    const created = (index: number): number => revisionsOf(index)[0]!.revision;
    const marked = (index: number): number =>
      revisionsOf(index).find(({ object }) => isPodReady(object as Pod))!.revision;
    for (const index of [1, 2]) {
      expect(marked(index - 1)).to.be.greaterThan(created(index - 1));
      expect(created(index)).to.be.greaterThan(marked(index - 1));
    }
  });
});
