// What goes wrong on nodes whose kubelet lives: it says that its node is not ready, its network
// plug-in makes no sandbox, its registry gives no image. Counted by token.

/** Who has something wrong, and who made it so. */
export class TokensByNode {
  private readonly tokens = new Map<string, Set<string>>();

  /** Whether this is the first token of the node. */
  add(node: string, token: string): boolean {
    const tokens = this.tokens.get(node) ?? new Set();
    this.tokens.set(node, tokens.add(token));
    return tokens.size === 1;
  }

  /** Whether it was the last one of the node. */
  delete(node: string, token: string): boolean {
    const tokens = this.tokens.get(node);
    if (tokens?.delete(token) !== true || tokens.size > 0) return false;
    return this.tokens.delete(node);
  }

  has(node: string): boolean {
    return this.tokens.has(node);
  }
}

/** What a node can be short of, by the condition that says so. */
export const PRESSURES = ['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;
export type Pressure = (typeof PRESSURES)[number];

export class NodeFailures {
  /** Their kubelets report Ready=False. */
  readonly unready = new TokensByNode();
  /** Their kubelets report a pressure, and end no pod for it. */
  readonly MemoryPressure = new TokensByNode();
  readonly DiskPressure = new TokensByNode();
  readonly PIDPressure = new TokensByNode();
  /** CNI ADD ends in an error there. */
  readonly podNetwork = new TokensByNode();
  /** No image can be pulled there. */
  readonly images = new TokensByNode();
}

/** By which a kubelet fails its node. */
export type KubeletFailure = keyof NodeFailures;
