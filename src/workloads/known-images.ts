// Images whose behaviour is known without being told, each with the reason. Matched by the last
// part of the repository name, so that mirrors and registries do not matter.

import type { Timing } from '../timing';
import type { ListenSpec } from '../values/cluster-spec';
import type { Duration } from '../values/time';
import { ZERO } from '../values/time';
import { nodeCacheListens } from './node-cache';

export interface KnownImage {
  /** The end of the repository name, after the last slash. */
  readonly name: string;
  /** What it listens on as it comes. */
  readonly listen: readonly ListenSpec[];
  /** Ports that arguments choose; wins over `listen` where it gives any. */
  readonly listenByArguments?: (words: readonly string[]) => readonly ListenSpec[];
  /** Without a command it ends at once, with this exit code: a shell without a terminal. */
  readonly endsWithoutCommand?: number;
  /** What it does on SIGTERM; closes at once without it. */
  readonly onTerm?: (timing: Timing) => { readonly do: 'drain'; readonly for: Duration };
  readonly libc?: 'musl';
  /** A modelled application protocol. */
  readonly speaks?: 'dns';
  readonly source: string;
}

function tcp(...ports: readonly number[]): ListenSpec[] {
  return ports.map((port) => ({ port, protocol: 'TCP' }));
}

function udp(...ports: readonly number[]): ListenSpec[] {
  return ports.map((port) => ({ port, protocol: 'UDP' }));
}

/** The number after a flag, in either of its two forms: `--port=80`, `--port 80`, `-p :80`. */
function portAfter(words: readonly string[], flag: RegExp): number | undefined {
  for (const [index, word] of words.entries()) {
    const [name = '', inline] = word.split('=');
    if (!flag.test(name)) continue;
    const port = /:?(\d+)$/.exec(inline ?? words[index + 1] ?? '');
    if (port !== null) return Number(port[1]);
  }
  return undefined;
}

function byFlag(flag: RegExp): (words: readonly string[]) => ListenSpec[] {
  return (words) => {
    const port = portAfter(words, flag);
    return port === undefined ? [] : tcp(port);
  };
}

const SHELL = { listen: [], endsWithoutCommand: 0 } as const;

export const KNOWN_IMAGES: readonly KnownImage[] = [
  {
    name: 'agnhost',
    listen: [],
    listenByArguments: agnhostPorts,
    source: 'kubernetes test/images/agnhost: pause by default, netexec on 8080 and 8081/udp',
  },
  { name: 'alpine', ...SHELL, libc: 'musl', source: 'Dockerfile CMD ["/bin/sh"]' },
  { name: 'busybox', ...SHELL, source: 'Dockerfile CMD ["sh"]' },
  {
    name: 'coredns',
    listen: [...udp(53), ...tcp(53, 8080, 8181, 9153)],
    onTerm: (timing) => ({ do: 'drain', for: timing.draw('coredns.lameduck', 'coredns') }),
    speaks: 'dns',
    source: "kubeadm's Corefile: dns 53, health 8080, ready 8181, prometheus 9153",
  },
  {
    name: 'curl',
    listen: [],
    endsWithoutCommand: 2,
    libc: 'musl',
    source: 'curlimages/curl: curl without a URL ends with exit code 2',
  },
  { name: 'debian', ...SHELL, source: 'Dockerfile CMD ["bash"]' },
  {
    name: 'http-echo',
    listen: tcp(5678),
    listenByArguments: byFlag(/^--?listen$/),
    source: 'hashicorp/http-echo main.go: -listen, default :5678',
  },
  { name: 'httpd', listen: tcp(80), source: 'httpd.conf: Listen 80' },
  {
    name: 'k8s-dns-node-cache',
    listen: [],
    listenByArguments: nodeCacheListens,
    // It serves no longer after SIGTERM: its Corefile has no lameduck.
    onTerm: () => ({ do: 'drain', for: ZERO }),
    speaks: 'dns',
    source: 'kubernetes/dns cmd/node-cache/main.go: dns 53 and health 8080 at -localip',
  },
  { name: 'memcached', listen: tcp(11_211), source: 'memcached -p, default 11211' },
  { name: 'mongo', listen: tcp(27_017), source: 'mongod --port, default 27017' },
  { name: 'mysql', listen: tcp(3_306, 33_060), source: 'mysqld --port, default 3306' },
  { name: 'netshoot', ...SHELL, libc: 'musl', source: 'nicolaka/netshoot: CMD ["zsh"]' },
  { name: 'nginx', listen: tcp(80), source: 'docker-nginx default.conf: listen 80' },
  { name: 'nginx-unprivileged', listen: tcp(8080), source: 'nginxinc: listen 8080' },
  { name: 'pause', listen: [], source: 'kubernetes build/pause/linux/pause.c: waits for signals' },
  { name: 'postgres', listen: tcp(5_432), source: 'postgres -p, default 5432' },
  {
    name: 'redis',
    listen: tcp(6_379),
    listenByArguments: byFlag(/^--port$/),
    source: 'redis.conf: port 6379',
  },
  { name: 'ubuntu', ...SHELL, source: 'Dockerfile CMD ["/bin/bash"]' },
  {
    name: 'whoami',
    listen: tcp(80),
    listenByArguments: byFlag(/^--?port$/),
    source: 'traefik/whoami app.go: -port, default 80',
  },
];

const BY_NAME = new Map(KNOWN_IMAGES.map((image) => [image.name, image]));

/** Alpine releases from this one on have musl 1.2.4, which falls back to TCP. */
const ALPINE_WITH_TCP = 18;

/**
 * The C library of an image, as far as it is known; glibc otherwise.
 * source: alpine aports main/musl (3.17: 1.2.3, 3.18: 1.2.4)
 */
export function libcOf(reference: string, image: KnownImage | undefined): string {
  const libc = image?.libc ?? 'glibc';
  const release = /\/?alpine:3\.(\d+)/.exec(reference)?.[1];
  return release !== undefined && Number(release) < ALPINE_WITH_TCP ? 'musl-1.2.3' : libc;
}

/** The row of an image reference, whatever its registry, tag or digest. */
export function knownImage(reference: string): KnownImage | undefined {
  return BY_NAME.get(lastNameOf(reference));
}

/** Of `registry:5000/team/app:1.2@sha256:…` it is `app`. */
function lastNameOf(reference: string): string {
  const digest = reference.indexOf('@');
  const path = digest < 0 ? reference : reference.slice(0, digest);
  const start = path.lastIndexOf('/') + 1;
  const tag = path.indexOf(':', start);
  return tag < 0 ? path.slice(start) : path.slice(start, tag);
}

/** A process that takes SIGTERM at once, as most do. */
export const CLOSES_AT_ONCE = Object.freeze({ do: 'close', for: ZERO } as const);

/** source: test/images/agnhost/{netexec,serve-hostname,test-webserver}; subcommand and flags. */
function agnhostPorts(words: readonly string[]): readonly ListenSpec[] {
  if (words.includes('netexec')) {
    const http = portAfter(words, /^--http-port$/) ?? 8080;
    return [...tcp(http), ...udp(portAfter(words, /^--udp-port$/) ?? 8081)];
  }
  if (words.includes('serve-hostname')) return tcp(portAfter(words, /^--port$/) ?? 9376);
  if (words.includes('test-webserver')) return tcp(portAfter(words, /^--port$/) ?? 80);
  return [];
}
