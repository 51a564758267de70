// Puts a topology up with the real tools, loads the rules that the model generated, and staffs
// every room with an agent.

import type { Cluster } from '../../src/cluster/cluster';
import { CONTROL_PLANE } from '../../src/network/index';
import type { Machine } from '../../src/node/machine';
import type { ListenSpec } from '../../src/values/cluster-spec';
import { Agent } from './agents';
import { run, runIn } from './commands';
import type { LabProtocol } from './agent-protocol';
import { loadRules, watchConnections } from './rules';
import type { RuleTexts } from './rules';
import { roomOfExternal, roomOfPod, topologyOf } from './topology';
import type { Room, Topology } from './topology';

/** Whatever is true of every namespace, so that nothing of the host's settings shows through. */
const SETTINGS: Readonly<Record<string, number>> = {
  // Answers may come back by another way than the packets that they answer.
  'net/ipv4/conf/all/rp_filter': 0,
  'net/ipv4/conf/default/rp_filter': 0,
  // The kernel would send a client one ICMP error a second, and all of them fifty at once.
  'net/ipv4/icmp_ratemask': 0,
  'net/ipv6/conf/all/disable_ipv6': 1,
  'net/ipv6/conf/default/disable_ipv6': 1,
};

/** What stands in a bridged node without being asked for; see docs/lab.md. */
const BRIDGED: Readonly<Record<string, number>> = { 'net/bridge/bridge-nf-call-iptables': 1 };

/** A lab that stands. */
export class Building {
  readonly cluster: Cluster;
  private readonly topology: Topology;
  private readonly agents = new Map<string, Agent>();

  private constructor(cluster: Cluster, topology: Topology) {
    this.cluster = cluster;
    this.topology = topology;
  }

  /** Builds everything; `rules` are loaded on each node. */
  static async of(
    cluster: Cluster,
    rules: (machine: Machine) => RuleTexts,
    onTrouble: (error: Error) => void,
  ): Promise<Building> {
    const building = new Building(cluster, topologyOf(cluster));
    try {
      await building.build();
      for (const machine of cluster.machines.values())
        await loadRules(machine.name, rules(machine));
      await watchConnections(CONTROL_PLANE);
      await building.staff(onTrouble);
    } catch (error) {
      await building.tearDown();
      throw error;
    }
    return building;
  }

  agent(room: string): Agent {
    const agent = this.agents.get(room);
    if (agent === undefined) throw new RangeError(`nobody is in ${room}`);
    return agent;
  }

  /** The agents end, and with their namespaces go all devices, routes, rules and connections. */
  async tearDown(): Promise<void> {
    await Promise.all([...this.agents.values()].map((agent) => agent.close()));
    const names = this.topology.rooms.map(({ name }) => `netns delete ${name}`);
    await run('ip', ['-force', '-batch', '-'], lines(names)).catch(() => {});
  }

  private async build(): Promise<void> {
    const { rooms, cables } = this.topology;
    await run('ip', ['-batch', '-'], lines(rooms.map(({ name }) => `netns add ${name}`)));
    await Promise.all(rooms.map(setUp));
    await run('ip', ['-batch', '-'], lines(cables));
    for (const { name, links } of rooms) {
      await run('ip', ['-netns', name, '-batch', '-'], lines(links));
    }
    await Promise.all(rooms.map(setDevices));
    await Promise.all(rooms.map(setForwarding));
  }

  private async staff(onTrouble: (error: Error) => void): Promise<void> {
    const { cluster } = this;
    const { machines, spec } = cluster;
    const listening: Promise<void>[] = [];
    const hire = (room: string): Agent => {
      const agent = new Agent(room, onTrouble);
      this.agents.set(room, agent);
      return agent;
    };
    for (const machine of machines.values()) {
      listening.push(...staffNode(hire(machine.name), machine));
      for (const sandbox of new Set(machine.sandboxes.values())) {
        const agent = hire(roomOfPod(sandbox.podKey));
        const specs = [...sandbox.processes.values()].flatMap(({ listen }) => listen);
        listening.push(...listenOn(agent, specs, sandbox.podKey, sandbox.addresses));
      }
    }
    for (const { name, address, listen } of spec.externals) {
      const agent = hire(roomOfExternal(name));
      listening.push(...listenOn(agent, listen, `external/${name}`, [address]));
    }
    const api = [{ port: 6443, protocol: 'TCP' }] as const;
    const name = `node/${CONTROL_PLANE}`;
    listening.push(...listenOn(hire(CONTROL_PLANE), api, name, [spec.controlPlane]));
    await Promise.all(listening);
  }
}

async function setUp({ name, settings }: Room): Promise<void> {
  await set(name, { ...SETTINGS, ...BRIDGED, ...settings });
}

async function setDevices({ name, deviceSettings = {} }: Room): Promise<void> {
  if (Object.keys(deviceSettings).length > 0) await set(name, deviceSettings);
}

async function set(name: string, all: Readonly<Record<string, number>>): Promise<void> {
  const orders = Object.entries(all).map(([key, value]) => `echo ${value} > /proc/sys/${key}`);
  await runIn(name, 'sh', ['-e'], lines(orders));
}

/** Entries of tunnels are written by two tools. */
async function setForwarding({ name, forwarding }: Room): Promise<void> {
  const neighbours = forwarding.filter((line) => line.startsWith('neigh'));
  const hosts = forwarding.filter((line) => line.startsWith('fdb'));
  if (neighbours.length > 0) await run('ip', ['-netns', name, '-batch', '-'], lines(neighbours));
  if (hosts.length > 0) await run('bridge', ['-netns', name, '-batch', '-'], lines(hosts));
}

/** Host-network pods share the sockets of their node with the node's own processes. */
function staffNode(agent: Agent, machine: Machine): Promise<void>[] {
  // Several devices may have one address.
  const all = machine.interfaces.flatMap((it) => it.addresses.map((text) => text.split('/')[0]!));
  const addresses = [...new Set(all)];
  const pods = [...machine.hostSandboxes].flatMap((sandbox) => {
    const specs = [...sandbox.processes.values()].flatMap(({ listen }) => listen);
    return listenOn(agent, specs, sandbox.podKey, addresses);
  });
  const daemons = [...machine.daemons.values()].flatMap(({ listen }) =>
    listenOn(agent, listen, `node/${machine.name}`, addresses),
  );
  return [...pods, ...daemons];
}

function listenOn(
  agent: Agent,
  specs: readonly ListenSpec[],
  name: string,
  addresses: readonly string[],
): Promise<void>[] {
  const own = addresses.filter((address) => !address.includes(':'));
  return specs.map(({ port, protocol }) =>
    agent.listen({ protocol: protocol as LabProtocol, port, name, addresses: own }),
  );
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
