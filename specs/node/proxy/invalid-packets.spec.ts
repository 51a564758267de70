// Goal: who drops what conntrack calls INVALID: iptables mode, and nftables mode in its first
// version alone; nobody where conntrack is liberal (services.md §5.2, §6; kubernetes#122663).

import { expect } from 'chai';
import { proxyMode } from '../../../src/node/proxy';
import type { ProxyNode } from '../../../src/node/proxy/proxy-mode';
import { inputOf, nodeOf } from './proxy-fixture';

/** The text that the mode's own tool prints, as far as it speaks of INVALID packets. */
function invalidRules(name: string, fields: Partial<ProxyNode>): string[] {
  const mode = proxyMode(name)!;
  const text = mode.render(mode.compile(inputOf(), nodeOf('worker-1', fields)));
  return [text]
    .flat()
    .join('\n')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /\binvalid\b.*\bdrop\b/i.test(line));
}

describe('INVALID packets', () => {
  it('are dropped by KUBE-FORWARD in iptables mode', () => {
    expect(invalidRules('iptables', {})).to.deep.equal([
      '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    ]);
  });

  it('are dropped by nftables mode in 1.29 alone', () => {
    expect(invalidRules('nftables', { kubernetes: '1.29' })).to.deep.equal([
      'ct state invalid drop',
    ]);
    for (const kubernetes of ['1.30', '1.36']) {
      expect(invalidRules('nftables', { kubernetes }), kubernetes).to.deep.equal([]);
    }
  });

  it('pass in ipvs mode', () => {
    expect(invalidRules('ipvs', {})).to.deep.equal([]);
  });

  it('pass where conntrack is to be liberal', () => {
    const fields = { tcpBeLiberal: true, kubernetes: '1.29' };
    for (const mode of ['iptables', 'nftables']) {
      expect(invalidRules(mode, fields), mode).to.deep.equal([]);
    }
  });
});
