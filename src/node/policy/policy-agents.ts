// The agents that enforce policies, one on each node. What a node enforces is what its agent has
// applied: the API as of some revisions, which it sees later than they were written.

import type { ApiServer } from '../../apiserver/api-server';
import type { Change, Informer } from '../../apiserver/informer';
import { patternAfter } from '../../apiserver/late-pod';
import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import type { Timing } from '../../timing';
import type { IP } from '../../values/ip';
import { familyOf } from '../../values/ip';
import type { Definition } from '../../values/definition';
import type { KubeObject } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import type { Packet } from '../../values/packet';
import { ZERO } from '../../values/time';
import type { Duration } from '../../values/time';
import type { PodSandbox } from '../pod-sandbox';
import type { CompiledPolicies } from './compile';
import { EstablishedReviews } from './established-reviews';
import { decideAt, policiesOf } from './evaluate';
import { blamesOf, explainDenial } from './explain';
import type { Direction, Party, PolicyFlow, PolicyPod } from './policy';
import { LateHearing } from './late-hearing';
import { PolicyPlaces } from './policy-places';
import { PolicyViews } from './policy-views';
import type { Revisions } from './policy-views';
import type { PolicyProfile } from './profile';
import { readPod } from './read-pod';
import { isRelevant } from './relevant-change';

export interface PolicyAgentsContext {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly profile: PolicyProfile;
  readonly nodes: readonly string[];
  /** Where the manifests have the policies, for denials. */
  readonly definitions?: readonly Definition[];
  /** The node that has the address itself: on its link, its bridge or its tunnel. */
  nodeAt(address: IP): string | undefined;
  /** The DNS names of what is outside and has the address. */
  domainsAt(address: IP): readonly string[];
  nameOfPod(podKey: string): string;
  /** Called when what a node enforces has changed. */
  readonly onChange: (node: string) => void;
}

/** As `network/policy-enforcer.ts` asks for it. */
interface Verdict {
  readonly allowed: boolean;
  readonly reason: string;
  readonly blames: readonly string[];
}

const ALLOWED: Verdict = { allowed: true, reason: '', blames: [] };

export class PolicyAgents {
  readonly judgesEstablished: boolean;
  readonly judgesOwnNode: boolean;
  readonly rejects: boolean;
  private readonly context: PolicyAgentsContext;
  private readonly informers: ReadonlyMap<string, Informer>;
  private readonly views: PolicyViews;
  private readonly places: PolicyPlaces;
  private readonly applyEvent: EventKind;
  /** What a node enforces while its agent is behind; no entry for one that has caught up. */
  private readonly behind = new Map<string, Revisions>();
  /** The nodes whose agents are about to apply what they have seen. */
  private readonly requested = new Set<string>();
  private readonly stopped = new Set<string>();
  private readonly late = new LateHearing();
  private readonly reviews: EstablishedReviews | undefined;
  private readonly heardEvent: EventKind;
  /** The last two revisions of each kind that were delivered. */
  private readonly delivered = new Map<string, { readonly now: number; readonly before: number }>();

  constructor(context: PolicyAgentsContext) {
    const { kernel, api, profile } = context;
    this.context = context;
    this.judgesEstablished = profile.established !== 'kept';
    this.judgesOwnNode = profile.ownNode === 'judged';
    this.rejects = profile.denial === 'rejected';
    this.places = new PolicyPlaces(context.definitions);
    this.views = new PolicyViews(api.store, profile.kinds, profile);
    this.applyEvent = kernel.declare(`${profile.agent}.apply`, (node) => this.apply(String(node)), {
      owner: (node) => `${profile.agent}@${node}`,
    });
    this.heardEvent = kernel.declare(
      `${profile.agent}.heard`,
      (node, number) => {
        this.late.arrive(String(node), Number(number));
        if (!this.stopped.has(String(node))) this.request(String(node));
      },
      { owner: (node) => `${profile.agent}@${node}` },
    );
    this.reviews = profile.established === 'reviewed' ? this.reviewing() : undefined;
    api.staleness.onRelease((actor) => this.hearSooner(actor));
    const kinds = [...profile.kinds, 'Namespace', 'Pod'];
    this.informers = new Map(
      kinds.map((kind) => {
        const onChange = (change: Change): void => this.onChange(kind, change);
        return [kind, api.informer({ kind, owner: profile.agent, onChange })];
      }),
    );
  }

  /** As the journal calls the agents, each with its node: `calico-node`. */
  get name(): string {
    return this.context.profile.agent;
  }

