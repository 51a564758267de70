// Whoever types the commands of `do`: a client of the API server like any other, which remembers
// what it applied and which commands failed.

import type { ApiRequest, ApiResult, ApiServer } from '../../apiserver/api-server';
import { mergeRulesOf } from '../../apiserver/merge-keys';
import { threeWayPatch } from '../../apiserver/three-way';
import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { keyOf, nameOf } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import type { Instant } from '../../values/time';

/** As the journal names it. */
const KUBECTL = 'kubectl';

/** A command that did not do what it was to do. */
export interface CommandFailure {
  readonly at: Instant;
  /** `Service/shop/web`. */
  readonly subject: string;
  readonly reason: string;
  /** The journal entry that says so; its chain leads to the step. */
  readonly entry: number;
}

type Command = Omit<ApiRequest, 'actor' | 'answer'>;

export class Kubectl {
  private readonly kernel: Kernel;
  private readonly api: ApiServer;
  private readonly answerEvent: EventKind;
  private readonly failed: CommandFailure[] = [];
  /** What was applied before the scenario began. */
  private readonly manifests: readonly KubeObject[];
  /** What was applied last since then, by kind and key. */
  private readonly applied = new Map<string, KubeObject>();

  constructor(kernel: Kernel, api: ApiServer, manifests: readonly KubeObject[]) {
    this.kernel = kernel;
    this.api = api;
    this.manifests = manifests;
    this.answerEvent = kernel.declare('kubectl.answer', (subject, result) => {
      this.answered(String(subject), result as ApiResult);
    });
    api.observeRefusals(({ request, result, reason, entry }) => {
      // Budgets put evictions off, and whoever asks for them tries again; a conflict is answered.
      if (request.actor !== KUBECTL || result === 'conflict') return;
      if (result === 'too-many-requests' && request.verb === 'evict') return;
      this.failed.push({ at: kernel.now, subject: subjectOf(request), reason, entry });
    });
  }

  /** Every command that failed, in order. */
  get failures(): readonly CommandFailure[] {
    return this.failed;
  }

  /** Sends one request; where it fails, the command has failed. */
  submit(command: Command): void {
    const answer = { kind: this.answerEvent, a: subjectOf(command) };
    this.api.submit({ ...command, actor: KUBECTL, answer });
  }

  /** Sends one request whose answer somebody else waits for. */
  ask(command: Command, answer: NonNullable<ApiRequest['answer']>): void {
    this.api.submit({ ...command, actor: KUBECTL, answer });
  }

  /** Creates what is not there; changes what is by the difference of the manifests. */
  apply(object: KubeObject): void {
    const { kind } = object;
    const key = keyOf(object);
    const last = this.lastOf(object);
    this.applied.set(nameOf(object), object);
    if (this.api.store.get(kind, key) === undefined) {
      this.submit({ verb: 'create', kind, key, object });
      return;
    }
    const rules = mergeRulesOf(kind);
    const { status: _status, ...wanted } = object;
    const { status: _before, ...before } = last ?? {};
    const patch = threeWayPatch(before, wanted, rules);
    const patchType = rules === undefined ? 'merge' : 'strategic';
    this.submit({ verb: 'patch', kind, key, patch, patchType });
  }

  /** A command gives up: there is nothing to refuse it, and it has not succeeded. */
  fail(subject: string, reason: string): void {
    const { now } = this.kernel;
    const entry = this.kernel.note(KUBECTL, 'failed', subject, reason);
    this.failed.push({ at: now, subject, reason, entry });
  }

  /** The manifest that was applied last of the same object. */
  private lastOf(object: KubeObject): KubeObject | undefined {
    const { kind, metadata } = object;
    const { name, namespace } = metadata;
    const isOfIt = ({ kind: its, metadata: own }: KubeObject): boolean =>
      its === kind && own.name === name && own.namespace === namespace;
    // Few objects are applied again, and there may be thousands.
    return this.applied.get(nameOf(object)) ?? this.manifests.findLast(isOfIt);
  }

  private answered(subject: string, result: ApiResult): void {
    if (result === 'not-found') this.fail(subject, 'there is no such object (NotFound)');
    if (result === 'already-exists') this.fail(subject, 'it is there already (AlreadyExists)');
    if (result === 'conflict') this.fail(subject, 'somebody else has changed it (Conflict)');
    if (result === 'unreachable') this.fail(subject, 'the API server cannot be reached');
  }
}

function subjectOf({ kind, key }: Command): string {
  return `${kind}/${key}`;
}
