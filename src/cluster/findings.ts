// What was asked of a cluster and found out, and what it tells its forks of that: they and their
// own forks are a family, in which an answer is found once where it is the same for several.

import type { ApiServer } from '../apiserver/api-server';
import { FamilyAnswers } from '../kernel/family-answers';
import type { Kernel } from '../kernel/kernel';
import { Answers, isReading, noteReading } from '../kernel/readings';
import type { Member, Place, Readable } from '../kernel/readings';
import { nodeReadingAt } from '../network/index';
import type { Network, Remember } from '../network/index';
import type { Destination, Origin } from '../values/origin';
import type { DnsServers } from '../workloads/index';
import type { PodOrdinals } from './commands/pod-ordinals';

/** What answers are read from. */
interface FindingsGround {
  readonly cluster: Readable;
  readonly kernel: Kernel;
  readonly ordinals: PodOrdinals;
  readonly network: Network;
  readonly api: ApiServer;
  readonly servers: DnsServers;
}

/**
 * What stands under these is no state: copies have none of it, so a fork begins with no answers.
 * In a WeakMap the answers of every cluster would keep it until old garbage is collected.
 */
const ANSWERS = Symbol('answers');
const FAMILY = Symbol('family');

export class Findings {
  private readonly ground: FindingsGround;
  private [ANSWERS]: Answers | undefined = undefined;
  /** That of the origin, where a fork is told what others find. */
  private [FAMILY]: FamilyAnswers | undefined = undefined;

  constructor(ground: FindingsGround) {
    this.ground = ground;
  }

  /**
   * Asks unless the same was asked before, and nothing that the answer was read from has moved;
   * where it `isCommon`, by a fork as well. Where nobody reads, nothing is kept.
   */
  once<T>(question: string, ask: () => T, isCommon = false): T {
    if (!isReading()) return ask();
    const known = (this[ANSWERS] ??= new Answers(this.member));
    const find = (): T => {
      noteReading(this.ground.cluster, '');
      return ask();
    };
    return known.to(question, find, isCommon);
  }

  /** For what is asked while an answer is being found. */
  get remember(): Remember | undefined {
    return isReading() ? (question, ask) => this.once(question, ask) : undefined;
  }

  /**
   * From now on the fork is told what other forks find out, and tells them. Connections that stand
   * end without a note, at another time in each fork: with any of them it is on its own.
   */
  tell(fork: Findings): void {
    for (const { hasConnections } of this.ground.network.machines.values()) {
      if (hasConnections) return;
    }
    fork[FAMILY] = this[FAMILY] ??= new FamilyAnswers();
  }

  private get member(): Member | undefined {
    const { cluster, kernel } = this.ground;
    const family = this[FAMILY];
    if (family === undefined) return undefined;
    return {
      family,
      locate: (place) => this.at(place),
      now: () => kernel.quietNow,
      // Rules and processes come and go in machines and sandboxes that stay.
      ground: () => cluster.standing(''),
    };
  }

  private at(place: Place): Readable | undefined {
    const { cluster, ordinals, network, api, servers } = this.ground;
    if (place.room === cluster.place?.room) return cluster;
    if (place.room === ordinals.place.room) return ordinals;
    return (
      nodeReadingAt(place, network.machines, network.directory) ??
      api.store.readingAt(place) ??
      servers.readingAt(place)
    );
  }
}

/**
 * A question as a text, equal for equal ones. It is made at every look of every claim, so what is
 * always the same of it is no JSON.
 */
export function questionOf(word: string, from: Origin, what: string, options?: object): string {
  const said = options === undefined ? '' : optionsText(options);
  return `${word} ${originText(from)} ${said} > ${what}`;
}

/** What never changes is said by the same text for ever. */
const optionTexts = new WeakMap<object, string>();

function optionsText(options: object): string {
  let text = optionTexts.get(options);
  if (text !== undefined) return text;
  text = Object.keys(options).length > 0 ? JSON.stringify(options) : '';
  if (Object.isFrozen(options)) optionTexts.set(options, text);
  return text;
}

export function destinationText({ address, port, protocol }: Destination): string {
  return `${protocol} ${address} ${port}`;
}

function originText(from: Origin): string {
  if ('pod' in from) return `pod ${from.pod} ${from.container ?? ''}`;
  return 'node' in from ? `node ${from.node}` : `external ${from.external}`;
}
