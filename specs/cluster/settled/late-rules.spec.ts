// Goal: rules that proxies have in the kernel when a cluster has settled, and that nobody makes
// before somebody reads them, are the same whenever that is, and for whoever reads them first.
// Method: clusters of every mode of proxy twice, of which one has its rules read at zero; then the
// same happens to both. The other one's rules are read when it is over, on some node first.

import { expect } from 'chai';

import type { Cluster } from '../../../src/cluster/cluster';
import type { Proxies } from '../../../src/cluster/proxies';
import { backendOf } from '../../../src/node/netfilter/ruleset';
import type { Ruleset } from '../../../src/node/netfilter/ruleset';
import { OverlayMap } from '../../../src/values/overlay-map';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import { settledWith } from './settled-with';

const MANIFESTS = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: local}
spec: {internalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 53, protocol: UDP}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: example/web}]}`;

const CLUSTERS: Readonly<Record<string, string>> = {
  iptables: '',
  'iptables of the legacy back end': ', proxy: {mode: iptables, iptablesBackend: legacy}',
  nftables: ', proxy: nftables',
  ipvs: ', proxy: ipvs',
  ebpf: ', cni: cilium, proxy: ebpf',
  'two families': ', ipFamilies: [IPv4, IPv6]',
  'old processes': ', kubernetes: "1.29"',
};

const NODE = 'worker-1';

/** What happens before anybody reads rules. */
const EVENTS: Readonly<Record<string, (cluster: Cluster) => void>> = {
  nothing: () => {},
  'a pod goes, and proxies have yet to hear of it': ({ api, handles, kernel }) => {
    const [pod] = [...api.store.list('Pod')].filter((it) => it.metadata.namespace === 'default');
    handles.delete('Pod', `default/${pod!.metadata.name}`);
    const before = api.store.revisionOf('EndpointSlice');
    while (api.store.revisionOf('EndpointSlice') === before) {
      kernel.runUntil((kernel.now + 10) as Instant);
    }
  },
  'a Service comes': ({ handles, kernel }) => {
    handles.apply([
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'new', namespace: 'default' },
        spec: { selector: { app: 'web' }, ports: [{ port: 1 }] },
      },
    ]);
    kernel.runUntil(seconds(30) as number as Instant);
  },
  'the proxy of a node ends': (cluster) => stop(cluster),
  'the proxy of a node ends, and starts anew': (cluster) => {
    stop(cluster);
    proxiesOf(cluster).start(NODE);
    cluster.kernel.runUntil(seconds(10) as number as Instant);
  },
  'rules are flushed': (cluster) => proxiesOf(cluster).flushRules(NODE),
  'the proxy gets another back end': (cluster) => proxiesOf(cluster).changeBackend(NODE, 'legacy'),
  'a node loses its power': ({ handles, kernel }) => {
    handles.powerOff(NODE);
    kernel.runUntil(seconds(2) as number as Instant);
  },
};

function proxiesOf(cluster: Cluster): Proxies {
  return (cluster as unknown as { readonly proxies: Proxies }).proxies;
}

function stop(cluster: Cluster): void {
  proxiesOf(cluster).stop(NODE);
}

function textOf(rules: Iterable<readonly [string, Ruleset]>): string {
  return JSON.stringify([...rules], (_key, value: unknown) => {
    if (value instanceof Set || value instanceof Map || value instanceof OverlayMap) {
      return [...(value as Iterable<unknown>)];
    }
    return typeof value === 'bigint' ? String(value) : value;
  });
}

/** All rules of proxies, node by node from the last one on, and what the journal says. */
function stateOf({ machines, kernel }: Cluster): readonly string[] {
  const rules = [...machines.values()].reverse().map((machine) => {
    const { hookedBackends } = machine;
    return [textOf(machine.proxyRules), textOf(machine.leftRules), ...hookedBackends].join(' ');
  });
  return [...rules, ...kernel.journal.all().map((entry) => JSON.stringify(entry))];
}

describe('the rules of a settled cluster', function () {
  this.timeout(60_000);

  for (const [name, more] of Object.entries(CLUSTERS)) {
    for (const [event, act] of Object.entries(EVENTS)) {
      it(`are the same whenever somebody reads them: ${name}, ${event}`, () => {
        const [read, unread] = [settledWith(MANIFESTS, more), settledWith(MANIFESTS, more)];
        for (const machine of read.machines.values()) textOf(machine.proxyRules);
        for (const cluster of [read, unread]) act(cluster);
        expect(stateOf(unread)).to.deep.equal(stateOf(read));
      });
    }
  }

  it('are one object for all nodes and all forks, whoever reads them first', () => {
    const origin = settledWith(MANIFESTS.replace('internalTrafficPolicy: Local, ', ''));
    const fork = origin.fork();
    const [first] = [...fork.machines.values()].map((it) => it.proxyRules.get('IPv4'));
    expect(first!.tables.size).to.be.greaterThan(0);
    for (const cluster of [fork, origin, origin.fork()]) {
      const all = [...cluster.machines.values()].map((it) => it.proxyRules.get('IPv4'));
      expect(new Set(all)).to.deep.equal(new Set([first]));
      expect([...new Set(all)][0]).to.equal(first);
    }
  });

  for (const backend of ['nft', 'legacy'] as const) {
    it(`stand in the back end that their proxies write to: ${backend}`, () => {
      const more = `, proxy: {mode: iptables, iptablesBackend: ${backend}}`;
      for (const machine of settledWith(MANIFESTS, more).machines.values()) {
        expect(machine.hookedBackends).to.deep.equal([backend]);
        expect(backendOf(machine.proxyRules.get('IPv4')!)).to.equal(backend);
      }
    });
  }

  it('are not made while nobody reads any', () => {
    const { machines } = settledWith(MANIFESTS);
    for (const machine of machines.values()) expect(machine['made']).to.equal(undefined);
    const [machine] = machines.values();
    expect(machine!.proxyRules.size).to.equal(1);
    expect(machine!['made']!.proxyRules.size).to.equal(1);
  });
});
