// Goal: what the model says goes over the wire and comes back as it was, through the library and a
// real socket on the loopback, so that the lab compares resolvers and not codecs.

import { createSocket } from 'node:dgram';
import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import type { Packet } from 'dns-packet';
import { emptyReply } from '../../../src/workloads/dns-message';
import type { DnsReply } from '../../../src/workloads/index';
import { packetOf, queryIn, sizeOf } from './wire';

const SOA = 'ns.dns.cluster.local hostmaster.cluster.local 1 7200 1800 86400 30';

const QUERY: Packet = {
  type: 'query',
  id: 7,
  flags: 0x0100,
  questions: [{ name: 'alias.test', type: 'A' }],
};

const REPLY: DnsReply = {
  ...emptyReply('NXDOMAIN', true),
  answers: [
    { name: 'alias.test', type: 'CNAME', ttl: 5, data: 'web.test' },
    { name: 'web.test', type: 'A', ttl: 5, data: '10.96.0.20' },
    { name: 'web.test', type: 'AAAA', ttl: 5, data: 'fd00:10:96::14' },
  ],
  authority: [{ name: 'cluster.local', type: 'SOA', ttl: 30, data: SOA }],
};

const sent = (reply: DnsReply, query = QUERY) => decode(encode(packetOf(query, reply)));

describe('a reply on the wire', () => {
  it('keeps number, question, code and flags', () => {
    const { id, flag_aa, flag_tc, flag_ra, flag_rd, questions, ...rest } = sent(REPLY);
    expect({ id, flag_aa, flag_tc, flag_ra, flag_rd }).to.deep.equal({
      id: 7,
      flag_aa: true,
      flag_tc: false,
      flag_ra: false,
      flag_rd: true,
    });
    expect(rest).to.include({ rcode: 'NXDOMAIN', type: 'response' });
    expect(questions?.map(({ name, type }) => `${name} ${type}`)).to.deep.equal(['alias.test A']);
    const cut = sent({ ...REPLY, truncated: true, recursive: true, authoritative: false });
    expect([cut.flag_tc, cut.flag_ra, cut.flag_aa]).to.deep.equal([true, true, false]);
  });

  it('keeps every record', () => {
    const { answers, authorities } = sent(REPLY);
    const texts = answers?.map(
      (it) => `${it.name} ${it.type} ${'data' in it ? String(it.data) : ''}`,
    );
    expect(texts).to.deep.equal([
      'alias.test CNAME web.test',
      'web.test A 10.96.0.20',
      'web.test AAAA fd00:10:96::14',
    ]);
    const [soa] = authorities ?? [];
    expect(soa?.type === 'SOA' ? soa.data : undefined).to.include({
      mname: 'ns.dns.cluster.local',
      rname: 'hostmaster.cluster.local',
      minimum: 30,
    });
  });

  it('has every code of the model', () => {
    for (const rcode of ['NOERROR', 'FORMERR', 'SERVFAIL', 'NOTIMP', 'REFUSED'] as const) {
      expect(sent(emptyReply(rcode)), rcode).to.include({ rcode });
    }
  });

  it('has EDNS if the query has it, and its size is read there', () => {
    const edns = { type: 'OPT', name: '.', udpPayloadSize: 1_200, flags: 0, options: [] } as const;
    const query = decode(encode({ ...QUERY, additionals: [edns as never] }));
    expect(queryIn(query)).to.deep.equal({
      question: { name: 'alias.test', type: 'A' },
      udpSize: 1_200,
    });
    expect(sent(REPLY, query).additionals?.map(({ type }) => type)).to.deep.equal(['OPT']);
    expect(sent(REPLY).additionals).to.deep.equal([]);
  });

  it('is as large as is said, on a real socket', async () => {
    const octets = encode(packetOf(QUERY, REPLY));
    const size = sizeOf({ name: 'alias.test', type: 'A' }, REPLY);
    const socket = createSocket('udp4');
    const received = new Promise<Buffer>((resolve) => socket.on('message', resolve));
    socket.bind(0, '127.0.0.1', () => socket.send(octets, socket.address().port, '127.0.0.1'));
    expect((await received).length).to.equal(size);
    socket.close();
  });

  it('has no types that the lab does not serve', () => {
    const answers = [{ name: 'web.test', type: 'MX', ttl: 5, data: '10 mail.test' }];
    expect(() => packetOf(QUERY, { ...REPLY, answers })).to.throw('no MX records');
  });
});
