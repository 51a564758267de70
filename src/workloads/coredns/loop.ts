// The loop plugin: the process asks itself for a name that nobody else would ask for. Where that
// question comes back to it, the process ends, and its container goes into CrashLoopBackOff.
// source: coredns plugin/loop/{loop,setup}.go

import { CorefileError } from '../corefile';
import { emptyReply, isSameName } from '../dns-message';
import type { DnsReply } from '../dns-message';
import type { DnsRequest, Plugin, Serve, Setup } from './plugin';

/** Seen more often than this, the question goes round. */
const SEEN_MAX = 2;

export const setupLoop: Setup = ([{ args, line }], ground) => {
  if (args.length > 0) throw new CorefileError('loop takes no arguments', line);
  return [new LoopPlugin(ground.zones[0] ?? '')];
};

export class LoopPlugin implements Plugin {
  readonly name = 'loop';
  readonly zone: string;
  /** What it asks itself, while it waits whether that comes back. */
  private expected: string | undefined;
  private seen = 0;

  constructor(zone: string) {
    this.zone = zone;
  }

  inFork(): LoopPlugin {
    return new LoopPlugin(this.zone);
  }

  get isLooping(): boolean {
    return this.seen > SEEN_MAX;
  }

  /** The name to ask for; from now on its returns are counted. `labels` are drawn at random. */
  begin(labels: string): string {
    this.seen = 0;
    this.expected = this.zone === '' ? labels : `${labels}.${this.zone}`;
    return this.expected;
  }

  /** From now on nothing is counted. */
  end(): void {
    this.expected = undefined;
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { name, type } = request.question;
    const isOwn = this.expected !== undefined && isSameName(name, this.expected);
    if (type === 'HINFO' && isOwn) this.seen++;
    // The process has ended by now, and answers nothing.
    return this.isLooping && isOwn ? emptyReply('SERVFAIL') : next(request);
  }
}
