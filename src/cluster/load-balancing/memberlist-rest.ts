// When a memberlist can change no more: every probe is answered for certain, nobody suspects
// anybody or has anything to tell, all who know each other know the same, and whoever is missed
// cannot be called on. From then on it need not be played out.

import type { Duration } from '../../values/time';
import type { Member } from './memberlist-rumours';
import type { SpeakerLinks } from './speaker-links';

export interface Standing {
  /** Those that have power. */
  readonly members: readonly Member[];
  /** Those in the middle of a probe. */
  readonly busy: ReadonlySet<string>;
  readonly links: SpeakerLinks;
  readonly probeTime: Duration;
  readonly streamTime: Duration;
}

/** So many of the others are asked to help; where fewer cannot, one of those asked can. */
const HELPERS = 3;

export function comesToRest(standing: Standing): boolean {
  const { members, busy, links, streamTime } = standing;
  if (!members.every((member) => isIdle(member) && !busy.has(member.name))) return false;
  return members.every((member) => {
    const { name, peers } = member;
    return members.every((other) => {
      if (other.name === name) return true;
      if (!peers.has(other.name)) {
        return links.oddsOfStream(name, other.name, streamTime) === 'is lost';
      }
      return holdSame(member, other) && isHeard(standing, member, other.name);
    });
  });
}

/** Whoever probes nobody never feels better, and need not. */
function isIdle({ score, peers, suspicions, rumours }: Member): boolean {
  if (suspicions.size > 0 || rumours.size > 0) return false;
  if (peers.size > 0 && score > 0) return false;
  return [...peers.values()].every(({ health }) => health === 'alive');
}

function holdSame(one: Member, other: Member): boolean {
  if (one.peers.size !== other.peers.size) return false;
  return [...one.peers.keys()].every((it) => it === other.name || other.peers.has(it));
}

/** Whether a probe is answered whatever is drawn. */
function isHeard({ members, links, probeTime }: Standing, member: Member, target: string): boolean {
  const isSure = (from: string, to: string): boolean =>
    links.oddsOfPing(from, to, probeTime) === 'passes';
  const { name, peers } = member;
  if (isSure(name, target)) return true;
  const others = [...peers.keys()].filter((it) => it !== target);
  const isPowered = (it: string): boolean => members.some((one) => one.name === it);
  const canHelp = (it: string): boolean => isPowered(it) && isSure(name, it) && isSure(it, target);
  const useless = others.filter((it) => !canHelp(it));
  return useless.length < Math.min(HELPERS, others.length);
}
