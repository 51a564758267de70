// The real resolvers: a small program with each of the C libraries, and dig. Each asks in a mount
// namespace in which /etc holds nothing but its resolv.conf, nsswitch.conf and hosts.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IP } from '../../../src/values/ip';
import { optionTexts } from '../../../src/workloads/resolv-conf';
import type { ResolvConf } from '../../../src/workloads/resolv-conf';
import { run } from '../commands';
import { readDig, readGetaddrinfo } from './client-output';
import type { ClientOutput } from './client-output';
import { confOf, HOSTS } from './modelled';
import type { Scenario } from './scenarios';

/** Private to the lab, see enclosure.ts. */
const WORKSHOP = '/run/resolvers';
const SOURCE = join('specs', 'lab', 'resolvers', 'getaddrinfo.c');

export interface Client {
  readonly name: 'glibc' | 'musl' | 'dig';
  readonly version: string;
  /** Its profile in the model. */
  readonly libc: string;
}

/** A resolver that is not there, and what would bring it. */
export interface Missing {
  readonly name: Client['name'];
  readonly reason: string;
}

const TOOLS: Readonly<Record<Client['name'], readonly [tool: string, packages: string]>> = {
  glibc: ['gcc', 'gcc libc6-dev'],
  musl: ['musl-gcc', 'gcc musl-tools'],
  dig: ['dig', 'bind9-dnsutils'],
};

/** Finds what is installed, and compiles the program for each C library. */
export function clientsHere(): readonly (Client | Missing)[] {
  mkdirSync(WORKSHOP, { recursive: true });
  return (['glibc', 'musl', 'dig'] as const).map((name) => {
    const [tool, packages] = TOOLS[name];
    const advice = `on Debian: apt-get install -y ${packages}`;
    if (spawnSync(tool, ['--version']).error !== undefined) {
      return { name, reason: `${tool} not found; ${advice}` };
    }
    if (name === 'dig') return { name, version: versionIn('dig', ['-v'], /DiG (\S+)/), libc: name };
    const compiled = spawnSync(tool, ['-O1', '-o', programOf(name), SOURCE], { encoding: 'utf8' });
    if (compiled.status !== 0) {
      const words = compiled.stderr.trim().split('\n')[0];
      return { name, reason: `${tool} does not compile ${SOURCE}: ${words}; ${advice}` };
    }
    if (name === 'musl') return musl();
    const version = versionIn('getconf', ['GNU_LIBC_VERSION'], /glibc (\S+)/);
    return { name, version, libc: name };
  });
}

/** The loader of the program says the version when it is called without one. */
function musl(): Client {
  const loader = versionIn('readelf', ['-p', '.interp', programOf('musl')], /(\/\S*ld-musl\S*)/);
  const version = versionIn(loader, [], /Version (\S+)/);
  return { name: 'musl', version, libc: muslProfile(version) };
}

/** The model's profile of a release: the one of before 1.2.4 stands for all that have no TCP. */
export function muslProfile(version: string): string {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 1e6 + minor * 1e3 + patch < 1_002_004 ? 'musl-1.2.3' : 'musl';
}

function versionIn(command: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? 'of unknown version';
}

function programOf(name: Client['name']): string {
  return join(WORKSHOP, name);
}

/** Neither a domain in the name of the host nor a variable of whoever runs the lab plays a part. */
const INSIDE = [
  'mount --bind "$0" /etc',
  'echo pod >/proc/sys/kernel/hostname',
  'unset LOCALDOMAIN RES_OPTIONS HOSTALIASES',
  'exec "$@"',
].join(' && ');

/** Lets a client look up what the scenario says, with nameservers at the addresses. */
export async function askAs(
  client: Client,
  scenario: Scenario,
  nameservers: readonly IP[],
): Promise<ClientOutput> {
  const etc = mkdtempSync(join(WORKSHOP, 'etc-'));
  writeFileSync(join(etc, 'resolv.conf'), resolvConfText(confOf(scenario, nameservers)));
  writeFileSync(join(etc, 'nsswitch.conf'), 'hosts: files dns\n');
  const hosts = HOSTS.map(({ address, names }) => `${address} ${names.join(' ')}\n`);
  writeFileSync(join(etc, 'hosts'), hosts.join(''));
  const program = ['--mount', '--uts', 'sh', '-c', INSIDE, etc, ...commandOf(client, scenario)];
  try {
    const text = await run('unshare', program);
    return client.name === 'dig' ? readDig(text) : readGetaddrinfo(text);
  } finally {
    rmSync(etc, { recursive: true });
  }
}

function commandOf({ name }: Client, { names, types = ['A', 'AAAA'] }: Scenario): string[] {
  if (name === 'dig') {
    const words = ['-r', '+noall', '+comments', '+answer', '+authority', '+additional'];
    // It ends with an error where nobody answers, which is a result here.
    return ['sh', '-c', 'dig "$@" || true', 'dig', ...words, names[0]!, types[0]!];
  }
  const family = types.length > 1 ? 'any' : types[0] === 'A' ? '4' : '6';
  return [programOf(name), family, ...names];
}

function resolvConfText(conf: ResolvConf): string {
  const { nameservers, search } = conf;
  return [
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    `options ${optionTexts(conf).join(' ')}`,
    '',
  ].join('\n');
}
