// The handles of a scripted cluster: each call is written down, and what stands is kept.

import type { Cut, Degradation, Handles } from '../../src/cluster/cluster';
import { latenessHandles } from './lateness-handles';
import { lossHandles } from './loss-handles';

/** What a call of a handle was, for specs of faults and actions. */
export type Call = readonly [handle: string, ...args: unknown[]];

/** Handles that write every call into `calls`. */
export function recordingHandles(calls: Call[]): Handles {
  const record =
    (handle: string) =>
    (...args: readonly unknown[]) => {
      calls.push([handle, ...args]);
    };
  const cutsBy = new Map<string, readonly Cut[]>();
  const badBy = new Map<string, readonly Degradation[]>();
  return {
    cut(token, cuts) {
      record('cut')(token, cuts);
      cutsBy.set(token, cuts);
      return true;
    },
    cutsOf: (token) => cutsBy.get(token) ?? [],
    degrade(token, degradations) {
      record('degrade')(token, degradations);
      badBy.set(token, degradations);
      return true;
    },
    degradationsOf: (token) => badBy.get(token) ?? [],
    ...lossHandles(record),
    changeIptables: record('changeIptables'),
    crashPod: record('crashPod'),
    crashContainer: record('crashContainer'),
    allowRestart: record('allowRestart'),
    powerOff: record('powerOff'),
    powerOn: record('powerOn'),
    shutdown: record('shutdown'),
    upgradeProblem: () => undefined,
    upgrade: record('upgrade'),
    upgradeDns: record('upgradeDns'),
    killComponent: record('killComponent'),
    startComponent: record('startComponent'),
    pauseComponent: record('pauseComponent'),
    resumeComponent: record('resumeComponent'),
    severComponent: record('severComponent'),
    mendComponent: record('mendComponent'),
    pausePod: (...args) => {
      record('pausePod')(...args);
      return true;
    },
    resumePod: record('resumePod'),
    pauseNode: (...args) => {
      record('pauseNode')(...args);
      return true;
    },
    resumeNode: record('resumeNode'),
    ...latenessHandles(record),
    failDns: (token, servers, failure) => {
      record('failDns')(token, servers, failure);
      return servers;
    },
    mendDns: record('mendDns'),
    failPod: record('failPod'),
    mendPod: record('mendPod'),
    failNode: record('failNode'),
    mendNode: record('mendNode'),
    failRequests: record('failRequests'),
    mendRequests: record('mendRequests'),
    apply: record('apply'),
    evict: record('evict'),
    drain: record('drain'),
    delete: record('delete'),
    patch: record('patch'),
    scale: record('scale'),
  };
}
