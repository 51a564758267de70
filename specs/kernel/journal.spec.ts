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

  it('follows, of several causes, the last one about what is asked for, else the first', () => {
    const journal = new Journal();
    const subjects = ['Service/shop/a', 'Service/shop/b', 'Service/shop/b', 'Service/shop/c'];
    for (const subject of subjects) journal.append({ ...ENTRY, subject, cause: -1 });
    const sync = journal.append({ ...ENTRY, cause: 0, also: [0, 1, 2, 3] });
    const rootOf = (...asked: string[]) => journal.chain(sync, new Set(asked))[0];
    expect(rootOf('Service/shop/b')).to.equal(journal.entry(2));
    expect(rootOf('Service/shop/x')).to.equal(journal.entry(0));
    expect(rootOf()).to.equal(journal.entry(0));
  });
});
