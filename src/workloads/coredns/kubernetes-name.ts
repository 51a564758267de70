// Names below `svc` and `pod`, read from right to left.
// source: coredns plugin/kubernetes/parse.go

/** A name of the cluster. What the name leaves out is empty. */
export interface ParsedName {
  readonly kind: 'svc' | 'pod';
  readonly namespace: string;
  readonly service: string;
  /** Empty for every endpoint. */
  readonly endpoint: string;
  /** Empty for every port; a name that no port has otherwise. */
  readonly port: string;
  readonly protocol: string;
}

/** Reads what stands before the zone. `empty` is a name that exists only to have others below. */
export function parseName(text: string): ParsedName | 'empty' | 'invalid' {
  const base = text.toLowerCase();
  if (base === '' || base === 'svc' || base === 'pod') return 'empty';
  const labels = base.split('.');
  const kind = labels.pop();
  if (kind !== 'svc' && kind !== 'pod') return 'invalid';
  const namespace = labels.pop() ?? '';
  const service = labels.pop() ?? '';
  const name = { kind, namespace, service, endpoint: '', port: '', protocol: '' } as const;
  switch (labels.length) {
    case 0:
      return name;
    case 1:
      return { ...name, endpoint: labels[0]! };
    case 2: {
      const [port, protocol] = withoutUnderscores(labels);
      return { ...name, port: port!, protocol: protocol! };
    }
    default:
      return 'invalid';
  }
}

/** `_http`, `_tcp` without the underscores, which are optional. */
export function withoutUnderscores(labels: readonly string[]): string[] {
  return labels.map((label) => label.replace(/^_/, ''));
}
