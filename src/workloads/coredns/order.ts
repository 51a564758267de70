// The plugins in the order of the chain. It is fixed when CoreDNS is built; the order of a Corefile
// does not matter.
// source: coredns plugin.cfg

import { CorefileError } from '../corefile';
import type { ServerBlock } from '../corefile';
import { setupAutopath } from './autopath';
import { setupCache } from './cache';
import { setupFile } from './file';
import { setupForward } from './forward';
import { setupHosts } from './hosts';
import { setupExternal } from './k8s-external';
import { setupKubernetes } from './kubernetes';
import { setupLoadbalance } from './loadbalance';
import { setupLoop } from './loop';
import { setupHealth, setupReady, setupReload, setupSilent } from './passive';
import type { Plugin, PluginGround, Setup } from './plugin';
import { setupRewrite } from './rewrite';
import { setupTemplate } from './template';

const CHAIN: readonly (readonly [name: string, setup: Setup])[] = [
  ['timeouts', setupSilent],
  ['multisocket', setupSilent],
  ['reload', setupReload],
  ['bufsize', setupSilent],
  ['bind', setupSilent],
  ['debug', setupSilent],
  ['trace', setupSilent],
  ['ready', setupReady],
  ['health', setupHealth],
  ['pprof', setupSilent],
  ['prometheus', setupSilent],
  ['errors', setupSilent],
  ['log', setupSilent],
  ['dnstap', setupSilent],
  ['loadbalance', setupLoadbalance],
  ['rewrite', setupRewrite],
  ['autopath', setupAutopath],
  ['cache', setupCache],
  ['template', setupTemplate],
  ['hosts', setupHosts],
  ['k8s_external', setupExternal],
  ['kubernetes', setupKubernetes],
  ['file', setupFile],
  ['loop', setupLoop],
  ['forward', setupForward],
];

/** Plugins of CoreDNS that decide answers and are not modelled. */
const NOT_MODELLED = new Set(
  (
    'root metadata geoip cancel tls nsid shed local dns64 any chaos tsig acl header dnssec ' +
    'minimal transfer route53 azure clouddns auto secondary etcd grpc erratic whoami on sign ' +
    'view nomad'
  ).split(' '),
);

/** The chain of a server block. Throws CorefileError. */
export function pluginsOf({ directives }: ServerBlock, ground: PluginGround): readonly Plugin[] {
  for (const { name, line } of directives) {
    if (CHAIN.some(([known]) => known === name)) continue;
    if (NOT_MODELLED.has(name)) {
      throw new CorefileError(`the plugin "${name}" is not modelled`, line);
    }
    throw new CorefileError(`there is no directive "${name}"`, line);
  }
  return CHAIN.flatMap(([name, setup]) => {
    const [first, ...rest] = directives.filter((it) => it.name === name);
    return first === undefined ? [] : setup([first, ...rest], ground);
  });
}
