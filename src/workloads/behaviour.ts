// What the process of a container does: what the scenario says of it, else what its image is known
// to do, else one simple assumption, which is reported.

import type { Container, ContainerPort, Pod } from '../apiserver/kinds/pod';
import type { Timing } from '../timing';
import type { BehaviourSpec, ListenSpec } from '../values/cluster-spec';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { declarationsFor } from './behaviour-target';
import { endingOf, isIdle } from './command';
import type { Ending } from './command';
import { CLOSES_AT_ONCE, knownImage, libcOf } from './known-images';
import type { KnownImage } from './known-images';
import { nodeCacheOf } from './node-cache';
import type { NodeCache } from './node-cache';

export interface Behaviour {
  readonly listen: readonly ListenSpec[];
  /** From the start of the process until it listens. */
  readonly startup: Duration;
  readonly onTerm: NonNullable<BehaviourSpec['onTerm']>;
  /** From the start of the process until its readiness probes succeed. */
  readonly ready: Duration;
  /** HTTP status by path; 200 elsewhere. */
  readonly http: Readonly<Record<string, number>>;
  /** Exit code by command of exec probes; 0 elsewhere. */
  readonly exec: Readonly<Record<string, number>>;
  readonly libc: string;
  /** Bytes that it uses, as long as it runs. */
  readonly uses: NonNullable<BehaviourSpec['uses']>;
  /** For a process that ends by itself. */
  readonly ending: Ending | undefined;
  /** The application protocol that is modelled, if one is. */
  readonly speaks: 'dns' | undefined;
  /** How it sets up the network of its node, where it is a DNS cache there. */
  readonly nodeCache: NodeCache | undefined;
  /** Whether what it listens on is only assumed. */
  readonly assumed: boolean;
}

export interface BehaviourInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly declared: readonly BehaviourSpec[];
  /** Ports that Services which select the pod send their traffic to. */
  readonly targetPorts: readonly ListenSpec[];
  readonly timing: Timing;
}

/** What the process does. Pure: the same input gives the same behaviour. */
export function behaviourOf(input: BehaviourInput): Behaviour {
  return behaviourBy(knownImage(input.container.image ?? ''), input);
}

/** The same, for who knows already what there is to know of the image. */
export function behaviourBy(image: KnownImage | undefined, input: BehaviourInput): Behaviour {
  const { pod, container, timing } = input;
  const declared = declarationsFor(pod, container, input.declared);
  const words = wordsOf(container);
  const startup = declared.startup ?? ZERO;
  const onTerm = declared.onTerm ?? image?.onTerm?.(timing) ?? CLOSES_AT_ONCE;
  let { listen, ending, assumed } = listens(input, words, image);
  if (isInitContainer(pod, container)) {
    // It does its work and ends; how long that takes is its `startup`.
    ending = endingOf(words) ?? { after: startup, exitCode: 0 };
    listen = [];
    assumed = false;
  } else if (declared.listen !== undefined) {
    listen = declared.listen.filter((it) => belongsTo(pod, container, it));
    assumed = false;
  }
  return {
    startup,
    onTerm,
    ready: declared.ready ?? ZERO,
    http: declared.http ?? NOTHING,
    exec: declared.exec ?? NOTHING,
    uses: declared.uses ?? NOTHING,
    libc: declared.libc ?? libcOf(container.image ?? '', image),
    speaks: image?.speaks,
    nodeCache: nodeCacheOf(container),
    listen,
    ending,
    assumed,
  };
}

/** Whether two containers do the very same. */
export function areSame(one: Behaviour, other: Behaviour): boolean {
  return (
    one.assumed === other.assumed &&
    one.libc === other.libc &&
    one.startup === other.startup &&
    one.ready === other.ready &&
    one.onTerm === other.onTerm &&
    one.http === other.http &&
    one.exec === other.exec &&
    one.uses === other.uses &&
    one.ending === other.ending &&
    one.speaks === other.speaks &&
    one.nodeCache === other.nodeCache &&
    listenAlike(one.listen, other.listen)
  );
}

function listenAlike(one: readonly ListenSpec[], other: readonly ListenSpec[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    const [a, b] = [one[index]!, other[index]!];
    if (a.port !== b.port || a.protocol !== b.protocol || a.addresses !== b.addresses) return false;
  }
  return true;
}

function wordsOf({ command, args }: Container): readonly string[] {
  if (command === undefined) return args ?? NO_WORDS;
  return args === undefined ? command : [...command, ...args];
}

/** Most images are left to do what they do. */
const NO_WORDS: readonly string[] = [];

