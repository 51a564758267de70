// What keeps the rules that kube-proxy makes from getting into the kernel, or takes them out
// again: the tool fails, somebody else holds the lock of iptables, or a stranger empties the
// tables. Each reason has a token, and stays until its own token is given back.

import type { ProxyInput } from './proxy-mode';

/** How a mode of kube-proxy keeps its rules in the kernel. */
export interface Upkeep {
  /**
   * Whether its tool waits for /run/xtables.lock, which all tools of iptables share; nft has none.
   * source: pkg/util/iptables/iptables.go LockfilePath16x
   */
  readonly takesLock: boolean;
  /**
   * Whether it looks from time to time if a chain of its own, KUBE-PROXY-CANARY, is still there,
   * and writes everything anew where it is not. The nftables mode has nothing of the kind.
   * source: pkg/proxy/iptables/proxier.go NewProxier (ipt.Monitor)
   */
  readonly watchesCanary: boolean;
  /**
   * Whether its rules stand in a table of their own: a full sync alone makes the table, and no
   * partial one can be written without it.
   * source: pkg/proxy/nftables/proxier.go setupNFTables
   */
  readonly hasOwnTable: boolean;
}

/** The state of one kube-proxy's way into the kernel. It outlives the process. */
export class RestoreFaults {
  /** Tokens; undefined before the first. */
  private failing: Set<string> | undefined;
  private locks: Set<string> | undefined;
  /** Whether the tables are empty since a stranger was there. */
  isFlushed = false;

  /** Every restore fails while anybody holds a token. The same token twice is one. */
  fail(token: string): void {
    (this.failing ??= new Set()).add(token);
  }

  mend(token: string): void {
    this.failing?.delete(token);
  }

  get areFailing(): boolean {
    return this.failing !== undefined && this.failing.size > 0;
  }

  hold(token: string): void {
    (this.locks ??= new Set()).add(token);
  }

  /** Whether the lock is free now, and was not before. */
  release(token: string): boolean {
    return this.locks?.delete(token) === true && !this.isLocked;
  }

  get isLocked(): boolean {
    return this.locks !== undefined && this.locks.size > 0;
  }
}

/**
 * Whether a partial sync has rules that jump to chains which it does not write itself, because
 * their Service did not change: the tool refuses to load them where those chains are gone.
 * source: pkg/proxy/iptables/proxier.go syncProxyRules (needFullSync after a failed partial sync)
 */
export function leavesOut(input: ProxyInput, before: ProxyInput): boolean {
  return [...input.servicePorts].some(([key, port]) => {
    const endpoints = input.endpoints.get(key) ?? [];
    const isSame = before.servicePorts.get(key) === port && before.endpoints.get(key) === endpoints;
    return isSame && endpoints.length > 0;
  });
}
