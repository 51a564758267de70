// Layer 2: of the speakers that count each other in, the one whose node comes first answers for
// an address. Speakers that have lost sight of each other each decide for themselves, by what they
// know: then an address has several announcers.
// source: metallb speaker/layer2_controller.go ShouldAnnounce, sortL2Candidates

import type { EndpointSlice } from '../../apiserver/kinds/endpointslice';
import type { Node } from '../../apiserver/kinds/node';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { sha256Hex } from '../../node/proxy/digest';
import { cidr, contains } from '../../values/cidr';
import type { ClusterSpec } from '../../values/cluster-spec';
import { compareText } from '../../values/order';
import type { IP } from '../../values/ip';
import type { ObjectKey } from '../../values/kube-object';
import { AddressClaims } from './address-claims';
import type { Choice, ChoiceGround, EdgeService } from './edge';
import { Memberlist } from './memberlist';
import { SpeakerLinks } from './speaker-links';
import { SpeakerViews } from './speaker-views';

/** Nodes with this label are left out, as a cloud would leave them out. */
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

const ACTOR = 'metallb/speaker';

export interface Layer2Ground extends ChoiceGround {
  isPowered(node: string): boolean;
  /** Nodes whose loss of power nobody has noticed, and all others with power. */
  isMember(node: string): boolean;
}

export class Layer2Speakers {
  readonly memberlist: Memberlist;
  private readonly ground: Layer2Ground;
  private readonly claims: AddressClaims;
  private readonly views: SpeakerViews;
  private readonly event: EventKind;
  /** Speakers that look at every Service anew, and Services that every speaker looks at anew. */
  private readonly syncing = new Set<string>();
  private readonly changed = new Set<ObjectKey>();
  private readonly addresses = new Map<ObjectKey, Set<IP>>();

  constructor(ground: Layer2Ground) {
    this.ground = ground;
    const { kernel, timing, network, spec } = ground;
    const nodes = spec.nodes.map(({ name }) => name);
    const sync = (node: string): void => this.sync(node);
    const options = { owner: ACTOR };
    this.event = kernel.declare(`${ACTOR}.sync`, (node) => sync(String(node)), options);
    const links = new SpeakerLinks(network, kernel);
    const isPowered = (node: string): boolean => ground.isPowered(node);
    const common = { kernel, timing, links, isPowered };
    const changed = (node: string): void => this.listChanged(node);
    this.memberlist = new Memberlist({ ...common, nodes, changed });
    this.claims = new AddressClaims({
      ...common,
      hosts: neighboursIn(spec),
      changed: () => ground.refresh(),
    });
    this.views = new SpeakerViews(ground, nodes);
  }

  choose(edge: EdgeService, address: IP): Choice {
    const known = this.addresses.get(edge.key) ?? new Set();
    this.addresses.set(edge.key, known.add(address));
    const announcers = this.announcersOf(edge, address);
    const isChanged = this.changed.has(edge.key);
    const tells = (node: string): boolean =>
      this.syncing.has(node) || (isChanged && this.views.isCurrent(node));
    this.claims.decide(address, announcers, tells);
    const belief = this.claims.beliefOf(address);
    if (belief !== undefined) {
      const { node, otherwise } = belief;
      return { nodes: [node], absence: '', announcers, neighbours: otherwise };
    }
    const hasNone = servingNodes(edge.slices).size === 0;
    const absence = hasNone ? NOTHING_SERVES : NO_SPEAKER;
    return { nodes: [], absence, announcers, neighbours: {} };
  }

  /** Every speaker has looked at what it was told of. */
  refreshed(): void {
    this.syncing.clear();
    this.changed.clear();
  }

  /** Each speaker handles the Service once more, and who announces it does so again. */
  serviceChanged(key: ObjectKey): void {
    this.changed.add(key);
  }

  networkChanged(): void {
    this.views.networkChanged();
    this.memberlist.networkChanged();
  }

