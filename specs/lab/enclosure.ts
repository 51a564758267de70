// Where the lab lives: a mount, network and process namespace of its own. It dies as a whole with
// its first process, however that ends, and takes every network namespace, device, rule and agent
// with it. Nothing outside of it is touched.

import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

/** Tells the program inside from the one that encloses it. */
const MARK = 'KUBEDRILL_LAB_ENCLOSED';

const TOOLS: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  bridge: 'iproute2',
  'iptables-restore': 'iptables',
  nft: 'nftables',
  conntrack: 'conntrack',
};

/** Milliseconds; it takes about three minutes on two cores. */
const LIMIT = 10 * 60_000;

export function isEnclosed(): boolean {
  return process.env[MARK] === 'yes';
}

/** Why the lab cannot run here, or undefined where it can. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0)
    return 'it needs root: network namespaces and rules are the kernel’s';
  const missing = Object.keys(TOOLS).filter((tool) => !isInstalled(tool));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((tool) => TOOLS[tool]))].join(' ');
    return `${missing.join(', ')} not found; on Debian: apt-get install -y ${packages}`;
  }
  const probe = spawnSync('unshare', [...UNSHARE, 'sh', '-c', PROBE], { encoding: 'utf8' });
  if (probe.status === 0) return undefined;
  return `this kernel or container does not allow it: ${probe.stderr.trim().split('\n')[0]}`;
}

/** Why a namespace cannot have rules of both back ends of iptables here, if it cannot. */
export function legacyObstacle(): string | undefined {
  const probe = spawnSync('unshare', ['--net', 'sh', '-c', BOTH_PROBE], { encoding: 'utf8' });
  return probe.status === 0 ? undefined : probe.stderr.trim().split('\n')[0];
}

/** Kernels can be built without ip_tables, and distributions without its tool. */
const BOTH_PROBE = [
  'set -e',
  'rules="*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE\nCOMMIT"',
  'printf "$rules\n" | iptables-legacy-restore',
  'printf "$rules\n" | iptables-nft-restore',
].join('\n');

const UNSHARE = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;

/** /run becomes private: names of network namespaces and the lock of iptables are kept there. */
const PRIVATE_RUN = 'mount -t tmpfs lab /run && mkdir -p /run/netns';

/** Everything that the kernel has to offer, each in its smallest form. */
const PROBE = [
  'set -e',
  PRIVATE_RUN,
  'ip netns add probe',
  'ip -n probe link add br0 type bridge',
  'ip -n probe link add v0 type veth peer name v1',
  'ip -n probe link add vx0 type vxlan id 1 dstport 8472 local 127.0.0.1',
  'rules="*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE --random-fully\nCOMMIT"',
  'printf "$rules\n" | nsenter --net=/run/netns/probe iptables-restore',
  'nsenter --net=/run/netns/probe nft add table ip probe',
  'nsenter --net=/run/netns/probe conntrack -L',
].join('\n');

/**
 * Runs this program again inside, with the same arguments, and gives back its exit code. An
 * interrupt reaches it through the terminal or from here; `--kill-child` ends it in any case.
 */
export async function enclose(): Promise<number> {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const inside = `${PRIVATE_RUN} && exec "$@"`;
  const child = spawn('unshare', [...UNSHARE, 'sh', '-c', inside, 'lab', ...again], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: 'yes' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      child.kill('SIGKILL');
      process.exit(128 + constants.signals[signal]);
    });
  }
  const limit = setTimeout(() => {
    console.log(
      `the lab took more than ${LIMIT / 60_000} minutes and was ended\n0 passed, 1 failed`,
    );
    child.kill('SIGKILL');
  }, LIMIT);
  return new Promise((resolve) => {
    child.on('exit', (code) => {
      clearTimeout(limit);
      resolve(code ?? 1);
    });
  });
}

function isInstalled(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
}
