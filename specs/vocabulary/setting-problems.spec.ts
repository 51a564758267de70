// Goal: settings with which kube-proxy or a network plug-in does not start are refused where they
// are written, and those with which they start are not.

import { expect } from 'chai';
import { runPlan } from '../../src/chai/model';
import { loadText } from '../runner/plan-text';

const SHOP = 'manifests: scenarios/manifests/shop.yaml\n';

function load(cluster: string, claim = 'inspect: {query: $.now, count: 1}', more = '') {
  const text = `scenario: one
cluster: ${cluster}
${more}expect:
  - {at: 5s, ${claim}}
`;
  const lines = text.split('\n');
  const { plans, diagnostics } = loadText(text, 'one.yaml');
  const problems = diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message, range: { line, column, endColumn } }) => {
      return `${code} ${lines[line - 1]!.slice(column - 1, endColumn - 1)}: ${message}`;
    });
  return { plans, problems };
}

function problems(cluster: string): readonly string[] {
  return load(cluster).problems;
}

// pkg/proxy/apis/config/validation/validation.go ValidateKubeProxyConfiguration
describe('the settings of kube-proxy', () => {
  it('have no longer pause than the period of full syncs', () => {
    const message = 'minSyncPeriod 1m is longer than the syncPeriod, 30s';
    for (const mode of ['iptables', 'ipvs', 'nftables']) {
      const proxy = `proxy: {mode: ${mode}, minSyncPeriod: 60s}`;
      expect(problems(`{${proxy}}`)).to.deep.equal([`KD1112 60s: ${message}`]);
      expect(problems(`{${proxy}, timing: {kube-proxy.syncPeriod: 1m}}`)).to.deep.equal([]);
    }
    expect(problems('{proxy: {mode: iptables, minSyncPeriod: 30s}}')).to.deep.equal([]);
    expect(problems('{timing: {kube-proxy.minSyncPeriod: 1m}}')).to.deep.equal([
      `KD1112 1m: ${message}`,
    ]);
    const ipvs = 'proxy: ipvs, timing: {kube-proxy.ipvs.minSyncPeriod: 1m}';
    expect(problems(`{${ipvs}}`)).to.deep.equal([`KD1112 1m: ${message}`]);
  });

  it('have ranges of node addresses, or `primary` alone', () => {
    const of = (texts: string) =>
      problems(`{proxy: {mode: iptables, nodePortAddresses: ${texts}}}`);
    expect(of('[192.168.1.1]')).to.deep.equal([
      'KD1112 192.168.1.1: "192.168.1.1" is not an address range: kube-proxy does not start with it',
    ]);
    const both = 'KD1112 primary: `primary` and ranges exclude each other';
    expect(of('[primary, 192.168.1.0/24]')).to.deep.equal([both]);
    expect(of('[192.168.1.0/24, primary]')).to.deep.equal([both]);
    expect(of('[primary]')).to.deep.equal([]);
    expect(of('[192.168.1.0/24, 10.0.0.0/8]')).to.deep.equal([]);
  });

  it('have ranges of pods, one for each family', () => {
    const of = (text: string) => problems(`{proxy: {mode: iptables, clusterCIDR: "${text}"}}`);
    expect(of('10.0.0.300/8')).to.have.length(1);
    expect(of('10.244.0.0/16,pods')).to.deep.equal([
      'KD1112 "10.244.0.0/16,pods": "pods" is not an address range: kube-proxy does not start with it',
    ]);
    expect(of('')).to.deep.equal([]);
    expect(of('10.244.0.0/16,fd00:10:244::/56')).to.deep.equal([]);
  });
});

// cmd/kube-proxy/app/server_linux.go getLocalDetectors: each family has its own range, or none.
it('the ranges of both families go each to its own kube-proxy', () => {
  const ranges =
    'podCIDR: [10.244.0.0/16, fd00:10:244::/56], serviceCIDR: [10.96.0.0/12, fd00:10:96::/112]';
  const families = `ipFamilies: [IPv4, IPv6], nodeCIDR: [192.168.1.0/24, fd00:1::/64], ${ranges}`;
  const proxy = 'proxy: {mode: iptables, clusterCIDR: "10.244.0.0/16,fd00:10:244::/56"}';
  const claim = 'reach: {from: shop/frontend, to: backend:80}';
  const { plans } = load(`{${families}, ${proxy}}`, claim, SHOP);
  const { outcomes } = runPlan(plans[0]!, 1);
  expect(outcomes.map(({ status }) => status)).to.deep.equal(['passed', 'passed']);
});

describe('the settings of a network plug-in', () => {
  it('fit the families of the cluster', () => {
    for (const name of ['aws-vpc', 'weave']) {
      expect(problems(`{cni: ${name}, ipFamilies: [IPv6]}`)).to.deep.equal([
        `KD1112 ${name}: ${name} with IPv6 alone is not modelled`,
      ]);
      expect(problems(`{cni: ${name}}`)).to.deep.equal([]);
    }
    expect(problems('{cni: calico, ipFamilies: [IPv6]}')).to.deep.equal([]);
  });

  // projectcalico/calico api/pkg/apis/projectcalico/v3/ippool.go XValidation
  it('leave a pool of Calico room for a block', () => {
    const small = 'podCIDR: 10.244.0.0/22, nodes: 1';
    const calico = 'cni: {name: calico, blockSize: 20}';
    expect(problems(`{${calico}, ${small}}`)).to.deep.equal([
      'KD1112 20: a block of Calico, /20, is larger than the pod range 10.244.0.0/22',
    ]);
    expect(problems(`{cni: {name: calico, blockSize: 22}, ${small}}`)).to.deep.equal([]);
    expect(problems(`{cni: calico, ${small}}`)).to.deep.equal([]);
  });
});
