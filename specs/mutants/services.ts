// What can be wrong about the known faults of kube-proxy: each of them has a scenario, and a model
// that is better than the real one is as wrong as one that is worse. services.md §21.

import { Memberlist } from '../../src/cluster/load-balancing/memberlist';
import { MetalLbSpeakers } from '../../src/cluster/load-balancing/metallb-speakers';
import * as netfilterWalk from '../../src/network/netfilter-walk';
import * as outOfWindow from '../../src/network/out-of-window';
import { Machine } from '../../src/node/machine';
import * as layers from '../../src/node/netfilter/layers';
import { backendOf } from '../../src/node/netfilter/ruleset';
import { ContainerRuntime } from '../../src/node/kubelet/container-runtime';
import * as cleanup from '../../src/node/proxy/conntrack-cleanup';
import * as categories from '../../src/node/proxy/categorize-endpoints';
import * as health from '../../src/node/proxy/health-check';
import { iptables as iptablesMode } from '../../src/node/proxy/iptables';
import * as iptables from '../../src/node/proxy/iptables-service';
import * as serviceMap from '../../src/node/proxy/service-map';
import type { ProxyMode } from '../../src/node/proxy/proxy-mode';
import type { Chain } from '../../src/node/netfilter/ruleset';
import type { KubeObject } from '../../src/values/kube-object';
import type { KubeVersion } from '../../src/values/kube-version';
import type { Mutant } from './mutants';
import { replace } from './replace';