/** Of most behaviours nothing is declared. Frozen, so that nobody has to look into it. */
const NOTHING = Object.freeze({});

/** Whether a part of the behaviour is drawn anew each time it is asked for. */
export function drawsAtStart(image: KnownImage | undefined): boolean {
  return image?.onTerm !== undefined;
}

/** An init container that runs to its end; sidecars do not. */
export function isInitContainer(pod: Pod, container: Container): boolean {
  if (container.restartPolicy === 'Always') return false;
  return pod.spec.initContainers?.some(({ name }) => name === container.name) === true;
}

function listens(
  input: BehaviourInput,
  words: readonly string[],
  image: KnownImage | undefined,
): Pick<Behaviour, 'listen' | 'ending' | 'assumed'> {
  const ending = words.length === 0 ? undefined : endingOf(words);
  const idles = words.length > 0 && isIdle(words);
  if (ending !== undefined || idles) return { listen: [], ending, assumed: false };
  const isShell = image?.endsWithoutCommand !== undefined;
  if (isShell && words.length === 0 && !keepsStdinOpen(input.container)) {
    const end = { after: ZERO, exitCode: image.endsWithoutCommand ?? 0 };
    return { listen: [], ending: end, assumed: false };
  }
  if (isShell && words.length === 0) return { listen: [], ending: undefined, assumed: false };
  if (image !== undefined && !isShell && !isReconfigured(input.pod, image)) {
    const chosen = image.listenByArguments?.(words) ?? [];
    const listen = chosen.length > 0 ? chosen : image.listen;
    return { listen, ending: undefined, assumed: false };
  }
  return { listen: assumedPorts(input), ending: undefined, assumed: true };
}

/** Declared ports, probe ports, and what Services that select the pod aim at. */
function assumedPorts({ pod, container, targetPorts }: BehaviourInput): ListenSpec[] {
  const ports: ListenSpec[] = [];
  for (const { containerPort, protocol = 'TCP' } of container.ports ?? NO_PORTS) {
    add(ports, { port: containerPort, protocol });
  }
  for (const port of probePorts(container)) {
    // A probe may ask for what another container of the pod serves.
    const owner = declarerOf(pod, { port, protocol: 'TCP' });
    if (owner === undefined || owner.name === container.name) add(ports, { port, protocol: 'TCP' });
  }
  for (const target of targetPorts) {
    // Nearly all Services send their traffic to ports that are declared.
    if (!holds(ports, target) && belongsTo(pod, container, target)) ports.push(target);
  }
  if (ports.length < 2) return ports;
  return ports.sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

const NO_PORTS: readonly ContainerPort[] = [];

function add(ports: ListenSpec[], port: ListenSpec): void {
  if (!holds(ports, port)) ports.push(port);
}

function holds(ports: readonly ListenSpec[], { port, protocol }: ListenSpec): boolean {
  for (const it of ports) if (it.port === port && it.protocol === protocol) return true;
  return false;
}

/** Ports that network probes knock at. Names mean declared ports, which count anyway. */
function probePorts({ readinessProbe, livenessProbe, startupProbe }: Container): readonly number[] {
  const ports: number[] = [];
  for (const probe of [readinessProbe, livenessProbe, startupProbe]) {
    const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port;
    const number = Number(port);
    if (Number.isInteger(number) && number > 0) ports.push(number);
  }
  return ports;
}

/**
 * Containers of a pod share their ports, so one of them has each: the one that declares it, else
 * the first one of an image that is not known, else the first.
 */
function belongsTo(pod: Pod, container: Container, port: ListenSpec): boolean {
  const { containers } = pod.spec;
  const unknown = containers.find(({ image }) => knownImage(image ?? '') === undefined);
  const owner = declarerOf(pod, port) ?? unknown ?? containers[0];
  return owner?.name === container.name;
}

function declarerOf(pod: Pod, { port, protocol }: ListenSpec): Container | undefined {
  const declares = ({ ports = [] }: Container): boolean =>
    ports.some((it) => it.containerPort === port && (it.protocol ?? 'TCP') === protocol);
  return pod.spec.initContainers?.find(declares) ?? pod.spec.containers.find(declares);
}

/** A mounted ConfigMap or Secret can tell a server to listen elsewhere: its image says nothing. */
function isReconfigured(pod: Pod, image: KnownImage): boolean {
  if (image.speaks !== undefined) return false;
  return (pod.spec.volumes ?? []).some(({ configMap, secret }) => Boolean(configMap ?? secret));
}

function keepsStdinOpen(container: Container): boolean {
  return (container as { readonly stdin?: boolean }).stdin === true;
}
