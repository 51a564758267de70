// Machines of the model as network namespaces: their devices, addresses and routes, the pods that
// are plugged into them, and the network that they stand on. Every address and route is read off
// the model; only hardware addresses, which it does not have, follow from the addresses.

import type { Cluster } from '../../src/cluster/cluster';
import type { Machine, NetworkInterface, Route } from '../../src/node/machine';
import { isLoopback } from '../../src/node/machine';
import type { PodSandbox } from '../../src/node/pod-sandbox';
import type { ExternalSpec } from '../../src/values/cluster-spec';
import { cidr, contains } from '../../src/values/cidr';
import { familyOf } from '../../src/values/ip';
import type { IP } from '../../src/values/ip';
import { CONTROL_PLANE } from '../../src/network/index';
import { LATELY_GONE } from './services';

/** One namespace with the lines for `ip -batch` and `bridge -batch` that furnish it. */
export interface Room {
  readonly name: string;
  readonly settings: Readonly<Record<string, number>>;
  readonly links: readonly string[];
  /** Settings of devices, once the links are there. */
  readonly deviceSettings?: Readonly<Record<string, number>>;
  /** Forwarding entries of tunnels, once the links are there. */
  readonly forwarding: readonly string[];
}

/** The whole lab: rooms, and the cables between them. */
export interface Topology {
  readonly rooms: readonly Room[];
  /** Lines for `ip -batch` that create pairs of devices, each end in its room. */
  readonly cables: readonly string[];
}

/** The switch that all hosts are plugged into. It looks into no packet. */
const SWITCH = 'switch';
/** The way to everywhere else. It knows the far hosts and swallows what is for nobody. */
const ROUTER = 'router';

/** source: IANA has 4789; flannel and Linux have used 8472 from the start. */
const VXLAN = 'id 1 dstport 8472 nolearning';
/** source: projectcalico api/pkg/apis/projectcalico/v3 felixconfig.go (VXLANVNI, VXLANPort) */
const CALICO_VXLAN = 'id 4096 dstport 4789 nolearning';

/** The gateway of a pod whose host's end has no address: the host answers ARP for everything. */
const LINK_LOCAL_GATEWAY = '169.254.1.1';

export function roomOfPod(podKey: string): string {
  return `pod-${podKey.replace('/', '-')}`;
}

export function roomOfExternal(name: string): string {
  return `external-${name}`;
}

/** The lab of a cluster with IPv4. Throws where a machine has what the lab cannot build. */
export function topologyOf(cluster: Cluster): Topology {
  const cables: string[] = [];
  const machines = [...cluster.machines.values()];
  const rooms = machines.flatMap((machine) => [
    nodeRoom(cluster, machine, cables),
    ...[...new Set(machine.sandboxes.values())].map((it) => podRoom(machine, it, cables)),
  ]);
  const gateway = gatewayOf(machines);
  const neighbours = [...cluster.spec.externals, controlPlaneOf(cluster)].filter(
    ({ address }) => !cluster.machines.has(address) && isNear(cluster, address),
  );
  const far = cluster.spec.externals.filter(({ address }) => !isNear(cluster, address));
  const hosts = neighbours.map((it) => hostRoom(cluster, it, gateway, cables));
  const plugs = cables.filter((line) => line.includes(`netns ${SWITCH}`)).map(plugOf);
  const router = routerRoom(cluster, gateway, far, cables);
  const distant = far.map((it) => farRoom(it, gateway));
  return {
    rooms: [switchRoom([...plugs, ROUTER]), ...rooms, ...hosts, router, ...distant],
    cables,
  };
}

/** A machine with its devices and routes; its pods are plugged in by `podRoom`. */
function nodeRoom(cluster: Cluster, machine: Machine, cables: string[]): Room {
  cables.push(cable(machine.name, 'eth0', SWITCH, machine.name));
  const bridge = machine.interfaces.find(({ kind }) => kind === 'bridge');
  const pods = [...new Set(machine.sandboxes.values())];
  const tunnels = machine.interfaces.filter(({ kind }) => kind === 'tunnel');
  const isFromOutside = cluster.spec.proxy.mode === 'iptables';
  return {
    name: machine.name,
    // kube-proxy itself opens 127.0.0.0/8 for node ports.
    // source: pkg/proxy/iptables/proxier.go NewProxier (route_localnet)
    settings: { ...FORWARDING, 'net/ipv4/conf/all/route_localnet': isFromOutside ? 1 : 0 },
    links: [
      'link set lo up',
      ...device(machine, machine.device('eth0')!),
      ...(bridge === undefined ? [] : bridgeLines(bridge)),
      ...tunnels.flatMap((tunnel) => tunnelLines(machine, tunnel)),
      ...pods.flatMap((pod) => portLines(machine, pod)),
      ...machine.routes.filter(isIPv4Route).flatMap(routeLines),
    ],
    deviceSettings: Object.fromEntries(pods.flatMap((pod) => arpSettings(machine, pod))),
    forwarding: [
      ...machine.routes.filter(isIPv4Route).flatMap(forwardingLines),
      ...Object.entries(LATELY_GONE)
        .filter(([node]) => node === machine.name && bridge !== undefined)
        .map(([, address]) => rememberedLine(address, bridge!)),
    ],
  };
}

