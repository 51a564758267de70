// Walks of a packet through a settled cluster, against one assertion of chai: how many questions
// about packets a spec can ask for the price of one `expect`.

import { expect } from 'chai';
import { createCluster } from '../src/cluster/create-cluster';
import { ip } from '../src/values/ip';
import type { Destination, Origin } from '../src/values/origin';
import { compare } from './measure';
import type { Measurement } from './measure';
import { planOf, SMALL_SCENARIO } from './scenario';

const WALKS = 500;

export function packetMeasurements(): Measurement[] {
  const { cluster: spec } = planOf(SMALL_SCENARIO);
  const cluster = createCluster(spec, { seed: 1 });
  const from: Origin = { pod: 'default/frontend' };
  const service = cluster.api.store.get('Service', 'default/backend')!.spec as {
    clusterIP: string;
  };
  const to: Destination = { address: ip(service.clusterIP), port: 80, protocol: 'TCP' };
  const paths = cluster.send(from, to);
  expect(paths.map(({ disposition }) => disposition)).to.deep.equal(Array(3).fill('answered'));
  return [
    compare({
      name: 'packets: pod to ClusterIP, one of three paths there and back',
      unit: 'walks',
      yardstick: 'one expect(…).to.deep.equal(…) of chai',
      subject: () => {
        let walked = 0;
        while (walked < WALKS) walked += cluster.send(from, to).length;
        return walked;
      },
      base: () => {
        const [trace] = paths;
        for (let count = 0; count < WALKS; count++) {
          expect(trace!.sent).to.deep.equal({ ...trace!.sent });
        }
        return WALKS;
      },
      rounds: 9,
    }),
  ];
}
