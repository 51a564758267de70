// The speakers of MetalLB, one on each node: in layer 2 mode one of them answers ARP for an
// address, in BGP mode each tells the router that it has a route to it.
// source: metallb speaker/{layer2_controller,bgp_controller}.go, internal/speakerlist

import type { EndpointSlice } from '../../apiserver/kinds/endpointslice';
import type { Node } from '../../apiserver/kinds/node';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { sha256Hex } from '../../node/proxy/digest';
import type { TimerName } from '../../timing';
import { compareText } from '../../values/order';
import type { IP } from '../../values/ip';
import type { ObjectKey } from '../../values/kube-object';
import type { ChoiceGround, EdgeService, NodeChoice } from './edge';

/** Nodes with this label are left out, as a cloud would leave them out. */
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** As the journal names whatever the speakers decide. */
const ACTOR = 'metallb/speaker';

export class MetalLbSpeakers implements NodeChoice {
  private readonly ground: ChoiceGround;
  /** Nodes whose speaker counts as alive: to the other speakers, or to the router. */
  private readonly members = new Set<string>();
  private readonly event: EventKind;
  private refreshing = false;

  constructor(ground: ChoiceGround) {
    this.ground = ground;
    for (const { name } of ground.spec.nodes) this.members.add(name);
    this.event = ground.kernel.declare(ACTOR, (node) => this.notice(String(node)), {
      owner: ACTOR,
    });
  }

  choose({ service, slices }: EdgeService, address: IP): { nodes: string[]; absence: string } {
    const serving = servingNodes(slices);
    if (serving.size === 0) return { nodes: [], absence: 'the Service has no serving endpoint' };
    const isLocal = service.spec.externalTrafficPolicy === 'Local';
    const nodes = this.candidates().filter((name) => !isLocal || serving.has(name));
    if (nodes.length === 0) return { nodes, absence: 'no node with an endpoint has a speaker' };
    if (this.ground.provider.name === 'metallb-bgp') return { nodes, absence: '' };
    const [first] = nodes.sort((a, b) => compareText(rank(a, address), rank(b, address)));
    return { nodes: [first!], absence: '' };
  }

  /** Loss of power is noticed late; everything else at the pace of the speakers. */
  nodeChanged(node: string | undefined): void {
    if (node !== undefined && this.isPowered(node) !== this.members.has(node)) {
      const isBack = this.isPowered(node);
      const { provider } = this.ground;
      const lost: TimerName =
        provider.name === 'metallb-bgp' ? 'metallb.bgpHoldTime' : 'metallb.memberlistDetection';
      this.after(isBack ? 'metallb.announce' : lost, node);
      return;
    }
    if (this.refreshing) return;
    this.refreshing = true;
    this.after('metallb.announce', '');
  }

  forget(_key: ObjectKey): void {
    // Speakers remember nothing of a Service.
  }

  settle(): void {
    for (const { name } of this.ground.spec.nodes) this.see(name);
  }

  private after(timer: TimerName, node: string): void {
    const { kernel, timing } = this.ground;
    const delay = timing.draw(timer, `${ACTOR}/${node}`);
    kernel.after(delay, Phase.control, this.event, node, 0, timer);
  }

  private notice(node: string): void {
    if (node === '') this.refreshing = false;
    else this.see(node);
    this.ground.refresh();
  }

  private see(node: string): void {
    if (this.isPowered(node)) this.members.add(node);
    else this.members.delete(node);
  }

  private isPowered(node: string): boolean {
    return this.ground.network.machines.get(node)?.powered === true;
  }

  private candidates(): string[] {
    const nodes = [...this.ground.nodes()].filter((node) => !isExcluded(node));
    const names = nodes.map(({ metadata }) => metadata.name);
    return names.filter((name) => this.members.has(name)).sort(compareText);
  }
}

function isExcluded({ metadata, status }: Node): boolean {
  if (metadata.labels?.[EXCLUDED] !== undefined) return true;
  return (
    status?.conditions?.some(
      ({ type, status: value }) => type === 'NetworkUnavailable' && value === 'True',
    ) === true
  );
}

/** The nodes of endpoints that can serve; ready or not, terminating or not. */
function servingNodes(slices: readonly EndpointSlice[]): Set<string> {
  const nodes = new Set<string>();
  for (const { nodeName = '', conditions } of slices.flatMap(({ endpoints }) => endpoints)) {
    if (conditions?.serving ?? conditions?.ready ?? true) nodes.add(nodeName);
  }
  return nodes;
}

/** The order of the speakers for an address: the lowest hash is the announcer. */
function rank(node: string, address: IP): string {
  return sha256Hex(`${node}#${address}`);
}
