// How a strategic merge patch treats the lists and mappings of each kind: what the tags
// patchStrategy and patchMergeKey of the API's Go types say. A list without a rule is replaced, a
// mapping without one is merged.
// source: staging/src/k8s.io/api/{core,apps,batch,policy,networking,discovery}/v1/types.go,
//   api/autoscaling/v2/types.go;
//   staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go (ObjectMeta)

/** What becomes of one field. */
export type MergeRule =
  /** A list of mappings: items with the same value of `by` are one item. */
  | { readonly by: string; readonly of?: MergeRules; readonly retainsKeys?: true }
  /** `union`: a list of texts that are added. `replace`: a mapping that is no longer merged. */
  | 'union'
  | 'replace'
  /**
   * A mapping with rules of its own. Of one that retains keys, and of items of a list that do,
   * `kubectl apply` removes every field that the manifest does not name: one of several excludes
   * the others.
   */
  | { readonly fields: MergeRules; readonly retainsKeys?: true };

export interface MergeRules {
  readonly [field: string]: MergeRule;
}

const CONTAINERS: MergeRule = {
  by: 'name',
  of: {
    env: { by: 'name' },
    ports: { by: 'containerPort' },
    volumeDevices: { by: 'devicePath' },
    volumeMounts: { by: 'mountPath' },
  },
};

const POD_SPEC: MergeRules = {
  containers: CONTAINERS,
  ephemeralContainers: CONTAINERS,
  hostAliases: { by: 'ip' },
  imagePullSecrets: { by: 'name' },
  initContainers: CONTAINERS,
  resourceClaims: { by: 'name', retainsKeys: true },
  schedulingGates: { by: 'name' },
  topologySpreadConstraints: { by: 'topologyKey' },
  volumes: { by: 'name', retainsKeys: true },
};

const METADATA: MergeRule = {
  fields: { finalizers: 'union', ownerReferences: { by: 'uid' } },
};

const CONDITIONS: MergeRules = { conditions: { by: 'type' } };

const TEMPLATE: MergeRule = { fields: { metadata: METADATA, spec: { fields: POD_SPEC } } };

const WORKLOAD: MergeRules = {
  spec: { fields: { template: TEMPLATE } },
  status: { fields: CONDITIONS },
};

const DEPLOYMENT: MergeRules = {
  ...WORKLOAD,
  spec: { fields: { template: TEMPLATE, strategy: { fields: {}, retainsKeys: true } } },
};

/** By kind, without the metadata that all of them have. */
const KINDS: Readonly<Record<string, MergeRules>> = {
  ConfigMap: {},
  CronJob: {
    spec: { fields: { jobTemplate: { fields: { spec: { fields: { template: TEMPLATE } } } } } },
  },
  DaemonSet: WORKLOAD,
  Deployment: DEPLOYMENT,
  EndpointSlice: {},
  Endpoints: {},
  HorizontalPodAutoscaler: { status: { fields: CONDITIONS } },
  Ingress: {},
  IngressClass: {},
  Job: WORKLOAD,
  Namespace: { status: { fields: CONDITIONS } },
  NetworkPolicy: {},
  Node: {
    spec: { fields: { podCIDRs: 'union' } },
    status: { fields: { ...CONDITIONS, addresses: { by: 'type' } } },
  },
  PersistentVolume: {},
  PersistentVolumeClaim: { status: { fields: CONDITIONS } },
  Pod: {
    spec: { fields: POD_SPEC },
    status: { fields: { ...CONDITIONS, hostIPs: { by: 'ip' }, podIPs: { by: 'ip' } } },
  },
  PodDisruptionBudget: {
    spec: { fields: { selector: 'replace' } },
    status: { fields: CONDITIONS },
  },
  PriorityClass: {},
  ReplicaSet: WORKLOAD,
  ReplicationController: WORKLOAD,
  Secret: {},
  Service: { spec: { fields: { ports: { by: 'port' } } }, status: { fields: CONDITIONS } },
  ServiceAccount: { secrets: { by: 'name' } },
  StatefulSet: WORKLOAD,
  StorageClass: {},
};

/**
 * The rules of a kind; undefined where the API server has no Go type for it, and therefore takes
 * no strategic patch (custom resources).
 */
export function mergeRulesOf(kind: string): MergeRules | undefined {
  const rules = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  return rules && { metadata: METADATA, ...rules };
}