  /** The agent of the node dies: its rules stay as they are. */
  stop(node: string): void {
    this.stopped.add(node);
    this.reviews?.stop(node);
    this.holdBack(node, this.seen());
  }

  /** It is back, and reads everything anew. */
  start(node: string): void {
    if (this.stopped.delete(node)) this.request(node);
  }

  /** Whether the node enforces everything that the API server holds. */
  isCurrent(node: string): boolean {
    return !this.behind.has(node);
  }

  /** See `network/policy-enforcer.ts`. */
  verdict(
    packet: Packet,
    direction: Direction,
    sandbox: PodSandbox,
    isEstablished = false,
  ): Verdict {
    const now = this.verdictBy(this.viewOf(sandbox.node), packet, direction, sandbox);
    if (now.allowed || !isEstablished || this.reviews === undefined) return now;
    // What no look has found forbidden passes; what one has found is judged as if it were new.
    const reviewed = this.reviews.of(sandbox.node);
    if (reviewed === undefined) return ALLOWED;
    const view = this.viewAt(reviewed);
    return this.verdictBy(view, packet, direction, sandbox).allowed ? ALLOWED : now;
  }

  private verdictBy(
    view: CompiledPolicies,
    packet: Packet,
    direction: Direction,
    sandbox: PodSandbox,
  ): Verdict {
    const { tuple } = packet;
    const { node, podKey } = sandbox;
    const address = direction === 'egress' ? tuple.dst : tuple.src;
    const nodeName = this.context.nodeAt(address);
    if (nodeName === node || sandbox.addresses.includes(address)) return ALLOWED;
    const other = view.podAt(address);
    const known = this.knownPod(view, sandbox);
    const port = Number(tuple.dport);
    if (known !== undefined && other !== undefined) {
      const question = { protocol: tuple.protocol, port, family: familyOf(address) };
      if (view.admits(podKey, other.key, direction, question)) return ALLOWED;
    }
    if (known === undefined && this.context.profile.newPods !== 'isolated') {
      return this.unknownPod(sandbox);
    }
    const own = known ?? this.freshPod(sandbox);
    if (own === undefined) return ALLOWED;
    const ownAddress = direction === 'egress' ? tuple.src : tuple.dst;
    const here: Party = { address: ownAddress, pod: own };
    const there = this.partyOf(address, other, nodeName);
    const [source, destination] = direction === 'egress' ? [here, there] : [there, here];
    const flow = { source, destination, protocol: tuple.protocol, port };
    return this.judge(view, flow, direction, own);
  }

  private judge(
    view: CompiledPolicies,
    flow: PolicyFlow,
    direction: Direction,
    own: PolicyPod,
  ): Verdict {
    const { profile, nameOfPod } = this.context;
    const policies = policiesOf(view.policies(), own, direction);
    const decision = decideAt(policies, flow, direction, profile);
    if (decision.allowed) return ALLOWED;
    const reason = explainDenial(decision, flow, nameOfPod, profile, this.places);
    const agent = `${profile.agent}@${own.node}`;
    return { allowed: false, reason, blames: [...blamesOf(decision), agent] };
  }

  /** The pod as the node's agent has applied it; undefined where it is new to the agent. */
  private knownPod(view: CompiledPolicies, { podKey, addresses }: PodSandbox) {
    const pod = view.pod(podKey);
    return pod?.addresses.some((address) => addresses.includes(address)) === true ? pod : undefined;
  }

  /** The pod as the node's own kubelet told the plug-in when it was plugged in. */
  private freshPod({ podKey, addresses }: PodSandbox): PolicyPod | undefined {
    const { store } = this.context.api;
    const object = store.get('Pod', podKey);
    if (object === undefined) return undefined;
    const podIPs = addresses.map((ip) => ({ ip }));
    const status = { phase: 'Running', podIPs };
    const namespace = store.get('Namespace', object.metadata.namespace ?? '');
    return readPod({ ...object, status }, namespace?.metadata.labels ?? {});
  }

  private unknownPod({ node, podKey }: PodSandbox): Verdict {
    const { profile, nameOfPod } = this.context;
    if (profile.newPods === 'open') return ALLOWED;
    const agent = `${profile.agent}@${node}`;
    const reason = `${agent} lets nothing through before it has set up ${nameOfPod(podKey)}`;
    return { allowed: false, reason, blames: [agent] };
  }

  private partyOf(address: IP, pod: PolicyPod | undefined, node: string | undefined): Party {
    if (pod !== undefined) return { address, pod };
    const domains = this.context.domainsAt(address);
    if (node === undefined) return { address, domains };
    const labels: Labels = this.context.api.store.get('Node', node)?.metadata.labels ?? {};
    return { address, node: { name: node, labels } };
  }

