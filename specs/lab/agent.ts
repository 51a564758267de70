// A process in one network namespace of the lab: it listens for the processes that the model has
// there, and connects as their clients. It knows nothing of the model; see agent-protocol.ts.

import { createSocket } from 'node:dgram';
import type { RemoteInfo } from 'node:dgram';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { ConnectOrder, Greeting, ListenOrder, Order, Report } from './agent-protocol';

const OUTCOMES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

const ANYWHERE = '0.0.0.0';
/** Connections that may wait to be accepted (net.core.somaxconn allows as many). */
const BACKLOG = 4_096;

createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line) as Order))
  .on('close', () => process.exit(0));
process.on('uncaughtException', (error) => say({ report: 'trouble', text: String(error.stack) }));

function obey(order: Order): void {
  if (order.order === 'connect') {
    if (order.protocol === 'TCP') connectTcp(order);
    else askUdp(order);
  } else if (order.protocol === 'TCP') listenTcp(order);
  else listenUdp(order);
}

function say(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function listenTcp({ name, port }: ListenOrder): void {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
    const seen = { seenAddress: remoteAddress, seenPort: remotePort };
    const greeting: Greeting = { name, address: localAddress, port: localPort, ...seen };
    socket.end(JSON.stringify(greeting));
  });
  server.listen(port, ANYWHERE, BACKLOG, () => say({ report: 'listening', port }));
}

/**
 * One socket for each address: an answer has to leave from the address that was asked. A single
 * socket bound to all of them would answer from whichever address the route back prefers.
 */
function listenUdp({ name, port, addresses }: ListenOrder): void {
  let waiting = addresses.length;
  for (const address of addresses) {
    const socket = createSocket('udp4');
    socket.on('message', (_, { address: seenAddress, port: seenPort }: RemoteInfo) => {
      const greeting: Greeting = { name, address, port, seenAddress, seenPort };
      socket.send(JSON.stringify(greeting), seenPort, seenAddress);
    });
    socket.bind(port, address, () => {
      if (--waiting === 0) say({ report: 'listening', port });
    });
  }
}

function connectTcp({ id, address, port, sport, patience }: ConnectOrder): void {
  const socket = connect({ host: address, port, localPort: sport });
  let text = '';
  const end = onlyOnce(id, patience, () => socket.destroy());
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('end', () => end('ok', text));
  socket.on('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error)));
}

function askUdp({ id, address, port, sport, patience }: ConnectOrder): void {
  const socket = createSocket('udp4');
  const end = onlyOnce(id, patience, () => socket.close());
  socket.on('message', (message) => end('ok', message.toString()));
  socket.on('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error)));
  // Connected, so that the kernel hands ICMP errors to the socket and strangers' datagrams not.
  socket.bind(sport, ANYWHERE, () => socket.connect(port, address, () => socket.send('hello')));
}

/** Reports the first outcome of an attempt, or its silence, and ends the attempt. */
function onlyOnce(id: number, patience: number, close: () => void) {
  let isOver = false;
  const end = (outcome: string, text: string = ''): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    close();
    const greeting = text === '' ? {} : { greeting: JSON.parse(text) as Greeting };
    say({ report: 'outcome', id, outcome, ...greeting });
  };
  const timer = setTimeout(() => end('timeout'), patience);
  return end;
}

function outcomeOf({ code = 'unknown' }: NodeJS.ErrnoException): string {
  return OUTCOMES[code] ?? code;
}
