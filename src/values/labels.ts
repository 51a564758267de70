// Labels and the two selector forms of the Kubernetes API.
// source: staging/src/k8s.io/apimachinery/pkg/labels/selector.go (Requirement.Matches)

export type Labels = Readonly<Record<string, string>>;

/** metav1.LabelSelector. An empty one matches everything; an absent one is the caller's case. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelExpression[];
}

export interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** Whether every pair of `wanted` stands in `labels`: the selector of Services. */
export function matchesLabels(labels: Labels | undefined, wanted: Labels): boolean {
  for (const key of Object.keys(wanted)) {
    if (labelOf(labels, key) !== wanted[key]) return false;
  }
  return true;
}

/** Whether `labels` satisfy every line of the selector. */
export function matchesSelector(labels: Labels | undefined, selector: LabelSelector): boolean {
  if (!matchesLabels(labels, selector.matchLabels ?? {})) return false;
  return (selector.matchExpressions ?? []).every((line) => matchesExpression(labels, line));
}

function matchesExpression(labels: Labels | undefined, line: LabelExpression): boolean {
  const value = labelOf(labels, line.key);
  switch (line.operator) {
    case 'In':
      return value !== undefined && (line.values ?? []).includes(value);
    case 'NotIn':
      // A missing key satisfies NotIn.
      return value === undefined || !(line.values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** A label's own value: a key such as `constructor` is no label of every object. */
function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
