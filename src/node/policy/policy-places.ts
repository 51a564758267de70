// Where the manifests say what a node enforces. A policy may be applied more than once and be
// patched in between, so it is looked for by what it says and not by its name alone.

import { definitionOf } from '../../apiserver/kinds/index';
import { formatPlace } from '../../values/definition';
import type { Definition } from '../../values/definition';
import { nameOf } from '../../values/kube-object';
import type { Policy, PolicyRule } from './policy';
import { POLICY_KINDS, readPolicy } from './read-policy';

export class PolicyPlaces {
  private readonly byKey = new Map<string, Definition[]>();
  /** What the definitions say, read when somebody asks. */
  private readonly texts = new Map<Definition, string>();

  constructor(definitions: readonly Definition[] = []) {
    for (const definition of definitions) {
      const { object } = definition;
      if (!(POLICY_KINDS as readonly string[]).includes(object.kind)) continue;
      const key = nameOf(object);
      this.byKey.set(key, [...(this.byKey.get(key) ?? []), definition]);
    }
  }

  /** `policies.yaml:12:1`; undefined for a policy of no manifest. */
  ofPolicy(policy: Policy): string | undefined {
    const definition = this.definitionOf(policy);
    if (definition !== undefined) return formatPlace(definition.range);
    const last = this.byKey.get(policy.key)?.at(-1);
    return last && `${formatPlace(last.range)}, changed since`;
  }

  /** The same of one of its rules; undefined too where the policy was changed since. */
  ofRule(policy: Policy, { path }: PolicyRule): string | undefined {
    const range = this.definitionOf(policy)?.items[path];
    return range && formatPlace(range);
  }

  /** The definition that says what the policy says. */
  private definitionOf(policy: Policy): Definition | undefined {
    const text = JSON.stringify(policy);
    return this.byKey.get(policy.key)?.findLast((it) => this.textOf(it) === text);
  }

  private textOf(definition: Definition): string {
    let text = this.texts.get(definition);
    if (text === undefined) {
      const { object } = definition;
      const kind = definitionOf(object.apiVersion, object.kind);
      text = JSON.stringify(readPolicy(kind?.defaults(object) ?? object));
      this.texts.set(definition, text);
    }
    return text;
  }
}
