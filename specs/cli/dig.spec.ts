// Goal: `kubedrill dig` prints what a server says as dig prints it.

import { expect } from 'chai';
import { execute } from '../../src/cli/main';

async function dig(...args: readonly string[]) {
  let out = '';
  const complaints: string[] = [];
  const code = await execute(['dig', ...args], {
    out: { write: (text: string) => void (out += text) },
    complain: (text: string) => void complaints.push(text),
  } as unknown as Parameters<typeof execute>[1]);
  return { code, out, complaints: complaints.join('\n') };
}

const HEADLESS = 'scenarios/dns/headless.yaml';
const BACKEND = 'backend.shop.svc.cluster.local';

describe('kubedrill dig', () => {
  it('prints header, question, answer, server and instant', async () => {
    const { code, out } = await dig(HEADLESS, '--from', 'shop/frontend', BACKEND, '--at', '5s');
    expect(code).to.equal(0);
    expect(out.trimEnd().split('\n')).to.deep.equal([
      `; <<>> kubedrill dig <<>> ${BACKEND}. A`,
      ';; Got answer:',
      ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1',
      ';; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0',
      '',
      ';; QUESTION SECTION:',
      `;${BACKEND}.\t\tIN\tA`,
      '',
      ';; ANSWER SECTION:',
      `${BACKEND}.\t30\tIN\tA\t10.96.0.20`,
      '',
      ';; Query time: 0 msec',
      ';; SERVER: 10.96.0.10#53(10.96.0.10) (UDP)',
      ';; WHEN: t=5s of the scenario',
    ]);
  });

  it('prints the SOA of a denial, and walks no search list', async () => {
    const { out } = await dig(HEADLESS, '--from', 'shop/frontend', `no.${BACKEND}`, 'aaaa');
    expect(out).to.contain('status: NXDOMAIN').and.to.contain(';; AUTHORITY SECTION:');
    expect(out).to.contain('cluster.local.\t30\tIN\tSOA\tns.dns.cluster.local.');
    expect((await dig(HEADLESS, '--from', 'shop/frontend', 'backend')).out).to.contain('NXDOMAIN');
  });

  it('says which ways there are where not every server answers', async () => {
    const file = 'scenarios/dns/server-without-power.yaml';
    const { out } = await dig(file, '--from', 'shop/frontend', BACKEND, '--at', '12s');
    expect(out).to.contain(';; one of several ways, probability 1/');
    expect(out).to.contain('10.96.0.10#53(10.96.0.10): no answer');
    expect(out).to.contain(';; no servers could be reached');
  });

  it('needs a file, a name and somebody who asks', async () => {
    expect((await dig(HEADLESS, BACKEND)).complaints).to.contain('--from is missing');
    expect((await dig(HEADLESS, '--from', 'shop/frontend')).complaints).to.contain('usage');
    const nobody = await dig(HEADLESS, '--from', 'shop/nobody', BACKEND);
    expect(nobody.code).to.equal(2);
  });
});
