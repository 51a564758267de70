// The lab reads the kernel's connection tables from text. A line read wrongly would make model and
// kernel agree, or differ, for no reason.

import { expect } from 'chai';
import { formatConntrackEntry } from '../../src/node/netfilter/conntrack';
import { answered, newEntry } from '../../src/node/netfilter/conntrack-entry';
import { ip } from '../../src/values/ip';
import { START } from '../../src/values/time';
import { parseConntrackList } from './conntrack-list';

const CLIENT = ip('10.244.1.5');
const SERVICE = ip('10.96.0.21');
const POD = ip('10.244.1.6');
const ORIGINAL = { protocol: 'TCP', src: CLIENT, sport: 40_000, dst: SERVICE, dport: 80 } as const;
const REPLY = { protocol: 'TCP', src: POD, sport: 8080, dst: CLIENT, dport: 40_000 } as const;

describe('the text of conntrack -L', () => {
  it('gives both tuples, the state and the flags of a TCP connection', () => {
    const line =
      'tcp      6 299 ESTABLISHED src=10.244.1.5 dst=10.96.0.21 sport=40000 dport=80 ' +
      'src=10.244.1.6 dst=10.244.1.5 sport=8080 dport=40000 [ASSURED] mark=0 use=1\n';
    expect(parseConntrackList(line)).to.deep.equal([
      { original: ORIGINAL, reply: REPLY, unreplied: false, assured: true, state: 'ESTABLISHED' },
    ]);
  });

  it('has no state for UDP, and says where no answer was seen', () => {
    const line =
      'udp      17 29 src=10.244.1.5 dst=10.96.0.30 sport=40000 dport=53 [UNREPLIED] ' +
      'src=10.244.1.6 dst=10.244.1.5 sport=5353 dport=40000 mark=0 use=1';
    const [connection] = parseConntrackList(line);
    expect(connection).to.include({ unreplied: true, assured: false, state: '' });
    expect(connection!.original.protocol).to.equal('UDP');
  });

  it('leaves out protocols without ports, and refuses what it cannot read', () => {
    const icmp = 'icmp 1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 src=10.0.0.2 dst=10.0.0.1';
    expect(parseConntrackList(`${icmp}\n`)).to.deep.equal([]);
    expect(() => parseConntrackList('tcp 6 299 ESTABLISHED src=10.0.0.1')).to.throw(SyntaxError);
  });

  it('is read back as the model prints it', () => {
    const entry = answered(newEntry(ORIGINAL, REPLY, START), START);
    const [connection] = parseConntrackList(formatConntrackEntry(entry, START));
    expect(connection).to.deep.include({ original: ORIGINAL, reply: REPLY, unreplied: false });
  });
});
