// IPVS and ipsets as text: what `ipvsadm -ln` prints, and what `ipset save` prints and
// `ipset restore` loads.
// source: ipvsadm.c print_conn and print_service_entry; ipset lib/print.c

import { formatEndpoint } from '../../values/ip';
import type { Family } from '../../values/ip';
import { sortedBy } from '../../values/order';
import type { Field, NamedSet } from './ruleset';
import { virtualServersOf } from './virtual-server';
import type { ConnectionCount, RealServer } from './virtual-server';
import type { VirtualServer, VirtualServerTable } from './virtual-server';

/** How the connections of a real server are found; without it none are shown. */
export type CountConnections = (virtual: VirtualServer, server: RealServer) => ConnectionCount;

const HEAD = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`;

const NONE: ConnectionCount = { active: 0, inactive: 0 };

/** The virtual servers as `ipvsadm -ln` lists them. */
export function renderVirtualServers(
  table: VirtualServerTable,
  countOf: CountConnections = () => NONE,
): string {
  const lines = [...virtualServersOf(table)].flatMap((virtual) => [
    virtualLine(virtual),
    ...virtual.servers.map((server) => realLine(server, countOf(virtual, server))),
  ]);
  return HEAD + lines.map((line) => `${line}\n`).join('');
}

/** `TCP  10.96.0.20:80 rr persistent 10800`. */
function virtualLine({ protocol, address, port, scheduler, persistence }: VirtualServer): string {
  const flags = persistence === undefined ? '' : ` persistent ${persistence}`;
  return `${protocol.padEnd(4)} ${formatEndpoint(address, port)} ${scheduler}${flags}`;
}

/** `  -> 10.244.1.5:8080              Masq    1      0          0`. */
function realLine({ address, port, weight }: RealServer, count: ConnectionCount): string {
  const columns = [
    formatEndpoint(address, port).padEnd(28),
    'Masq'.padEnd(7),
    String(weight).padEnd(6),
    String(count.active).padEnd(10),
    String(count.inactive).padEnd(10),
  ];
  return `  -> ${columns.join(' ')}`;
}

/** The sets, each with its elements. */
export function renderIpsets(sets: Iterable<NamedSet>, family: Family): string {
  const lines = [...sets].flatMap((set) => [
    `create ${set.name} ${typeOf(set, family)}`,
    ...sortedBy(set.elements, (key) => key).map((key) => `add ${set.name} ${entryOf(key)}`),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

/** How fields are called in the type of a set; the port of `hash` types carries its protocol. */
const TYPE_WORDS: Readonly<Record<Field, string>> = {
  destination: 'ip',
  protocol: '',
  'destination-port': 'port',
  source: 'ip',
};

function typeOf({ fields, ranges }: NamedSet, family: Family): string {
  if (fields.length === 1 && fields[0] === 'destination-port') return 'bitmap:port range 0-65535';
  const words = fields.map((field) => TYPE_WORDS[field]).filter((word) => word !== '');
  if (ranges === true) words[words.length - 1] = 'net';
  const inet = family === 'IPv4' ? 'inet' : 'inet6';
  return `hash:${words.join(',')} family ${inet} hashsize 1024 maxelem 65536`;
}

/** `10.96.0.20 . tcp . 80` → `10.96.0.20,tcp:80`. */
function entryOf(key: string): string {
  return key.replace(/ \. (tcp|udp|sctp) \. (\d+)/, ',$1:$2').replaceAll(' . ', ',');
}
