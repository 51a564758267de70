// What the speaker of each node knows of the API: the same as all others, but for a node that is
// cut off from the API server. Its speaker goes on by what it knew when the way was cut.
// source: client-go tools/cache (a store keeps what it has while its watch is away)

import type { Node } from '../../apiserver/kinds/node';
import { CONTROL_PLANE, hostName } from '../../network/index';
import type { ObjectKey } from '../../values/kube-object';
import type { ChoiceGround, EdgeService } from './edge';

const API_PORT = 6_443;

/** What a speaker knew. */
interface Picture {
  readonly services: ReadonlyMap<ObjectKey, EdgeService>;
  readonly nodes: readonly Node[];
}

export class SpeakerViews {
  private readonly ground: ChoiceGround;
  private readonly nodes: readonly string[];
  private readonly kept = new Map<string, Picture>();

  constructor(ground: ChoiceGround, nodes: readonly string[]) {
    this.ground = ground;
    this.nodes = nodes;
  }

  /** Whether every speaker knows what is so. */
  get areCurrent(): boolean {
    return this.kept.size === 0;
  }

  /** Whether this speaker does. */
  isCurrent(node: string): boolean {
    return !this.kept.has(node);
  }

  /** What the node's speaker knows of a Service; undefined where it knows of none. */
  serviceOf(node: string, current: EdgeService): EdgeService | undefined {
    const picture = this.kept.get(node);
    return picture === undefined ? current : picture.services.get(current.key);
  }

  nodesOf(node: string): Iterable<Node> {
    return this.kept.get(node)?.nodes ?? this.ground.nodes();
  }

  networkChanged(): void {
    const { network, spec } = this.ground;
    const host = network.fabric.hostAt(spec.controlPlane);
    const server = host === undefined ? CONTROL_PLANE : hostName(host);
    for (const node of this.nodes) {
      const isOpen = node === server || network.isLinkOpen(node, server, API_PORT);
      if (isOpen) this.kept.delete(node);
      else if (!this.kept.has(node)) this.kept.set(node, this.picture());
    }
  }

  private picture(): Picture {
    const services = [...this.ground.services()].map((it) => [it.key, it] as const);
    return { services: new Map(services), nodes: [...this.ground.nodes()] };
  }
}
