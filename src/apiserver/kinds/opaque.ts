// Kinds that the API server keeps as they are. Some mean nothing to the network; of the others it
// is said what the model leaves out.

/** A kind without defaults and rules in the model. */
export interface OpaqueKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** What is left out; undefined where the network does not depend on it. */
  readonly unmodelled: string | undefined;
}

type Row = readonly [kind: string, shortNames: string, unmodelled?: string];

const NO_CONTROLLER = 'no controller acts on it';
const NO_WEBHOOK = 'no webhook is called';

/** By API group and scope; `''` is the core group. Only the kinds that people write by hand. */
const NAMESPACED: Readonly<Record<string, readonly Row[]>> = {
  '': [
    ['ConfigMap', 'cm'],
    ['Event', 'ev'],
    ['LimitRange', 'limits', 'it refuses no pod, and gives none its defaults'],
    ['PersistentVolumeClaim', 'pvc'],
    ['PodTemplate', ''],
    ['ResourceQuota', 'quota', 'the quota limits nothing'],
    ['Secret', ''],
    ['ServiceAccount', 'sa'],
  ],
  apps: [['ControllerRevision', '']],
  batch: [['CronJob', 'cj', 'it makes no Jobs']],
  'coordination.k8s.io': [['Lease', '']],
  'gateway.networking.k8s.io': [
    ['GRPCRoute', '', NO_CONTROLLER],
    ['Gateway', 'gtw', NO_CONTROLLER],
    ['HTTPRoute', '', NO_CONTROLLER],
    ['ReferenceGrant', 'refgrant', NO_CONTROLLER],
    ['TCPRoute', '', NO_CONTROLLER],
    ['TLSRoute', '', NO_CONTROLLER],
    ['UDPRoute', '', NO_CONTROLLER],
  ],
  'networking.k8s.io': [['Ingress', 'ing', NO_CONTROLLER]],
  'rbac.authorization.k8s.io': [
    ['Role', ''],
    ['RoleBinding', ''],
  ],
};

const CLUSTER: Readonly<Record<string, readonly Row[]>> = {
  '': [['PersistentVolume', 'pv']],
  'admissionregistration.k8s.io': [
    ['MutatingWebhookConfiguration', '', NO_WEBHOOK],
    ['ValidatingAdmissionPolicy', '', 'nothing is refused by it'],
    ['ValidatingAdmissionPolicyBinding', '', 'nothing is refused by it'],
    ['ValidatingWebhookConfiguration', '', NO_WEBHOOK],
  ],
  'apiextensions.k8s.io': [['CustomResourceDefinition', 'crd']],
  'apiregistration.k8s.io': [['APIService', '', 'no request is passed on to it']],
  'gateway.networking.k8s.io': [['GatewayClass', 'gc', NO_CONTROLLER]],
  'networking.k8s.io': [
    ['IPAddress', 'ip', 'addresses come from the range of the cluster alone'],
    ['IngressClass', ''],
    ['ServiceCIDR', '', 'addresses come from the range of the cluster alone'],
  ],
  'node.k8s.io': [['RuntimeClass', '']],
  'rbac.authorization.k8s.io': [
    ['ClusterRole', ''],
    ['ClusterRoleBinding', ''],
  ],
  'scheduling.k8s.io': [['PriorityClass', 'pc', 'no pod is preempted']],
  'storage.k8s.io': [
    ['CSIDriver', ''],
    ['StorageClass', 'sc'],
    ['VolumeAttachment', ''],
  ],
};

/** The opaque kinds that have a name in the model, sorted by group and kind. */
export const OPAQUE_KINDS: readonly OpaqueKind[] = [
  ...rowsOf(NAMESPACED, true),
  ...rowsOf(CLUSTER, false),
];

/** API versions of them that were served once, with the release that dropped each. */
export const REMOVED_VERSIONS: Readonly<Record<string, string>> = {
  'extensions/v1beta1 Ingress': '1.22',
  'networking.k8s.io/v1beta1 Ingress': '1.22',
  'networking.k8s.io/v1beta1 IngressClass': '1.22',
  'policy/v1beta1 PodSecurityPolicy': '1.25',
  'batch/v1beta1 CronJob': '1.25',
  'autoscaling/v2beta1 HorizontalPodAutoscaler': '1.25',
  'autoscaling/v2beta2 HorizontalPodAutoscaler': '1.26',
  'rbac.authorization.k8s.io/v1beta1 Role': '1.22',
  'rbac.authorization.k8s.io/v1beta1 RoleBinding': '1.22',
  'rbac.authorization.k8s.io/v1beta1 ClusterRole': '1.22',
  'rbac.authorization.k8s.io/v1beta1 ClusterRoleBinding': '1.22',
  'apiextensions.k8s.io/v1beta1 CustomResourceDefinition': '1.22',
  'admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration': '1.22',
  'admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration': '1.22',
};

function rowsOf(
  groups: Readonly<Record<string, readonly Row[]>>,
  namespaced: boolean,
): OpaqueKind[] {
  return Object.entries(groups).flatMap(([group, rows]) =>
    rows.map(([kind, shortNames, unmodelled]) => ({
      group,
      kind,
      plural: pluralOf(kind),
      shortNames: shortNames === '' ? [] : shortNames.split(' '),
      namespaced,
      unmodelled,
    })),
  );
}

/** `networkpolicies`, `ingresses`, `configmaps`; of kinds that are not known, too. */
export function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (/(s|ss)$/.test(name)) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}