  private viewOf(node: string): CompiledPolicies {
    return this.viewAt(this.behind.get(node) ?? this.seen());
  }

  private viewAt(revisions: Revisions): CompiledPolicies {
    const needed = [...this.behind.values(), ...(this.reviews?.all() ?? [])];
    return this.views.at(revisions, [...new Set(needed)]);
  }

  private reviewing(): EstablishedReviews {
    const { kernel, timing, profile, onChange } = this.context;
    return new EstablishedReviews({
      kernel,
      timing,
      agent: profile.agent,
      rest: 'kube-network-policies.review',
      heard: (node) => this.late.of(node) ?? this.seen(),
      onReview: onChange,
    });
  }

  private seen(): Revisions {
    return new Map([...this.informers].map(([kind, { revision }]) => [kind, revision]));
  }

  private onChange(kind: string, change: Change): void {
    const revision = this.revisionBefore(kind);
    if (!this.hasPolicies(change) || !isRelevant(kind, change)) return;
    const before = new Map(this.seen()).set(kind, revision);
    for (const node of this.context.nodes) {
      this.holdBack(node, before);
      const lateness = this.latenessOf(node);
      if (lateness > 0) this.hearLater(node, before, lateness);
      else if (!this.stopped.has(node)) this.request(node);
    }
  }

  /** How much later than the others the agent of a node hears of changes. */
  private latenessOf(node: string): Duration {
    const { api, timing, profile } = this.context;
    const actor = `${profile.agent}@${node}`;
    const own = timing.slowed('apiserver.watch', actor, ZERO);
    return (api.staleness.lagOf(actor) + own) as Duration;
  }

  private hearLater(node: string, before: Revisions, lateness: Duration): void {
    const number = this.late.leave(node, before, this.seen());
    const { kernel, api, profile } = this.context;
    const isHeld = 2 * api.staleness.lagOf(`${profile.agent}@${node}`) > lateness;
    const timer = isHeld ? 'stale.hold' : 'apiserver.watch';
    kernel.after(lateness, Phase.agent, this.heardEvent, node, number, timer);
  }

  /** What is on its way to the agent is not held up for longer than what comes now. */
  private hearSooner(actor: string): void {
    const { kernel, profile } = this.context;
    const node = actor.slice(profile.agent.length + 1);
    const number = this.late.lastOf(node);
    if (number === undefined || actor !== `${profile.agent}@${node}`) return;
    const timer = 'apiserver.watch';
    kernel.after(this.latenessOf(node), Phase.agent, this.heardEvent, node, number, timer);
  }

  /** Without a policy, now or before, nothing depends on pods and namespaces. */
  private hasPolicies(change: Change): boolean {
    const { kinds } = this.context.profile;
    const isPolicy = (object: KubeObject | undefined): boolean =>
      object !== undefined && (kinds as readonly string[]).includes(object.kind);
    if (isPolicy(change.before) || isPolicy(patternAfter(change))) return true;
    return kinds.some((kind) => this.informers.get(kind)!.list().next().done !== true);
  }

  /** The revision of the kind that was known before the delivery that is under way. */
  private revisionBefore(kind: string): number {
    const { revision } = this.informers.get(kind)!;
    const delivered = this.delivered.get(kind) ?? { now: 0, before: 0 };
    if (delivered.now === revision) return delivered.before;
    this.delivered.set(kind, { now: revision, before: delivered.now });
    return delivered.now;
  }

  private holdBack(node: string, revisions: Revisions): void {
    if (!this.behind.has(node)) this.behind.set(node, revisions);
  }

  /** Has the agent apply what it has seen; what it sees meanwhile goes along. */
  private request(node: string): void {
    this.reviews?.request(node);
    if (this.requested.has(node)) return;
    this.requested.add(node);
    const { kernel, timing, profile } = this.context;
    const actor = `${profile.agent}@${node}`;
    const delay = profile.delays.reduce((sum, timer) => sum + timing.draw(timer, actor), 0);
    const timer = profile.delays.at(-1) ?? '';
    kernel.after(delay as Duration, Phase.agent, this.applyEvent, node, 0, timer);
  }

  private apply(node: string): void {
    this.requested.delete(node);
    if (this.stopped.has(node)) return;
    const heard = this.late.of(node);
    if (heard === undefined) this.behind.delete(node);
    else this.behind.set(node, heard);
    const { kernel, profile, onChange } = this.context;
    kernel.note(`${profile.agent}@${node}`, 'applied', 'policies');
    onChange(node);
  }
}
