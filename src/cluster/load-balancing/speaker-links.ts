// Whether the speakers hear each other, and who on the same segment hears their announcements: the
// links between hosts as the cuts and bad lines leave them now.

import type { Kernel } from '../../kernel/kernel';
import { lineOf } from '../../network/index';
import type { Degradation, Network, Sighting, WireProtocol } from '../../network/index';
import { arrivalsOver, certainty } from '../../values/arrivals';
import { CERTAIN, equalRatio, multiply } from '../../values/ratio';
import type { Ratio } from '../../values/ratio';
import type { Duration } from '../../values/time';

/** Where the speakers listen, over UDP and TCP. source: metallb manifests METALLB_ML_BIND_PORT */
const PORT = 7_946;

/** How a message fares: for certain, or as chance will have it. */
type Odds = 'passes' | 'is lost' | 'by chance';

export class SpeakerLinks {
  private readonly network: Network;
  private readonly kernel: Kernel;

  constructor(network: Network, kernel: Kernel) {
    this.network = network;
    this.kernel = kernel;
  }

  get isPerfect(): boolean {
    return this.network.fabric.isPerfect;
  }

  /** Whether any link between hosts is bad, and not only cut. */
  get areBad(): boolean {
    return this.network.fabric.degradations.has('link');
  }

  /** Whether a datagram that is sent now arrives. */
  datagram(from: string, to: string): boolean {
    return this.isPerfect || this.arrives(from, to, this.chance(from, to, 'UDP'));
  }

  /** Whether a host hears what another one says to all on the segment now. */
  broadcast(from: string, to: string): boolean {
    return this.isPerfect || this.arrives(from, to, this.chance(from, to, 'ARP'));
  }

  /** Whether a new connection, and a message and its answer over it, come about in that time. */
  stream(from: string, to: string, within: Duration): boolean {
    if (this.isPerfect) return true;
    const chance = this.exchange(from, to, within);
    return this.arrives(from, to, chance);
  }

  /** How long a datagram and the answer to it are under way. */
  roundTrip(from: string, to: string): Duration {
    const { fabric } = this.network;
    if (fabric.isPerfect) return 0 as Duration;
    const waits = [...this.rulesAt(from, to, 'UDP'), ...this.rulesAt(to, from, 'UDP')];
    return waits.reduce((sum, rule) => sum + this.network.drawDelay(rule), 0) as Duration;
  }

  /** How a datagram and its answer fare while the links are as they are. */
  oddsOfPing(from: string, to: string, within: Duration): Odds {
    if (this.isPerfect) return 'passes';
    const isLate = this.roundTrip(from, to) >= within;
    const there = isLate ? undefined : this.chance(from, to, 'UDP');
    const back = there && this.chance(to, from, 'UDP');
    return oddsOf(there && back && multiply(there, back));
  }

  /** How `stream` fares while the links are as they are. */
  oddsOfStream(from: string, to: string, within: Duration): Odds {
    return this.isPerfect ? 'passes' : oddsOf(this.exchange(from, to, within));
  }

  private exchange(from: string, to: string, within: Duration): Ratio | undefined {
    const { network } = this;
    if (!network.isLinkOpen(from, to, PORT)) return undefined;
    const { answered, roundTrip, odds } = network.callOverLink(from, to, PORT);
    if (!answered) return undefined;
    if (odds !== undefined) return odds(2, within);
    return 2 * roundTrip < within ? CERTAIN : undefined;
  }

  /** How likely one packet arrives; undefined where a cut lets none through. */
  private chance(from: string, to: string, protocol: WireProtocol): Ratio | undefined {
    const { fabric } = this.network;
    const cuts = fabric.cuts.at('link', sightingOf(from, to, protocol));
    // The speakers have always talked: what lets standing flows go on lets them go on.
    const isKept = protocol === 'UDP' && cuts.every(({ established }) => established === 'keep');
    if (cuts.length > 0 && !isKept) return undefined;
    const rules = this.rulesAt(from, to, protocol);
    const lines = rules.map((rule) => lineOf(rule, 'request', this.network.drawDelay(rule)));
    return certainty(arrivalsOver(lines));
  }

  private rulesAt(from: string, to: string, protocol: WireProtocol): readonly Degradation[] {
    return this.network.fabric.degradations.at('link', sightingOf(from, to, protocol));
  }

  private arrives(from: string, to: string, chance: Ratio | undefined): boolean {
    if (chance === undefined || chance.numerator === 0) return false;
    if (equalRatio(chance, CERTAIN)) return true;
    const stream = this.kernel.random.stream(`degrade.loss/metallb/${from}/${to}`);
    return stream.below(chance.denominator) < chance.numerator;
  }
}

function oddsOf(chance: Ratio | undefined): Odds {
  if (chance === undefined || chance.numerator === 0) return 'is lost';
  return equalRatio(chance, CERTAIN) ? 'passes' : 'by chance';
}

/** Both ends of a datagram have the same port; an ARP message has none. */
function sightingOf(from: string, to: string, protocol: WireProtocol): Sighting {
  const port = protocol === 'ARP' ? undefined : PORT;
  return { by: [{ host: from }], to: { host: to }, protocol, port, leg: 'request' };
}
