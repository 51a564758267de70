// The speakers of MetalLB, one on each node: in layer 2 mode one of them answers ARP for an
// address, in BGP mode each tells the router that it has a route to it.
// source: metallb speaker/{layer2_controller,bgp_controller}.go, internal/speakerlist

import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { TimerName } from '../../timing';
import { compareText } from '../../values/order';
import type { IP } from '../../values/ip';
import type { ObjectKey } from '../../values/kube-object';
import type { Choice, ChoiceGround, EdgeService, NodeChoice } from './edge';
import { isExcluded, Layer2Speakers, servingNodes } from './layer2-speakers';
import { NO_SPEAKER, NOTHING_SERVES } from './layer2-speakers';

/** As the journal names whatever the speakers decide. */
const ACTOR = 'metallb/speaker';

export class MetalLbSpeakers implements NodeChoice {
  private readonly ground: ChoiceGround;
  /** Nodes whose speaker counts as alive: to the other speakers, or to the router. */
  private readonly members = new Set<string>();
  private readonly event: EventKind;
  private refreshing = false;
  private readonly layer2: Layer2Speakers | undefined;

  constructor(ground: ChoiceGround) {
    this.ground = ground;
    for (const { name } of ground.spec.nodes) this.members.add(name);
    this.event = ground.kernel.declare(ACTOR, (node) => this.notice(String(node)), {
      owner: ACTOR,
    });
    if (ground.provider.name !== 'metallb-layer2') return;
    const isPowered = (node: string): boolean => this.isPowered(node);
    const isMember = (node: string): boolean => this.members.has(node);
    this.layer2 = new Layer2Speakers({ ...ground, isPowered, isMember });
  }

  choose(edge: EdgeService, address: IP): Choice {
    if (this.layer2 !== undefined) return this.layer2.choose(edge, address);
    const { service, slices } = edge;
    const serving = servingNodes(slices);
    if (serving.size === 0) return { nodes: [], absence: NOTHING_SERVES };
    const isLocal = service.spec.externalTrafficPolicy === 'Local';
    const nodes = this.candidates().filter((name) => !isLocal || serving.has(name));
    return { nodes, absence: nodes.length === 0 ? NO_SPEAKER : '' };
  }

  /** Loss of power is noticed late; everything else at the pace of the speakers. */
  nodeChanged(node: string | undefined): void {
    if (node !== undefined && this.isPowered(node) !== this.members.has(node)) {
      const isBack = this.isPowered(node);
      this.layer2?.memberlist.powerChanged();
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

  serviceChanged(key: ObjectKey): void {
    this.layer2?.serviceChanged(key);
    this.nodeChanged(undefined);
  }

  networkChanged(isServing: boolean): void {
    this.layer2?.networkChanged();
    if (isServing) this.nodeChanged(undefined);
  }

  forget(key: ObjectKey): void {
    this.layer2?.forget(key);
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
    this.layer2?.refreshed();
  }

  private see(node: string): void {
    const isKnown = this.members.has(node);
    if (!this.isPowered(node)) {
      this.members.delete(node);
      this.layer2?.memberlist.lost(node);
    } else if (isKnown) {
      this.layer2?.memberlist.resumed(node);
    } else {
      this.members.add(node);
      this.layer2?.memberlist.returned(node);
    }
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
