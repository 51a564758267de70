// Writes that the API server answers wrongly though nothing is wrong with them: whose, of what,
// how often, and with which code.

import type { Random } from '../kernel/random';
import type { Ratio } from '../values/ratio';
import type { ApiRequest, ApiResult } from './request';

/** The verbs of requests, as RBAC and audit logs name them. */
const REQUEST_VERBS = ['create', 'update', 'patch', 'delete', 'evict'] as const;

export type RequestVerb = (typeof REQUEST_VERBS)[number];

/** How requests fail. It is plain data; an empty list leaves everything in. */
export interface RequestFailure {
  readonly answer: 'conflict' | 'too-many-requests' | 'internal-error' | 'invalid';
  readonly verbs: readonly RequestVerb[];
  readonly kinds: readonly string[];
  /** Names of components, single controllers, or `kubectl`. */
  readonly clients: readonly string[];
  /** How likely each request gets it. */
  readonly odds: Ratio;
  /** Which requests get it, in their order and from the start again; in place of odds. */
  readonly pattern: readonly boolean[];
}

interface Standing {
  readonly failure: RequestFailure;
  /** Requests that it was about so far. */
  met: number;
}

/** Fine enough for any share that a scenario writes. */
const DRAW_STEPS = 2 ** 30;

/** source: apierrors.New…; admission plug-ins answer 403 */
const REASONS: Readonly<Record<RequestFailure['answer'], string>> = {
  conflict: 'the object has been modified; please apply your changes to the latest version (409)',
  'too-many-requests': 'too many requests, please try again later (429)',
  'internal-error': 'an error on the server has prevented the request from succeeding (500)',
  invalid: 'denied by admission (403)',
};

export class RequestFailures {
  private readonly random: Random;
  private readonly standing = new Map<string, Standing>();

  constructor(random: Random) {
    this.random = random;
  }

  /** Whether every request gets its own answer. */
  get isEmpty(): boolean {
    return this.standing.size === 0;
  }

  set(token: string, failure: RequestFailure): void {
    this.standing.set(token, { failure, met: 0 });
  }

  clear(token: string): void {
    this.standing.delete(token);
  }

  /**
   * The wrong answer to a request, with its reason; undefined where it gets its own. Each request
   * that a failure is about counts, and `exists` says whether its object is there.
   */
  strike(
    request: ApiRequest,
    exists: boolean,
  ): { readonly result: ApiResult; readonly reason: string } | undefined {
    for (const [token, standing] of this.standing) {
      const { failure } = standing;
      if (!isAbout(failure, request, exists) || !this.strikes(token, standing)) continue;
      return { result: failure.answer, reason: REASONS[failure.answer] };
    }
    return undefined;
  }

  private strikes(token: string, standing: Standing): boolean {
    const { pattern, odds } = standing.failure;
    const index = standing.met++;
    if (pattern.length > 0) return pattern[index % pattern.length]!;
    const { numerator, denominator } = odds;
    if (numerator === denominator) return true;
    const drawn = this.random.stream(`fail/${token}`).below(DRAW_STEPS);
    return drawn < (numerator / denominator) * DRAW_STEPS;
  }
}

function isAbout(
  { verbs, kinds, clients }: RequestFailure,
  request: ApiRequest,
  exists: boolean,
): boolean {
  if (kinds.length > 0 && !kinds.includes(request.kind)) return false;
  if (verbs.length > 0 && !verbs.includes(verbOf(request, exists))) return false;
  return clients.length === 0 || clients.some((client) => isClient(request.actor, client));
}

function verbOf({ verb }: ApiRequest, exists: boolean): RequestVerb {
  if (verb === 'apply') return exists ? 'patch' : 'create';
  return verb === 'replace' ? 'update' : verb;
}

/** `kubelet` means those of all nodes, `controller-manager` all of its controllers. */
function isClient(actor: string, client: string): boolean {
  return actor === client || actor.startsWith(`${client}@`) || actor.startsWith(`${client}/`);
}