function podRoom(machine: Machine, sandbox: PodSandbox, cables: string[]): Room {
  const name = roomOfPod(sandbox.podKey);
  const address = sandbox.addresses.find((it) => familyOf(it) === 'IPv4')!;
  const route = machine.routing.lookup(address)!;
  const uplink = machine.device(route.device)!;
  const isBridged = uplink.kind === 'bridge';
  const gateway = isBridged ? (route.source ?? addressesOf(uplink)[0]) : gatewayBehind(uplink);
  cables.push(cable(name, 'eth0', machine.name, isBridged ? portOf(sandbox) : uplink.name));
  return {
    name,
    settings: {},
    links: [
      'link set lo up',
      `link set eth0 mtu ${uplink.mtu} up`,
      `addr add ${address}/${cidr(route.destination).prefix} dev eth0`,
      ...(isBridged ? [] : [`route add ${gateway}/32 dev eth0 scope link`]),
      `route add default via ${gateway} dev eth0`,
    ],
    forwarding: [],
  };
}

/** A host on the node network that is no node: it has an address, and a router for the rest. */
function hostRoom(
  cluster: Cluster,
  { name, address }: Pick<ExternalSpec, 'name' | 'address'>,
  gateway: IP,
  cables: string[],
): Room {
  const room = name === CONTROL_PLANE ? name : roomOfExternal(name);
  cables.push(cable(room, 'eth0', SWITCH, name));
  return {
    name: room,
    settings: {},
    links: [
      'link set lo up',
      `addr add ${address}/${rangeOf(cluster, address)!.prefix} dev eth0`,
      'link set eth0 up',
      `route add default via ${gateway} dev eth0`,
    ],
    forwarding: [],
  };
}

function routerRoom(
  cluster: Cluster,
  gateway: IP,
  far: readonly ExternalSpec[],
  cables: string[],
): Room {
  cables.push(cable(ROUTER, 'eth0', SWITCH, ROUTER));
  cables.push(...far.map(({ name }) => cable(roomOfExternal(name), 'eth0', ROUTER, name)));
  return {
    name: ROUTER,
    settings: FORWARDING,
    links: [
      'link set lo up',
      `addr add ${gateway}/${rangeOf(cluster, gateway)!.prefix} dev eth0`,
      'link set eth0 up',
      ...far.map(({ name }) => `link set ${name} up`),
      ...far.map(({ name, address }) => `route add ${address}/32 dev ${name} src ${gateway}`),
      'route add blackhole default',
    ],
    forwarding: [],
  };
}

function farRoom({ name, address }: ExternalSpec, gateway: IP): Room {
  return {
    name: roomOfExternal(name),
    settings: {},
    links: [
      'link set lo up',
      `addr add ${address}/32 dev eth0`,
      'link set eth0 up',
      `route add default via ${gateway} dev eth0 onlink`,
    ],
    forwarding: [],
  };
}

function switchRoom(ports: readonly string[]): Room {
  return {
    name: SWITCH,
    settings: { 'net/bridge/bridge-nf-call-iptables': 0 },
    links: [
      'link add lan type bridge',
      'link set lan up',
      ...ports.flatMap((port) => [`link set ${port} master lan`, `link set ${port} up`]),
    ],
    forwarding: [],
  };
}

const FORWARDING = { 'net/ipv4/ip_forward': 1, 'net/ipv4/conf/all/send_redirects': 0 } as const;

function device(machine: Machine, { name, mtu }: NetworkInterface): string[] {
  const known = machine.device(name)!;
  return [...addressLines(known), `link set ${name} mtu ${mtu} up`];
}

function bridgeLines(bridge: NetworkInterface): string[] {
  const { name, mtu } = bridge;
  const hardware = hardwareAddress(addressesOf(bridge)[0]!);
  return [
    `link add ${name} address ${hardware} type bridge`,
    ...addressLines(bridge),
    `link set ${name} mtu ${mtu} up`,
  ];
}

/**
 * A pod's end in its host: a device of its own, or a port of the bridge, which may or may not send
 * back what came in.
 */
function portLines(machine: Machine, sandbox: PodSandbox): string[] {
  const bridge = uplinkOf(machine, sandbox);
  if (bridge.kind !== 'bridge') return device(machine, bridge);
  const port = portOf(sandbox);
  return [
    `link set ${port} mtu ${bridge.mtu} master ${bridge.name}`,
    `link set ${port} type bridge_slave hairpin ${bridge.hairpin === true ? 'on' : 'off'}`,
    `link set ${port} up`,
  ];
}

