// What is programmed and is removed behind the back of whoever programmed it. Nobody is told; the
// owner puts it right when it looks, if it ever does.

import type { ApiServer } from '../../apiserver/api-server';
import type { PatchType } from '../../apiserver/patch';
import type { Kernel } from '../../kernel/kernel';
import type { Network } from '../../network/index';
import type { ConntrackEntry } from '../../node/netfilter/conntrack';
import type { IptablesBackend } from '../../node/netfilter/ruleset';
import type { Timing } from '../../timing';
import { addressAt, cidr, contains } from '../../values/cidr';
import type { ClusterSpec } from '../../values/cluster-spec';
import type { Protocol } from '../../values/flow';
import type { IP } from '../../values/ip';
import type { DnsServers } from '../../workloads/index';
import type { Components } from '../components/components';
import type { Proxies } from '../proxies';
import { RouteUpkeep } from '../route-upkeep';

export interface WipingContext {
  readonly kernel: Kernel;
  readonly spec: ClusterSpec;
  readonly timing: Timing;
  readonly api: ApiServer;
  readonly network: Network;
  readonly proxies: Proxies;
  readonly servers: DnsServers;
  readonly components: Components;
  readonly touch: () => void;
}

/** Which connections: those that all given words are true of. */
export interface ConnectionMatch {
  readonly protocol?: Protocol;
  /** One of the four addresses of the entry. */
  readonly address?: IP;
  /** The port that was dialled, or the one that answers. */
  readonly port?: number;
  /** What was dialled is one of these, by address; without one, on any address of the node. */
  readonly fronts?: readonly Front[];
}

/** What clients of a Service dial. */
export interface Front {
  readonly protocol: Protocol;
  readonly address?: IP;
  readonly port: number;
}

export interface WipingHandles {
  /**
   * Deletes all rules of kube-proxy on the node, or those in one back end of iptables, and also
   * what another image of it has left. False where there are none.
   */
  flushRules(node: string, backend?: IptablesBackend): boolean;
  /** Deletes entries of the node's conntrack table, as `conntrack -D`; returns how many. */
  forgetConnections(node: string, match: ConnectionMatch): number;
  /** Deletes the routes of the node to the pods of others, within `range`; returns how many. */
  deleteRoutes(node: string, range: string | undefined): number;
  /** Sets bridge-nf-call-iptables to 0; false where there is no bridge, or it is 0 already. */
  unhookBridges(node: string): boolean;
  /** Empties the caches of the DNS server in a pod; false where none runs. */
  emptyDnsCache(pod: string): boolean;
  /** Writes past the API server's clients: a patch, or a deletion without grace. */
  tamper(kind: string, key: string, patch: unknown, type?: PatchType): boolean;
}

export function wipingHandles(context: WipingContext): WipingHandles {
  const { api, kernel, network, proxies, servers, touch } = context;
  const upkeep = kernel.keep(new RouteUpkeep(context));
  return {
    flushRules(node, backend) {
      const { proxyRules, leftRules, proxyBackend } = network.machines.get(node)!;
      const isHere = backend === undefined || backend === proxyBackend;
      const isThere = backend === undefined || backend !== proxyBackend;
      const [own, left] = [isHere && proxyRules.size > 0, isThere && leftRules.size > 0];
      if (left) {
        leftRules.clear();
        kernel.note(`machine@${node}`, 'lost', 'rules', 'that another kube-proxy had left');
        touch();
      }
      if (own) proxies.flushRules(node);
      return own || left;
    },
    forgetConnections(node, match) {
      const { conntrack } = network.machines.get(node)!;
      const isAll = Object.keys(match).length === 0;
      const found = conntrack.list(kernel.now).filter((entry) => isMatch(entry, match));
      // `conntrack -F` empties the table, and with it the connections of those who fill it.
      if (isAll) conntrack.flush();
      else for (const entry of found) conntrack.delete(entry);
      if (found.length > 0) {
        const { length } = found;
        kernel.note(`machine@${node}`, 'lost', 'conntrack entries', `${length} of them`);
        touch();
      }
      return found.length;
    },
    deleteRoutes(node, range) {
      const within = range === undefined ? undefined : cidr(range);
      const count = network.machines.get(node)!.routing.lose(({ destination }) => {
        return within === undefined || contains(within, addressAt(cidr(destination), 0));
      });
      if (count > 0) upkeep.lost(node, count);
      return count;
    },
    unhookBridges(node) {
      const machine = network.machines.get(node)!;
      const hasBridge = machine.interfaces.some(({ kind }) => kind === 'bridge');
      if (!hasBridge || !machine.filtersBridges) return false;
      machine.filtersBridges = false;
      kernel.note(`machine@${node}`, 'lost', 'bridge-netfilter');
      touch();
      return true;
    },
    emptyDnsCache(pod) {
      const isThere = servers.emptyCaches(pod);
      if (isThere) touch();
      return isThere;
    },
    tamper(kind, key, patch, patchType = 'merge') {
      const change =
        patch === undefined
          ? ({ verb: 'delete', grace: 0 } as const)
          : ({ verb: 'patch', patch, patchType } as const);
      return api.commitNow({ ...change, kind, key, actor: 'etcd' }) === 'ok';
    },
  };
}

function isMatch({ original, reply }: ConntrackEntry, match: ConnectionMatch): boolean {
  const { protocol, address, port, fronts } = match;
  const addresses: readonly string[] = [original.src, original.dst, reply.src, reply.dst];
  if (protocol !== undefined && original.protocol !== protocol) return false;
  if (address !== undefined && !addresses.includes(address)) return false;
  if (port !== undefined && original.dport !== port && reply.sport !== port) return false;
  return fronts === undefined || fronts.some((front) => isTo(original, front));
}

function isTo(original: ConntrackEntry['original'], front: Front): boolean {
  if (original.protocol !== front.protocol || original.dport !== front.port) return false;
  return front.address === undefined || original.dst === front.address;
}
