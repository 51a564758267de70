// Goal: the digest tells two runs apart wherever they part, and a fork writes its own lines.

import { expect } from 'chai';
import { formatEntry, Journal } from '../../src/kernel/journal';
import type { Entry } from '../../src/kernel/journal';
import { Phase } from '../../src/kernel/phase';
import { seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';

const ENTRY: Entry = {
  at: seconds(1) as number as Instant,
  phase: Phase.agent,
  actor: 'kube-proxy@worker-1',
  action: 'synced',
  subject: 'rules',
  detail: '',
  cause: -1,
  timer: '',
};

function digestOf(...entries: readonly Entry[]): string {
  const journal = new Journal();
  for (const entry of entries) journal.append(entry);
  return journal.digest;
}

describe('the journal', () => {
  it('reads as sentences', () => {
    expect(formatEntry(ENTRY)).to.equal('t=1s kube-proxy@worker-1 synced rules');
    expect(formatEntry({ ...ENTRY, detail: '12 rules' })).to.equal(
      't=1s kube-proxy@worker-1 synced rules: 12 rules',
    );
  });

  it('has one digest for equal lines and another for any other', () => {
    const other = { ...ENTRY, actor: 'kube-proxy@worker-2' };
    expect(digestOf(ENTRY, other))
      .to.equal(digestOf(ENTRY, other))
      .and.to.match(/^[0-9a-f]{8}$/);
    expect(digestOf(other, ENTRY)).not.to.equal(digestOf(ENTRY, other));
    expect(digestOf(ENTRY)).not.to.equal(digestOf(ENTRY, ENTRY));
    expect(digestOf({ ...ENTRY, detail: 'x' })).not.to.equal(digestOf(ENTRY));
    const moved = { ...ENTRY, at: seconds(2) as number as Instant };
    expect(digestOf(moved)).not.to.equal(digestOf(ENTRY));
  });
});
