// What a fault does to a node whose kubelet lives: it fails in some way, or is short of something.

import type { EvictionManager } from './eviction-manager';
import type { Resource } from './eviction-ranking';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent } from './kubelet-state';
import type { KubeletFailure } from './node-failures';
import type { NodeStatuses } from './node-status';
import type { PodLifecycle } from './pod-lifecycle';
import type { RuntimeHealth } from './runtime-health';

export interface FaultParts {
  readonly lifecycle: PodLifecycle;
  readonly runtimeHealth: RuntimeHealth;
  readonly nodeStatuses: NodeStatuses;
  readonly evictions: EvictionManager;
}

export class NodeFaults {
  private readonly ground: KubeletGround;
  private readonly parts: FaultParts;

  constructor(ground: KubeletGround, parts: FaultParts) {
    this.ground = ground;
    this.parts = parts;
  }

  /** The node fails in this way too. What the kubelet says of it, it says at its next report. */
  fail(node: string, what: KubeletFailure, token: string): void {
    if (this.ground.state.nodeFailures[what].add(node, token)) this.changed(node, what);
  }

  mend(node: string, what: KubeletFailure, token: string): void {
    if (!this.ground.state.nodeFailures[what].delete(node, token)) return;
    this.changed(node, what);
    if (what === 'images') this.parts.lifecycle.imagesMended(node);
  }

  /** Whether the kubelet of a node looks at what is left of a resource at all. */
  isWatched(node: string, resource: Resource): boolean {
    return this.parts.evictions.isWatched(node, resource);
  }

  /** From now on so much is available on the node, and more where pods use less than now. */
  exhaust(node: string, resource: Resource, token: string, left: number): void {
    this.parts.evictions.exhaust(this.agent(node), resource, token, left);
  }

  relieve(node: string, token: string): void {
    this.parts.evictions.relieve(this.agent(node), token);
  }

  private changed(node: string, what: KubeletFailure): void {
    if (what === 'unready') this.parts.runtimeHealth.failureChanged(node);
    else this.parts.nodeStatuses.pressureChanged(node);
  }

  private agent(node: string): NodeAgent {
    const agent = this.ground.state.agents.get(node);
    if (agent === undefined) throw new RangeError(`there is no kubelet on ${node}`);
    return agent;
  }
}
