// Goal: unquoted words mean what YAML 1.2 says in scenarios, and what Kubernetes' own parser makes
// of them in manifests. The table is that of sigs.k8s.io/yaml/goyaml.v2/resolve.go.

import { expect } from 'chai';
import { readScalar, surpriseOf } from '../../src/language/scalar';
import type { Scalar } from '../../src/language/scalar';

const TABLE: readonly (readonly [text: string, core: Scalar, kubernetes: Scalar])[] = [
  ['', null, null],
  ['~', null, null],
  ['null', null, null],
  ['true', true, true],
  ['FALSE', false, false],
  ['yes', 'yes', true],
  ['On', 'On', true],
  ['y', 'y', true],
  ['no', 'no', false],
  ['OFF', 'OFF', false],
  ['N', 'N', false],
  ['yEs', 'yEs', 'yEs'],
  ['12', 12, 12],
  ['-0', -0, 0],
  ['+7', 7, 7],
  ['0644', 644, 420],
  ['0o644', 420, 420],
  ['0x1F', 31, 31],
  ['0b101', '0b101', 5],
  ['0899', 899, 899],
  ['1_000', '1_000', 1000],
  ['1:30', '1:30', '1:30'],
  ['1.5', 1.5, 1.5],
  ['1e3', 1000, 1000],
  ['1.30', 1.3, 1.3],
  ['1.2.3', '1.2.3', '1.2.3'],
  ['10.244.0.1', '10.244.0.1', '10.244.0.1'],
  ['2001-12-14', '2001-12-14', '2001-12-14'],
  ['.inf', '.inf', '.inf'],
  ['350ms', '350ms', '350ms'],
  ['100m', '100m', '100m'],
];

describe('an unquoted word', () => {
  for (const [text, core, kubernetes] of TABLE) {
    it(`"${text}" is ${JSON.stringify(core)} in a scenario, ${JSON.stringify(kubernetes)} in a manifest`, () => {
      expect(readScalar(text, 'core')).to.equal(core);
      expect(readScalar(text, 'kubernetes')).to.equal(kubernetes);
    });
  }

  it('is warned about where Kubernetes surprises, and only there', () => {
    const surprising = TABLE.map(([text]) => text).filter((text) => surpriseOf(text) !== undefined);
    expect(surprising).to.deep.equal(['yes', 'On', 'y', 'no', 'OFF', 'N', '1_000']);
  });
});
