// What a plugin of CoreDNS is to the server: it answers a question, or hands it on to the next.
// source: coredns plugin/plugin.go

import type { TimerName } from '../../timing';
import type { IP } from '../../values/ip';
import type { Duration, Instant } from '../../values/time';
import type { Choose, Weighted } from '../courses';
import type { Directive } from '../corefile';
import type { DnsReply, DnsTransport, Question } from '../dns-message';
import type { DnsView } from '../dns-view';
import type { UpstreamHealth } from './upstream-health';

/** A question on its way through the chain of plugins. */
export interface DnsRequest {
  readonly question: Question;
  /** Source address as the server sees it. */
  readonly client: IP | undefined;
  readonly transport: DnsTransport;
  /** What the client takes over UDP, in octets. */
  readonly udpSize: number;
  /** Looked at only where time matters, so that other answers hold at other instants too. */
  readonly clock: { readonly now: Instant };
  /** Whether somebody really asks: only then caches learn from it. */
  readonly real: boolean;
  /**
   * Takes what a real question leaves behind, to do it once all of its ways are known: one of them
   * must not find what another one has just taught. Without it that is done at once.
   */
  readonly later?: (effect: () => void) => void;
  readonly choose: Choose;
  /** Whether `choose` draws, on every server, so that the question has one course only. */
  readonly goesOneWay?: boolean;
  /** Where it has been; absent with the first server. */
  readonly trail?: Trail;
  /** How many servers have handed the question on to another one, or asked themselves. */
  readonly depth: number;
  /** Questions of the same lookup that faults have counted before this one. */
  readonly counted?: ReadonlyMap<string, number>;
}

/** The way of a question from server to server. */
export interface Trail {
  /** Pods that were asked, each with the name that it was asked for. */
  readonly passed: readonly string[];
  /** What was found out on other ways of the same lookup, by who was asked what after whom. */
  readonly known: Map<string, readonly Weighted<DnsReply>[]>;
}

/** Does what a real question leaves behind, at once or when its ways are known. */
export function leave({ later }: DnsRequest, effect: () => void): void {
  if (later === undefined) effect();
  else later(effect);
}

export type Serve = (request: DnsRequest) => DnsReply;

export interface Plugin {
  readonly name: string;
  serve(request: DnsRequest, next: Serve): DnsReply;
  /** The search list that `autopath @plugin` uses for a client. */
  searchFor?(request: DnsRequest, zone: string): readonly string[] | undefined;
  /** Forgets the answers that it has kept. */
  empty?(): void;
  /**
   * The same plugin of a fork. It shares what was read of the Corefile, which is frozen; what it
   * has learnt since is carried over to it afterwards.
   */
  inFork(ground: PluginGround): Plugin;
}

/** What came back from another server; `silent` where nothing did. */
export type Exchanged = DnsReply | 'silent' | 'unreachable';

/** Another server; `node` stands for the resolver of the node. */
export type Upstream = { readonly address: IP; readonly port: number } | 'node';

/** Asks another server: every way in which that can go. */
export type AskUpstream = (server: Upstream, request: DnsRequest) => readonly Weighted<Exchanged>[];

/** How long a timer of the table (src/timers/coredns.ts) is in this run. */
export type DefaultDelay = (timer: TimerName) => Duration;

/** What the plugins of one server block are given when they are set up. */
export interface PluginGround {
  readonly view: DnsView;
  /** What holds where the Corefile says nothing. */
  readonly delay: DefaultDelay;
  /** The zones of the server block. */
  readonly zones: readonly string[];
  /** Addresses of the process itself. */
  readonly addresses: () => readonly IP[];
  /** The text of a file in the container. */
  readonly readFile: (path: string) => string | undefined;
  /** The name servers of the process's own resolv.conf. */
  readonly resolvers: readonly Upstream[];
  /** The search list of the process's own resolv.conf. */
  readonly search: readonly string[];
  readonly askUpstream: AskUpstream;
  /** Begins to check an upstream, that much later. Without it nothing is ever known to be down. */
  readonly checkUpstream?: ((health: UpstreamHealth, after: Duration) => void) | undefined;
  /** What stands behind the cache to answer wrongly, before whoever knows the truth. */
  readonly failing?: ((request: DnsRequest, truth: () => DnsReply) => DnsReply) | undefined;
  /** The server asks itself: the whole chain. */
  readonly askSelf: Serve;
  /** Another plugin of the same block, once all are set up. */
  plugin(name: string): Plugin | undefined;
}

/**
 * Reads all directives of one name in a server block; several of them make one plugin or one each.
 * Throws CorefileError.
 */
export type Setup = (
  directives: readonly [Directive, ...Directive[]],
  ground: PluginGround,
) => readonly Plugin[];