export const SERVICE_MUTANTS: readonly Mutant[] = [
  {
    name: 'host-network-pods-see-a-node',
    sentence: 'What ends on the node that was asked passes POSTROUTING and loses its source.',
    scenario: 'scenarios/services/host-network-endpoint.yaml',
    expectation: 'external reaches node/worker-1:30080 on shop/agent',
    breaks: () =>
      replace<typeof netfilterWalk.confirm>(
        netfilterWalk,
        'confirm',
        (confirm) => (walk, flight, machine) => {
          const { tuple } = flight.packet;
          const isNew = flight.track!.hit === undefined && flight.track!.state === 'NEW';
          if (isNew && machine.isLocal(tuple.dst)) {
            flight.retuple({ ...tuple, src: machine.addresses[0]! });
          }
          confirm(walk, flight, machine);
        },
      ),
  },
  {
    name: 'invalid-packets-are-forwarded',
    sentence: 'KUBE-FORWARD has no rule that drops what conntrack calls INVALID.',
    scenario: 'scenarios/services/invalid-segment.yaml',
    expectation: 'the rule drops it',
    breaks: () =>
      replace<ProxyMode['compile']>(iptablesMode, 'compile', (compile) => (input, node) => {
        return compile(input, { ...node, tcpBeLiberal: true });
      }),
  },
  {
    name: 'invalid-packets-are-translated',
    sentence: 'conntrack translates a segment back though it lies out of the TCP window.',
    scenario: 'scenarios/services/invalid-segment.yaml',
    expectation: 'nftables drops it no more',
    breaks: () =>
      replace<typeof outOfWindow.isOutOfWindow>(outOfWindow, 'isOutOfWindow', () => () => false),
  },
  {
    name: 'ipvs-asks-conntrack',
    sentence: 'IPVS translates back only what conntrack knows.',
    scenario: 'scenarios/services/invalid-segment.yaml',
    expectation: 'IPVS translates it by its own connection',
    breaks: () =>
      replace<typeof outOfWindow.restoreByIpvs>(outOfWindow, 'restoreByIpvs', () => () => {}),
  },
  {
    name: 'clients-are-always-in-window',
    sentence: 'Conntrack looks at the window of what servers send alone.',
    scenario: 'scenarios/services/invalid-segment.yaml',
    expectation: 'of the client, to a node port',
    breaks: () =>
      replace<typeof outOfWindow.isOutOfWindow>(
        outOfWindow,
        'isOutOfWindow',
        (isOut) => (machine, packet) => packet.tuple.dport !== 30_080 && isOut(machine, packet),
      ),
  },
  {
    name: 'one-owner-of-masquerading',
    sentence:
      'What the network plug-in does not masquerade, kube-proxy does not masquerade either.',
    scenario: 'scenarios/services/double-masquerade.yaml',
    expectation: 'kube-proxy alone',
    breaks: () =>
      replace<typeof netfilterWalk.translateSource>(
        netfilterWalk,
        'translateSource',
        (translate) => (walk, flight, machine, devices) => {
          const { src, dst } = flight.packet.tuple;
          if ([src, dst].every((it) => it.startsWith('10.244.')))
            flight.packet = { ...flight.packet, mark: 0 };
          return translate(walk, flight, machine, devices);
        },
      ),
  },
  {
    name: 'new-image-sweeps',
    sentence: 'A kube-proxy with another iptables removes what the one before has written.',
    scenario: 'scenarios/services/two-iptables.yaml',
    expectation: 'what kube-proxy refuses, the rules that are left send to pods of before',
    breaks: () =>
      replace<Machine['changeProxyBackend']>(
        Machine.prototype,
        'changeProxyBackend',
        (change) =>
          function (this: Machine, backend) {
            change.call(this, backend);
            this.leftRules.clear();
          },
      ),
  },
  {
    name: 'first-hook-first',
    sentence: 'Of two back ends of iptables the kernel asks first the one that came first.',
    scenario: 'scenarios/services/two-iptables.yaml',
    expectation: "the new image's rules are asked first",
    breaks: () =>
      replace<typeof layers.layersAt>(layers, 'layersAt', (layersAt) => (rulesets, ...place) => {
        const isBoth = new Set(rulesets.map(backendOf)).size > 1;
        return layersAt(isBoth ? [...rulesets].reverse() : rulesets, ...place);
      }),
  },
  {
    name: 'one-iptables',
    sentence: 'The kernel asks one back end of iptables alone, that of the kube-proxy that runs.',
    scenario: 'scenarios/services/two-iptables.yaml',
    expectation: 'every new connection goes to a pod that is gone',
    breaks: () =>
      replace<Machine['rulesets']>(
        Machine.prototype,
        'rulesets',
        (rulesets) =>
          function (this: Machine, family) {
            const left = this.leftRules.get(family);
            return rulesets.call(this, family).filter((ruleset) => ruleset !== left);
          },
      ),
  },
  {
    name: 'hooks-are-not-waited-for',
    sentence: 'A process gets its SIGTERM though its preStop hook still runs.',
    scenario: 'scenarios/services/rolling-update.yaml',
    expectation: 'shop/frontend always reaches patient:80',
    breaks: () =>
      replace<ContainerRuntime['stop']>(ContainerRuntime.prototype, 'stop', () => {
        return function (this: ContainerRuntime, container) {
          this.terminate(container);
        };
      }),
  },
  {
    name: 'speakers-without-pods-announce',
    sentence: 'A speaker of MetalLB announces a Local Service though its node has no pod of it.',
    scenario: 'scenarios/services/metallb-local.yaml',
    expectation: 'external goes to 192.168.1.240:80 by MetalLB (layer 2), worker-1',
    breaks: () =>
      replace<MetalLbSpeakers['choose']>(MetalLbSpeakers.prototype, 'choose', (choose) => {
        return function (this: MetalLbSpeakers, edge, address) {
          const { service } = edge;
          const spec = { ...service.spec, externalTrafficPolicy: 'Cluster' as const };
          return choose.call(this, { ...edge, service: { ...service, spec } }, address);
        };
      }),
  },
  {
    name: 'speakers-hear-through-cuts',
    sentence: 'The speakers of MetalLB hear each other through every cut.',
    scenario: 'scenarios/faults/metallb-split-brain.yaml',
    expectation: 'the other side announces the address as well',
    breaks: () =>
      replace<Memberlist['networkChanged']>(Memberlist.prototype, 'networkChanged', () => () => {}),
  },
  {
    name: 'speakers-never-call-again',
    sentence: 'A speaker that has lost sight of another one never calls on it again.',
    scenario: 'scenarios/faults/metallb-split-brain.yaml',
    expectation: 'after the cut one of them gives up within a minute',
    breaks: () => replace(Memberlist.prototype, 'join', () => () => {}),
  },
  {
    name: 'udp-entries-of-dead-services-removed',
    sentence: 'The UDP entries of a Service that has lost its last endpoint are removed.',
    scenario: 'scenarios/services/udp-black-hole.yaml',
    expectation: 'gets no answer from 10.96.0.50:8125/udp',
    breaks: () =>
      replace<typeof cleanup.staleEntries>(cleanup, 'staleEntries', (stale) => (entries, sync) => {
        return stale(entries, { ...sync, kubernetes: '1.31' as KubeVersion });
      }),
  },
  {
    name: 'terminating-pods-do-not-serve',
    sentence: 'Terminating endpoints are not fallen back to where none is ready.',
    scenario: 'scenarios/services/terminating-endpoints.yaml',
    expectation: 'shop/frontend always reaches backend:80',
    breaks: () =>
      replace<typeof categories.categorizeEndpoints>(
        categories,
        'categorizeEndpoints',
        (categorize) => (endpoints, service, node) => {
          return categorize(endpoints, service, { ...node, kubernetes: '1.25' });
        },
      ),
  },
  {
    name: 'health-checks-count-the-terminating',
    sentence: 'The health check port of a Service counts endpoints that are not ready.',
    scenario: 'scenarios/services/draining-by-health-check.yaml',
    expectation: '$.loadBalancers[*].nodes[*]',
    breaks: () =>
      replace<typeof health.serviceHealthOf>(health, 'serviceHealthOf', (of) => (input, node) => {
        const endpoints = [...input.endpoints].map(([key, list]) => {
          return [key, list.map((it) => ({ ...it, ready: true }))] as const;
        });
        return of({ ...input, endpoints: new Map(endpoints) }, node);
      }),
  },
  {
    name: 'pods-are-masqueraded-at-local-services',
    sentence: 'A pod that asks a node for a Service of policy Local gets its source replaced.',
    scenario: 'scenarios/services/asymmetric-node-port.yaml',
    expectation: 'gets no answer from node/worker-2:30080',
    breaks: () =>
      replace<typeof iptables.serviceRules>(iptables, 'serviceRules', (build) => (...args) => {
        const rules = build(...args);
        return { ...rules, chains: rules.chains.map(marksPods) };
      }),
  },
  {
    name: 'load-balancers-are-short-circuited',
    sentence: 'The nodes take the traffic to an address of mode Proxy themselves.',
    scenario: 'scenarios/services/load-balancer-proxy.yaml',
    expectation: 'cloud load balancer',
    breaks: () =>
      replace<typeof serviceMap.servicePortsOf>(serviceMap, 'servicePortsOf', (of) => {
        return (service, family) => of(withoutMode(service), family);
      }),
  },
];

/** The first rule of an external chain marks the packets that it lets go anywhere. */
function marksPods(chain: Chain): Chain {
  const pods = chain.rules.find(({ comment }) => comment?.startsWith('pod traffic for'));
  if (pods === undefined) return chain;
  const mark = { ...pods, target: { do: 'jump', chain: 'KUBE-MARK-MASQ' } } as const;
  return { ...chain, rules: [mark, ...chain.rules] };
}

function withoutMode(service: KubeObject): KubeObject {
  const status = service.status as Balanced | undefined;
  const ingress = status?.loadBalancer?.ingress?.map(({ ip }) => ({ ip }));
  return ingress === undefined ? service : { ...service, status: { loadBalancer: { ingress } } };
}

interface Balanced {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
}