  forget(key: ObjectKey): void {
    for (const address of this.addresses.get(key) ?? []) this.claims.forget(address);
    this.addresses.delete(key);
  }

  /** source: metallb internal/speakerlist/speakerlist.go memberlistWatchEvents (ForceSync) */
  private listChanged(node: string): void {
    const { kernel, timing } = this.ground;
    const timer = 'metallb.announce';
    const delay = timing.draw(timer, `${ACTOR}/${node}`);
    kernel.after(delay, Phase.control, this.event, node, 0, timer);
  }

  private sync(node: string): void {
    this.syncing.add(node);
    this.ground.refresh();
    this.refreshed();
  }

  /** Those that find themselves first among the speakers that they count in. */
  private announcersOf(edge: EdgeService, address: IP): string[] {
    const names = this.ground.spec.nodes.map(({ name }) => name);
    const members = names.filter((name) => this.ground.isMember(name));
    // Both addresses of a Service with two families are of one node.
    const [first = address] = edge.addresses;
    const order = members.map((name) => ({ name, rank: sha256Hex(`${name}#${first}`) }));
    const ranked = order.sort((a, b) => compareText(a.rank, b.rank)).map(({ name }) => name);
    if (this.memberlist.isWhole && this.views.areCurrent) {
      const isEligible = this.eligible(edge, this.ground.nodes());
      return ranked.filter(isEligible).slice(0, 1);
    }
    return members.sort(compareText).filter((node) => {
      const known = this.views.serviceOf(node, edge);
      if (known === undefined) return false;
      const isEligible = this.eligible(known, this.views.nodesOf(node));
      return ranked.find((it) => this.memberlist.counts(node, it) && isEligible(it)) === node;
    });
  }

  /** Which nodes may announce a Service, by what a speaker knows of it and of the nodes. */
  private eligible(
    { service, slices }: EdgeService,
    nodes: Iterable<Node>,
  ): (node: string) => boolean {
    const serving = servingNodes(slices);
    if (serving.size === 0) return () => false;
    const isLocal = service.spec.externalTrafficPolicy === 'Local';
    const names = [...nodes].filter((it) => !isExcluded(it)).map(({ metadata }) => metadata.name);
    const allowed = new Set(names);
    return (node) => allowed.has(node) && (!isLocal || serving.has(node));
  }
}

/** Who asks by ARP on the segment of the nodes: for clients that are elsewhere, its router. */
function neighboursIn({ nodes, externals, nodeCIDRs }: ClusterSpec): Map<string, string[]> {
  const ranges = nodeCIDRs.map((it) => cidr(it));
  const neighbours = new Map(nodes.map(({ name }) => [name, [name]]));
  const routed: string[] = [];
  for (const { name, address } of externals) {
    const host = `external/${name}`;
    if (ranges.some((range) => contains(range, address))) neighbours.set(host, [host]);
    else routed.push(host);
  }
  return neighbours.set(ROUTER, routed);
}

/** No fault names it; a node that is cut off from everybody is cut off from it, too. */
const ROUTER = 'router';

export const NOTHING_SERVES = 'the Service has no serving endpoint';
export const NO_SPEAKER = 'no node with an endpoint has a speaker';

export function isExcluded({ metadata, status }: Node): boolean {
  if (metadata.labels?.[EXCLUDED] !== undefined) return true;
  return (
    status?.conditions?.some(
      ({ type, status: value }) => type === 'NetworkUnavailable' && value === 'True',
    ) === true
  );
}

/** The nodes of endpoints that can serve; ready or not, terminating or not. */
export function servingNodes(slices: readonly EndpointSlice[]): Set<string> {
  const nodes = new Set<string>();
  for (const { nodeName = '', conditions } of slices.flatMap(({ endpoints }) => endpoints)) {
    if (conditions?.serving ?? conditions?.ready ?? true) nodes.add(nodeName);
  }
  return nodes;
}
