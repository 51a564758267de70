// The address lists of one host's `-m recent` rules and of nft's sets with a timeout: who opened a
// connection through which rule, and when. kube-proxy keeps session affinity in them.
// source: net/netfilter/xt_recent.c; net/netfilter/nft_dynset.c

import { noteFleeting } from '../../kernel/readings';
import type { IP } from '../../values/ip';
import { between, seconds } from '../../values/time';
import type { Instant } from '../../values/time';

/** What a list of xt_recent holds (ip_list_tot); the address seen longest ago gives way. */
const ADDRESSES_PER_LIST_MAX = 100;

export class RecentLists {
  /** List name → address → when it was last seen, the longest ago first. Few hosts have any. */
  private lists: Map<string, Map<IP, Instant>> | undefined;

  /** Whether the address was put into the list within the last `span` seconds. */
  has(list: string, address: IP, span: number, now: Instant): boolean {
    const seen = this.lists?.get(list)?.get(address);
    if (seen !== undefined) noteFleeting();
    return seen !== undefined && between(seen, now) <= seconds(span);
  }

  /** Puts the address into the list, or renews its time there. */
  set(list: string, address: IP, now: Instant, capacity = ADDRESSES_PER_LIST_MAX): void {
    this.lists ??= new Map();
    let addresses = this.lists.get(list);
    if (addresses === undefined) {
      addresses = new Map();
      this.lists.set(list, addresses);
    }
    addresses.delete(address);
    addresses.set(address, now);
    if (addresses.size <= capacity) return;
    for (const oldest of addresses.keys()) {
      addresses.delete(oldest);
      return;
    }
  }

  /** Forgets everything, as a reboot does. */
  flush(): void {
    this.lists = undefined;
  }
}