/** source: projectcalico felix/dataplane/linux/endpoint_mgr.go (configureInterface) */
function arpSettings(machine: Machine, sandbox: PodSandbox): [string, number][] {
  const { kind, name } = uplinkOf(machine, sandbox);
  if (kind === 'bridge') return [];
  return [
    [`net/ipv4/conf/${name}/proxy_arp`, 1],
    [`net/ipv4/neigh/${name}/proxy_delay`, 0],
  ];
}

/** The host's device behind which the pod is. */
function uplinkOf(machine: Machine, { addresses }: PodSandbox): NetworkInterface {
  const address = addresses.find((it) => familyOf(it) === 'IPv4')!;
  return machine.device(machine.routing.lookup(address)!.device)!;
}

/** The pod's gateway: the address of the host's end, or one that nobody has. */
function gatewayBehind(uplink: NetworkInterface): string {
  return addressesOf(uplink)[0] ?? LINK_LOCAL_GATEWAY;
}

function tunnelLines(machine: Machine, tunnel: NetworkInterface): string[] {
  const route = machine.routes.find((it) => it.device === tunnel.name);
  const kind = route?.encapsulation?.kind;
  if (kind !== 'vxlan') throw new RangeError(`${tunnel.name}: only vxlan tunnels can be built`);
  const local = machine.primaryAddress('eth0', 'IPv4');
  const hardware = hardwareAddress(addressesOf(tunnel)[0]!);
  const vxlan = tunnel.name === 'vxlan.calico' ? CALICO_VXLAN : VXLAN;
  return [
    `link add ${tunnel.name} address ${hardware} type vxlan ${vxlan} local ${local} dev eth0`,
    ...addressLines(tunnel),
    `link set ${tunnel.name} mtu ${tunnel.mtu} up`,
  ];
}

/** The kernel adds no routes of its own: those that stand are the model's. */
function addressLines({ name, addresses }: NetworkInterface): string[] {
  const own = addresses.filter((text) => familyOf(text.split('/')[0] as IP) === 'IPv4');
  return own.map((address) => `addr add ${address} dev ${name} noprefixroute`);
}

function routeLines({ destination, device, via, source, blackhole }: Route): string[] {
  if (blackhole === true) return [`route add blackhole ${destination}`];
  const gateway = via === undefined ? [] : [`via ${via}`, 'onlink'];
  const preferred = source === undefined ? [] : [`src ${source}`];
  return [['route add', destination, ...gateway, `dev ${device}`, ...preferred].join(' ')];
}

/** As flanneld enters them: who has the other end's address, and behind which host it is. */
function forwardingLines({ via, device, encapsulation }: Route): string[] {
  if (encapsulation === undefined || via === undefined) return [];
  const hardware = hardwareAddress(via);
  return [
    `neigh replace ${via} lladdr ${hardware} dev ${device} nud permanent`,
    `fdb append ${hardware} dev ${device} dst ${encapsulation.remote}`,
  ];
}

/** What stays in the ARP cache of a pod that is gone. */
function rememberedLine(address: string, { name }: NetworkInterface): string {
  return `neigh replace ${address} lladdr ${hardwareAddress(address as IP)} dev ${name} nud noarp`;
}

function cable(room: string, name: string, otherRoom: string, otherName: string): string {
  const [end, other] = [`${name} netns ${room}`, `${otherName} netns ${otherRoom}`];
  return `link add ${end} type veth peer name ${other}`;
}

/** The name of the switch's end of a cable. */
function plugOf(line: string): string {
  return /peer name (\S+)/.exec(line)![1]!;
}

/** Device names have 15 letters at most; pods are numbered by their address. */
function portOf({ addresses }: PodSandbox): string {
  return `veth${addresses[0]!.split('.').slice(2).join('-')}`;
}

/** A locally administered hardware address. */
function hardwareAddress(address: IP): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['02', '42', ...bytes].join(':');
}

function addressesOf({ addresses }: NetworkInterface): IP[] {
  const own = addresses.map((text) => text.split('/')[0] as IP);
  return own.filter((address) => familyOf(address) === 'IPv4' && !isLoopback(address));
}

function isIPv4Route({ destination }: Route): boolean {
  return cidr(destination).family === 'IPv4';
}

function gatewayOf(machines: readonly Machine[]): IP {
  const route = machines[0]?.routes.find(({ destination }) => destination === '0.0.0.0/0');
  if (route?.via === undefined) throw new RangeError('the machines have no router');
  return route.via;
}

function controlPlaneOf({ spec }: Cluster): Pick<ExternalSpec, 'name' | 'address'> {
  return { name: CONTROL_PLANE, address: spec.controlPlane };
}

function isNear(cluster: Cluster, address: IP): boolean {
  return rangeOf(cluster, address) !== undefined;
}

function rangeOf({ spec }: Cluster, address: IP) {
  return spec.nodeCIDRs.map(cidr).find((range) => contains(range, address));
}
