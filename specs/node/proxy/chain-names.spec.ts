// Chain names are public: people read them in iptables-save and search for them. The values are
// those of upstream tests and of every cluster's kubernetes and kube-dns Services.

import { expect } from 'chai';
import { endpointChainName, serviceChainNames } from '../../../src/node/proxy/chain-names';
import type { Protocol } from '../../../src/values/flow';

const KNOWN: readonly (readonly [string, string, string, Protocol, string])[] = [
  ['ns1', 'svc1', 'p80', 'TCP', 'XPGD46QRK7WJZT7O'],
  ['ns2', 'svc2', 'p80', 'TCP', 'GNZBNJ2PO5MGZ6GT'],
  ['ns3', 'svc3', 'p80', 'TCP', 'X27LE4BHSL4DOUIK'],
  ['ns4', 'svc4', 'p80', 'TCP', '4SW47YFZTEDKD3PK'],
  ['ns5', 'svc5', 'p80', 'TCP', 'NUKIZ6OKUXPJNT4C'],
  ['default', 'kubernetes', 'https', 'TCP', 'NPX46M4PTMTKRN6Y'],
  ['kube-system', 'kube-dns', 'dns', 'UDP', 'TCOU7JCQXEZGVUNU'],
  ['kube-system', 'kube-dns', 'dns-tcp', 'TCP', 'ERIFXISQEP7F7OF4'],
];

describe('chain names', () => {
  for (const [namespace, name, port, protocol, hash] of KNOWN) {
    it(`of ${namespace}/${name}:${port} end in ${hash}`, () => {
      const names = serviceChainNames({ namespace, name, port, protocol });
      expect(names).to.deep.equal({
        cluster: `KUBE-SVC-${hash}`,
        local: `KUBE-SVL-${hash}`,
        external: `KUBE-EXT-${hash}`,
        firewall: `KUBE-FW-${hash}`,
      });
    });
  }

  it('of an endpoint hash its address with the Service port', () => {
    const id = { namespace: 'ns1', name: 'svc1', port: 'p80', protocol: 'TCP' } as const;
    expect(endpointChainName(id, '10.180.0.1:80')).to.equal('KUBE-SEP-SXIVWICOYRO3J4NJ');
  });

  it('tell an unnamed port from a named one, and TCP from UDP', () => {
    const base = { namespace: 'ns1', name: 'svc1', port: '', protocol: 'TCP' } as const;
    const names = [base, { ...base, port: 'p80' }, { ...base, protocol: 'UDP' as const }];
    expect(new Set(names.map((id) => serviceChainNames(id).cluster)).size).to.equal(3);
  });
});
