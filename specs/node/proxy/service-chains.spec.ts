// Goal: a large cluster's rules cost what is looked at. The chains of a Service port come to be
// when one of them is looked up, and what is found then is what a full list holds.

import { expect } from 'chai';
import type { Chain } from '../../../src/node/netfilter/ruleset';
import {
  categorizeEndpoints,
  compareEndpoints,
} from '../../../src/node/proxy/categorize-endpoints';
import { endpointText } from '../../../src/node/proxy/categorize-endpoints';
import { endpointChainName, serviceChainNames } from '../../../src/node/proxy/chain-names';
import { iptables } from '../../../src/node/proxy/iptables';
import type { ProxyInput } from '../../../src/node/proxy/proxy-mode';
import { servicePortKey } from '../../../src/node/proxy/proxy-mode';
import { ServiceChains } from '../../../src/node/proxy/service-chains';
import type { OwnChains } from '../../../src/node/proxy/service-chains';
import { compareText } from '../../../src/values/order';
import { ip } from '../../../src/values/ip';
import { endpoint, nodeOf, servicePort } from './proxy-fixture';

const SHARED: readonly Chain[] = [{ name: 'KUBE-SERVICES', rules: [] }];

/** Service ports a and b with one endpoint each; `built` says whose chains were made. */
function lazy(): { readonly chains: ServiceChains; readonly built: string[] } {
  const built: string[] = [];
  const parts = ['A', 'B'].map((hash): [string, OwnChains] => [
    `ns/${hash}`,
    {
      hash,
      get chains() {
        built.push(hash);
        return [`KUBE-SVC-${hash}`, `KUBE-SEP-${hash}1`].map((name) => ({ name, rules: [] }));
      },
    },
  ]);
  return { chains: ServiceChains.of(SHARED, new Map(parts)), built };
}

describe('the chains of Services', () => {
  it('are not made for who asks for the shared ones', () => {
    const { chains, built } = lazy();
    expect(chains.get('KUBE-SERVICES')).to.equal(SHARED[0]);
    expect(chains.get('FORWARD')).to.equal(undefined);
    expect(built).to.deep.equal([]);
  });

  it('are made for the Service that is looked up, and its endpoints are found then', () => {
    const { chains, built } = lazy();
    expect(chains.get('KUBE-SVC-B')!.name).to.equal('KUBE-SVC-B');
    expect(chains.get('KUBE-SEP-B1')!.name).to.equal('KUBE-SEP-B1');
    expect(built).to.deep.equal(['B']);
  });

  it('are all made for the chain of an endpoint of which nothing is known', () => {
    const { chains } = lazy();
    expect(chains.has('KUBE-SEP-A1')).to.equal(true);
    expect(chains.has('KUBE-SEP-X')).to.equal(false);
  });

  it('are listed in the order of the Services, behind the shared ones', () => {
    const { chains } = lazy();
    chains.get('KUBE-SVC-B');
    const names = ['KUBE-SERVICES', 'KUBE-SVC-A', 'KUBE-SEP-A1', 'KUBE-SVC-B', 'KUBE-SEP-B1'];
    expect([...chains.keys()]).to.deep.equal(names);
    expect(chains.size).to.equal(names.length);
  });

  it('have the names of their endpoints, whichever is asked for first', () => {
    const port = servicePort('ns/web');
    const input: ProxyInput = {
      servicePorts: new Map([[servicePortKey(port.id), port]]),
      endpoints: new Map([[servicePortKey(port.id), [endpoint('10.244.1.4')]]]),
    };
    const chains = iptables.compile(input, nodeOf('worker-1')).tables.get('nat')!.chains;
    const name = endpointChainName(port.id, endpointText(endpoint('10.244.1.4')));
    expect(chains.get(name)?.rules).to.have.lengthOf(2);
    expect(chains.get(serviceChainNames(port.id).cluster)?.rules).to.have.lengthOf(2);
  });
});

describe('endpoints', () => {
  const families = {
    IPv4: ['10.0.0.1', '10.0.0.10', '10.0.0.100', '10.0.0.11', '10.0.0.2', '10.0.0.19', '9.9.9.9'],
    IPv6: ['fd00::1', 'fd00::1a', 'fd00::10', 'fd00::', 'fd00::a', 'fd00:1::', '2001:db8::1'],
  };
  for (const [family, addresses] of Object.entries(families)) {
    it(`are in the order of their texts (${family})`, () => {
      const all = addresses.flatMap((address) => {
        return [80, 8080, 9].map((port) => ({ ...endpoint('10.0.0.1'), ip: ip(address), port }));
      });
      const byText = [...all].sort((a, b) => compareText(endpointText(a), endpointText(b)));
      const sorted = [...all].reverse().sort(compareEndpoints);
      expect(sorted.map(endpointText)).to.deep.equal(byText.map(endpointText));
    });
  }

  it('are one list with all that are ready, where all are', () => {
    const all = [endpoint('10.0.0.1'), endpoint('10.0.0.2')];
    const { cluster } = categorizeEndpoints(all, servicePort('ns/web'), nodeOf('worker-1'));
    expect(cluster).to.equal(all);
  });
});
