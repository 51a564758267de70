// The `cache` directive.
// source: coredns plugin/cache/setup.go

import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import { notModelled, readCount, readSpan, zonesOr } from '../corefile-values';
import { seconds, ZERO } from '../../values/time';
import type { Duration } from '../../values/time';
import { normalName } from '../dns-message';
import type { DefaultDelay } from './plugin';

/** Bounds of what one kind of answer is kept for, in seconds. */
export interface TtlBounds {
  most: number;
  least: number;
}

export interface CacheOptions {
  readonly zones: readonly string[];
  readonly success: TtlBounds;
  readonly denial: TtlBounds;
  /** Seconds that a server's failure is kept for. */
  failure: number;
  /** Zones whose answers are not kept. */
  noSuccess: readonly string[];
  noDenial: readonly string[];
  keepTtl: boolean;
  prefetch: { readonly hits: number; readonly within: Duration; readonly percentage: number };
  stale: { readonly for: Duration; readonly verify: boolean; readonly ttl: number } | undefined;
}

/** Seconds that anything is kept for. source: coredns plugin/cache/cache.go minTTL, minNTTL */
const LEAST = 5;
const FAILURE_MAX = seconds(300);

/** Reads the directive. Throws CorefileError. */
export function readCache(
  directive: Directive,
  server: readonly string[],
  delay: DefaultDelay,
): CacheOptions {
  const hasTtl = /^\d+$/.test(directive.args[0] ?? '');
  const options: CacheOptions = {
    zones: zonesOr(directive.args.slice(hasTtl ? 1 : 0), server),
    success: { most: delay('coredns.cacheSuccess') / seconds(1), least: LEAST },
    denial: { most: delay('coredns.cacheDenial') / seconds(1), least: LEAST },
    failure: delay('coredns.cacheFailure') / seconds(1),
    noSuccess: [],
    noDenial: [],
    keepTtl: false,
    prefetch: { hits: 0, within: seconds(60), percentage: 10 },
    stale: undefined,
  };
  if (hasTtl) options.success.most = options.denial.most = readCount(directive, 0, 1);
  for (const option of directive.block) readOption(directive, option, options);
  return options;
}

function readOption(directive: Directive, option: Directive, options: CacheOptions): void {
  const { name, args } = option;
  switch (name) {
    case 'success':
      readBounds(option, options.success);
      return;
    case 'denial':
      readBounds(option, options.denial);
      return;
    case 'servfail':
      options.failure = readFailure(option);
      return;
    case 'disable': {
      const zones = args.length === 1 ? [''] : args.slice(1).map(normalName);
      if (args[0] === 'success') options.noSuccess = zones;
      else if (args[0] === 'denial') options.noDenial = zones;
      else throw notModelled(directive, option);
      return;
    }
    case 'keepttl':
      options.keepTtl = true;
      return;
    case 'prefetch':
      options.prefetch = readPrefetch(option);
      return;
    case 'serve_stale':
      options.stale = readStale(directive, option);
      return;
    default:
      throw notModelled(directive, option);
  }
}

/** `CAPACITY [TTL [MINTTL]]`; capacities are not modelled, no cache of the model is ever full. */
function readBounds(option: Directive, bounds: TtlBounds): void {
  readCount(option, 0);
  if (option.args.length > 1) bounds.most = readCount(option, 1, 1);
  if (option.args.length > 2) bounds.least = readCount(option, 2);
}

function readFailure(option: Directive): number {
  const span = readSpan(option, 0);
  if (span > FAILURE_MAX) {
    throw new CorefileError('cache: failures are kept for 5 minutes at most', option.line);
  }
  return Math.floor(span / seconds(1));
}

function readPrefetch(option: Directive): CacheOptions['prefetch'] {
  const { args } = option;
  const percentage = Number((args[2] ?? '10%').replace(/%$/, ''));
  return {
    hits: readCount(option, 0),
    within: args.length > 1 ? readSpan(option, 1) : seconds(60),
    percentage,
  };
}

/** `[DURATION [immediate | verify [TIMEOUT]] [TTL]]` */
function readStale(directive: Directive, option: Directive): CacheOptions['stale'] {
  const { args } = option;
  const mode = args[1] ?? 'immediate';
  if (mode !== 'immediate' && mode !== 'verify') throw notModelled(directive, option);
  // A verification with a deadline goes on in the background: that race is not modelled.
  if (mode === 'verify' && args.length > 2 && readSpan(option, 2) !== ZERO) {
    throw notModelled(directive, option);
  }
  const ttlAt = mode === 'verify' ? 3 : 2;
  const ttl = args.length > ttlAt ? Math.floor(readSpan(option, ttlAt) / seconds(1)) : 0;
  return {
    for: args.length === 0 ? seconds(3_600) : readSpan(option, 0),
    verify: mode === 'verify',
    ttl,
  };
}
