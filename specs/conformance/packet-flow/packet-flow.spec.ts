// Goal: every cell of the packet-flow table holds in every mode, in both shapes of the nft table
// and in the oldest and newest version, or deviates in a way that is written down with its reason.

import { expect } from 'chai';
import { PROXY_MODES } from '../../../src/node/proxy/index';
import type { ProxyMode } from '../../../src/node/proxy/proxy-mode';
import { DEVIATIONS, deviationOf } from './deviations';
import { cellAt } from './one-node';
import { ROWS, SITUATIONS } from './table';
import type { Dialled, Row, Situation } from './table';

/** nftables exists since 1.29 and has another shape since 1.36. */
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  ebpf: ['1.28', '1.36'],
  iptables: ['1.28', '1.36'],
  ipvs: ['1.28', '1.36'],
  nftables: ['1.29', '1.35', '1.36'],
};

describe('packet flow', () => {
  for (const mode of PROXY_MODES) {
    for (const kubernetes of VERSIONS[mode.name]!) {
      describe(`in ${mode.name} mode of Kubernetes ${kubernetes}`, () => {
        for (const row of ROWS) {
          for (const dialled of row.dials) {
            it(`${row.from} dials ${dialled} under policy ${row.policy}`, () => {
              expect(actual(mode, kubernetes, row, dialled)).to.deep.equal(
                expected(mode, row, dialled),
              );
            });
          }
        }
      });
    }
  }

  it('deviates nowhere else than where it is needed', () => {
    const used = new Set(
      PROXY_MODES.flatMap((mode) =>
        cells().flatMap(([row, dialled, situation]) => {
          const deviation = deviationOf(mode.name, dialled, row, situation);
          const differs = deviation?.cells[situation] !== row.cells[situation];
          return deviation !== undefined && differs ? [deviation] : [];
        }),
      ),
    );
    expect(DEVIATIONS.filter((it) => !used.has(it))).to.deep.equal([]);
  });
});

type Cells = Readonly<Record<string, string>>;

function actual(mode: ProxyMode, kubernetes: string, row: Row, dialled: Dialled): Cells {
  return bySituation((situation) => cellAt({ mode, kubernetes, row, dialled, situation }));
}

function expected(mode: ProxyMode, row: Row, dialled: Dialled): Cells {
  return bySituation((situation) => {
    const deviation = deviationOf(mode.name, dialled, row, situation);
    return deviation?.cells[situation] ?? row.cells[situation];
  });
}

function bySituation(cellOf: (situation: Situation) => string): Cells {
  return Object.fromEntries(SITUATIONS.map((situation) => [situation, cellOf(situation)]));
}

function cells(): (readonly [Row, Dialled, Situation])[] {
  return ROWS.flatMap((row) =>
    row.dials.flatMap((dialled) => SITUATIONS.map((it) => [row, dialled, it] as const)),
  );
}
