// Responsibilities: what policies of every kind say of a flow and why; what each node's agent
// enforces of them at an instant.
//
// May not: look at rules, routes or devices; know Services (a flow is judged after translation);
// read anything later than its node's agent has applied it.

export { CompiledPolicies } from './compile';
export type { PortQuestion } from './compile';
export { decide, decideAt } from './evaluate';
export type { Decision } from './evaluate';
export { explainDenial } from './explain';
export type { Direction, Party, Policy, PolicyFlow, PolicyPod } from './policy';
export { PolicyAgents } from './policy-agents';
export type { PolicyProfile } from './profile';
export { readPod } from './read-pod';
export { POLICY_KINDS, readPolicy } from './read-policy';
