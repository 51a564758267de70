// Real nameservers: each on an address of its own, over UDP and TCP, with the responses of a
// scenario. They note every query that comes.

import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Server as TcpServer, Socket } from 'node:net';
import { decode, encode, streamEncode } from 'dns-packet';
import type { Packet } from 'dns-packet';
import type { IP } from '../../../src/values/ip';
import { formatQuestion } from '../../../src/workloads/dns-message';
import type { DnsTransport } from '../../../src/workloads/index';
import { Nameservers } from './answers';
import { withSocketsCounted } from './modelled';
import type { SeenQuery } from './modelled';
import type { Scenario } from './scenarios';
import { packetOf, queryIn } from './wire';

const PORT = 53;
/** The length of a message, in front of it on a stream. */
const LENGTH_OCTETS = 2;

export class RealNameservers {
  private readonly servers: Nameservers;
  private readonly sockets: (UdpSocket | TcpServer)[] = [];
  private readonly connections = new Set<Socket>();
  private readonly seen: SeenQuery[] = [];
  private isOpen = true;

  private constructor(scenario: Scenario) {
    this.servers = new Nameservers(scenario);
  }

  /** Begins to listen at the addresses, one for each nameserver of the scenario. */
  static async at(addresses: readonly IP[], scenario: Scenario): Promise<RealNameservers> {
    const all = new RealNameservers(scenario);
    await Promise.all(
      addresses.flatMap((address, index) => [
        ...(all.servers.listens(index, 'UDP') ? [all.listenUdp(address, index)] : []),
        ...(all.servers.listens(index, 'TCP') ? [all.listenTcp(address, index)] : []),
      ]),
    );
    return all;
  }

  /** What has been asked, in the order of arrival. */
  queries(): readonly SeenQuery[] {
    const begin = this.seen[0]?.at ?? 0;
    return withSocketsCounted(this.seen.map((query) => ({ ...query, at: query.at - begin })));
  }

  async close(): Promise<void> {
    this.isOpen = false;
    for (const connection of this.connections) connection.destroy();
    const closed = (socket: UdpSocket | TcpServer) =>
      new Promise<void>((resolve) => socket.close(() => resolve()));
    await Promise.all(this.sockets.map(closed));
  }

  private listenUdp(address: IP, index: number): Promise<void> {
    const socket = createSocket('udp4');
    this.sockets.push(socket);
    socket.on('message', (octets, { address: to, port }) => {
      this.respond(index, 'UDP', port, octets, (reply) => socket.send(encode(reply), port, to));
    });
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.bind(PORT, address, resolve);
    });
  }

  private listenTcp(address: IP, index: number): Promise<void> {
    const server = createServer((connection) => this.serve(connection, index));
    this.sockets.push(server);
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      server.listen(PORT, address, resolve);
    });
  }

  private serve(connection: Socket, index: number): void {
    this.connections.add(connection);
    const { remotePort = 0 } = connection;
    let rest: Buffer = Buffer.alloc(0);
    connection.on('error', () => {});
    connection.on('close', () => this.connections.delete(connection));
    connection.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= LENGTH_OCTETS) {
        const end = LENGTH_OCTETS + rest.readUInt16BE();
        if (rest.length < end) return;
        this.respond(index, 'TCP', remotePort, rest.subarray(LENGTH_OCTETS, end), (reply) => {
          if (connection.writable) connection.write(streamEncode(reply));
        });
        rest = rest.subarray(end);
      }
    });
  }

  private respond(
    server: number,
    transport: DnsTransport,
    port: number,
    octets: Buffer,
    send: (reply: Packet) => void,
  ): void {
    const packet = decoded(octets);
    if (packet === undefined) {
      const query = `malformed ${octets.toString('hex')}`;
      this.seen.push({ at: performance.now(), server, transport, socket: port, query, udpSize: 0 });
      return;
    }
    const { question, udpSize } = queryIn(packet);
    const query = formatQuestion(question);
    this.seen.push({ at: performance.now(), server, transport, socket: port, query, udpSize });
    const response = this.servers.respond(server, transport, question, udpSize);
    if (response === 'silence' || response === 'closed') return;
    setTimeout(() => {
      // The client may have gone, and the scenario with it.
      if (this.isOpen) send(packetOf(packet, response));
    }, response.delay / 1_000);
  }
}

function decoded(octets: Buffer): Packet | undefined {
  try {
    return decode(octets);
  } catch {
    return undefined;
  }
}
