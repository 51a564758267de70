// Goal: when a connection fails, the text of the failure names its cause. For every scenario of
// scenarios/troubleshooting the naive expectation, that the call just works, is asked for in code;
// what it says instead must point at what is wrong.

import { readdirSync } from 'node:fs';

import { expect, use } from 'chai';
import { kubedrill, loadScenario } from '../../src/chai/plugin';

use(kubedrill);

interface Cause {
  /** When to ask. Default: 1s. */
  readonly at?: string;
  readonly from?: string;
  readonly to: string;
  /** What the failure must say. */
  readonly says: RegExp;
}

const CAUSES: Readonly<Record<string, Cause>> = {
  'coredns-down': {
    at: '60s',
    to: 'backend:80',
    says: /kube-system\/kube-dns\S* has no endpoints/,
  },
  'crash-loop': { at: '35s', to: 'shaky:80', says: /shop\/shaky has no endpoints/ },
  'node-port-elsewhere': {
    from: 'external',
    to: '192.168.1.11:30080',
    says: /nothing on the node listens on 30080/,
  },
  'node-without-rules': {
    at: '65s',
    from: 'node/worker-1',
    to: '10.96.0.20:80',
    says: /kube-proxy@worker-1 has not synced yet/,
  },
  'pod-unready': { to: 'unready:80', says: /shop\/unready has no endpoints/ },
  'port-conflict': { to: 'twins:80', says: /shop\/twins has no endpoints/ },
  'selector-typo': { to: 'typo:80', says: /selects app=bakend, and no pod in shop has that/ },
  'unknown-port-name': { to: 'nameless:80', says: /the port "htpp", which no container declares/ },
  'wrong-namespace': {
    from: 'office/clerk',
    to: 'backend:80',
    says: /NXDOMAIN|knows no name backend/,
  },
  'wrong-service-port': {
    to: 'backend:8080',
    says: /shop\/backend has no port 8080\/TCP, only 80\/TCP/,
  },
  'wrong-target-port': { to: 'wrong:80', says: /nothing listens on 8081/ },
};

const FOLDER = 'scenarios/troubleshooting';
/** The one that all others extend, and the one in which nothing fails. */
const WITHOUT_FAILURE = ['a-call', 'policy-without-enforcer'];

describe('the text of a failure names the cause', () => {
  for (const [name, { at = '1s', from = 'shop/frontend', to, says }] of Object.entries(CAUSES)) {
    it(name, () => {
      const folder = name === 'port-conflict' ? 'scenarios/pods' : FOLDER;
      const drill = loadScenario(`${folder}/${name}.yaml`).runUntil(at);
      const sender = from === 'external' ? drill.external() : drill.pod(from);
      expect(() => expect(sender).to.reach(to)).to.throw(says);
    });
  }

  it('for every scenario of the folder', () => {
    const files = readdirSync(FOLDER).map((file) => file.replace(/\.yaml$/, ''));
    const told = new Set([...Object.keys(CAUSES), ...WITHOUT_FAILURE]);
    expect(files.filter((file) => !told.has(file))).to.deep.equal([]);
  });
});
