// Goal: where kube-proxy gets an image with another iptables, the rules of both images stand in the
// kernel, and what the model says of a node is what the kernel does there: it asks first the back
// end that was hooked in last. The lab holds the same against a real kernel. Upstream:
// kubernetes#109811; net/netfilter/core.c nf_hook_entries_grow.

import { expect } from 'chai';

import { createCluster, loadScenarios } from '../../src/index';
import type { Cluster } from '../../src/cluster/cluster';
import { backendOf } from '../../src/node/netfilter/ruleset';
import type { IptablesBackend } from '../../src/node/netfilter/ruleset';
import { later, seconds } from '../../src/values/time';

const { plans } = loadScenarios(['scenarios/services/cluster-ip.yaml']);
const NODE = 'worker-1';
const SERVICE = 'shop/backend';

function shopOf(iptablesBackend?: IptablesBackend): Cluster {
  const { cluster: spec } = plans[0]!;
  const options = iptablesBackend === undefined ? {} : { iptablesBackend };
  return createCluster({ ...spec, proxy: { mode: 'iptables', options } }, { seed: 1 });
}

function live(cluster: Cluster): void {
  cluster.kernel.runUntil(later(cluster.kernel.now, seconds(30)));
}

function changeImage(cluster: Cluster, backend: IptablesBackend): void {
  const component = cluster.components.find((it) => it.actor === `kube-proxy@${NODE}`)!;
  cluster.handles.changeIptables(NODE, backend);
  cluster.handles.killComponent(component, { restart: true });
  live(cluster);
}

/** Back ends that hold rules of kube-proxy, in the order in which the kernel asks them. */
function askedOn(cluster: Cluster): IptablesBackend[] {
  const rulesets = cluster.machines.get(NODE)!.rulesets('IPv4');
  const ofProxy = rulesets.filter(({ tables }) => tables.get('nat')!.chains.has('KUBE-SERVICES'));
  return ofProxy.map(backendOf);
}

function replacePods(cluster: Cluster): readonly string[] {
  cluster.handles.scale('Deployment', SERVICE, 0);
  live(cluster);
  cluster.handles.scale('Deployment', SERVICE, 3);
  live(cluster);
  return cluster.serving(SERVICE);
}

describe('two back ends of iptables on a node', () => {
  it('hold the same rules, and only one of them goes with the cluster', () => {
    const cluster = shopOf();
    const before = cluster.programmed(NODE, SERVICE);
    changeImage(cluster, 'legacy');
    expect(askedOn(cluster)).to.deep.equal(['legacy', 'nft']);
    const pods = replacePods(cluster);
    const { proxyRules, leftRules } = cluster.machines.get(NODE)!;
    expect(pods).to.not.deep.equal(before);
    expect(cluster.programmed(NODE, SERVICE)).to.deep.equal(pods);
    expect(leftRules.get('IPv4')!.tables).to.not.equal(proxyRules.get('IPv4')!.tables);
  });

  it('are asked in the order in which they came, the last one first', () => {
    const cluster = shopOf('legacy');
    expect(askedOn(cluster)).to.deep.equal(['legacy']);
    changeImage(cluster, 'nft');
    expect(askedOn(cluster)).to.deep.equal(['nft', 'legacy']);
    // Hooks that stand are not hooked in again.
    changeImage(cluster, 'legacy');
    expect(askedOn(cluster)).to.deep.equal(['nft', 'legacy']);
    const pods = replacePods(cluster);
    expect(cluster.programmed(NODE, SERVICE)).to.not.deep.equal(pods);
    expect(cluster.programmed('worker-2', SERVICE)).to.deep.equal(pods);
  });

  it('fill in for each other where the first one says nothing', () => {
    const cluster = shopOf('legacy');
    const before = cluster.programmed(NODE, SERVICE);
    changeImage(cluster, 'nft');
    cluster.handles.scale('Deployment', SERVICE, 0);
    live(cluster);
    expect(cluster.programmed(NODE, SERVICE)).to.deep.equal(before);
    expect(cluster.programmed('worker-2', SERVICE)).to.deep.equal([]);
  });

  it('are one again after a boot, with the image that is there now', () => {
    const cluster = shopOf('legacy');
    changeImage(cluster, 'nft');
    cluster.handles.powerOff(NODE);
    cluster.handles.powerOn(NODE);
    live(cluster);
    live(cluster);
    expect(askedOn(cluster)).to.deep.equal(['nft']);
    // The boot has taken the hooks of before away, too: this one comes last now.
    changeImage(cluster, 'legacy');
    expect(askedOn(cluster)).to.deep.equal(['legacy', 'nft']);
  });

  it('stand as they are when the old image comes back, before it has written anything', () => {
    const cluster = shopOf('legacy');
    const before = cluster.programmed(NODE, SERVICE);
    changeImage(cluster, 'nft');
    replacePods(cluster);
    cluster.handles.changeIptables(NODE, 'legacy');
    expect(askedOn(cluster)).to.deep.equal(['nft', 'legacy']);
    cluster.handles.flushRules(NODE, 'nft');
    expect(cluster.programmed(NODE, SERVICE)).to.deep.equal(before);
  });

  it('are flushed one by one, or both', () => {
    const flush = (backend?: IptablesBackend) => {
      const cluster = shopOf('legacy');
      changeImage(cluster, 'nft');
      expect(cluster.handles.flushRules(NODE, backend)).to.equal(true);
      return askedOn(cluster);
    };
    expect(flush('legacy')).to.deep.equal(['nft']);
    expect(flush('nft')).to.deep.equal(['legacy']);
    expect(flush()).to.deep.equal([]);
    expect(shopOf().handles.flushRules(NODE, 'legacy')).to.equal(false);
  });

  it('are told apart in the state', () => {
    const cluster = shopOf();
    changeImage(cluster, 'legacy');
    const { nodes } = cluster.snapshot() as {
      nodes: Record<string, { proxy: { rules: { backend?: string; text: string }[] } }>;
    };
    const { rules } = nodes[NODE]!.proxy;
    const legacy = rules.filter(({ backend }) => backend === 'legacy').map(({ text }) => text);
    const nft = rules.filter(({ backend }) => backend === undefined).map(({ text }) => text);
    expect(legacy).to.have.members(nft).and.to.have.length.above(20);
  });

  it('leave rules as they are that a sync finds right', () => {
    const cluster = shopOf('legacy');
    const { proxyRules } = cluster.machines.get(NODE)!;
    const before = proxyRules.get('IPv4');
    changeImage(cluster, 'legacy');
    expect(proxyRules.get('IPv4')).to.equal(before);
  });
});
