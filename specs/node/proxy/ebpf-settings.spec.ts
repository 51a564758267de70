// Goal: settings with which Cilium's agent does not start are found before anything runs
// (Documentation/network/kubernetes/kubeproxy-free.rst, the table of DSR dispatch modes).

import { expect } from 'chai';
import { forwardingOf, problemsOf } from '../../../src/node/proxy/ebpf-settings';

function problem(loadBalancer: object, options: object, name = 'cilium'): string {
  const [found] = problemsOf({ loadBalancer }, { name, options: { ...options } });
  return found === undefined ? 'none' : `${found.path} ${found.message}`;
}

const NATIVE = { mode: 'native', tunnelProtocol: 'vxlan' };
const NATIVE_GENEVE = { mode: 'native', tunnelProtocol: 'geneve' };
const VXLAN = { mode: 'tunnel', tunnelProtocol: 'vxlan' };
const GENEVE = { mode: 'tunnel', tunnelProtocol: 'geneve' };

describe('settings of ebpf mode', () => {
  it('have the defaults of the Helm chart', () => {
    expect(forwardingOf({})).to.deep.equal({ mode: 'snat', dispatch: 'opt', maglev: undefined });
    expect(forwardingOf({ loadBalancer: { algorithm: 'maglev' } }).maglev).to.deep.equal({
      tableSize: 16_381,
      hashSeed: 'JLfvgnHc2kaSUFaI',
    });
  });

  it('with an IP option need plain routes', () => {
    for (const mode of ['dsr', 'hybrid']) {
      const opt = { mode, dsrDispatch: 'opt' };
      expect([NATIVE, NATIVE_GENEVE].map((it) => problem(opt, it))).to.deep.equal(['none', 'none']);
      for (const tunnel of [VXLAN, GENEVE]) {
        expect(problem(opt, tunnel))
          .to.contain('/loadBalancer/mode')
          .and.to.contain('with tunnels');
      }
    }
  });

  it('with Geneve need its protocol, whatever the routes', () => {
    const geneve = { mode: 'dsr', dsrDispatch: 'geneve' };
    expect([NATIVE_GENEVE, GENEVE].map((it) => problem(geneve, it))).to.deep.equal([
      'none',
      'none',
    ]);
    for (const other of [NATIVE, VXLAN]) {
      expect(problem(geneve, other))
        .to.contain('/loadBalancer/dsrDispatch')
        .and.to.contain('vxlan');
    }
  });

  it('know ipip as a matter of balancers that stand alone', () => {
    expect(problem({ mode: 'dsr', dsrDispatch: 'ipip' }, NATIVE)).to.contain('lb-only');
  });

  it('need the routes of Cilium itself for direct return, and nothing of the kind for SNAT', () => {
    expect(problem({ mode: 'dsr' }, {}, 'flannel')).to.contain('the plug-in is flannel');
    expect(problem({ mode: 'snat', dsrDispatch: 'ipip' }, {}, 'flannel')).to.equal('none');
    expect(problem({ algorithm: 'maglev' }, VXLAN)).to.equal('none');
  });
});
