// The handles of a scripted cluster by which tables fill up and what is programmed is lost.

import type { Handles } from '../../src/cluster/cluster';

type Record = (handle: string) => (...args: readonly unknown[]) => void;

type LossHandles = Pick<
  Handles,
  | 'exhaust'
  | 'relieve'
  | 'flushRules'
  | 'forgetConnections'
  | 'deleteRoutes'
  | 'unhookBridges'
  | 'emptyDnsCache'
  | 'tamper'
>;

/** Handles that write their calls down and find one of everything. */
export function lossHandles(record: Record): LossHandles {
  const found =
    <Answer>(handle: string, answer: Answer) =>
    (...args: readonly unknown[]): Answer => {
      record(handle)(...args);
      return answer;
    };
  return {
    exhaust: found('exhaust', true),
    relieve: record('relieve'),
    flushRules: found('flushRules', true),
    forgetConnections: found('forgetConnections', 1),
    deleteRoutes: found('deleteRoutes', 1),
    unhookBridges: found('unhookBridges', true),
    emptyDnsCache: found('emptyDnsCache', true),
    tamper: found('tamper', true),
  };
}
