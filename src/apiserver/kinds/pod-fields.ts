// What the model makes of the fields of a pod's spec. `true` stands for what is modelled and for
// what no packet, timer or placement of the model depends on.

import type { FieldTable } from './fields';

const HANDLER: FieldTable = {
  httpGet: { path: true, port: true, host: true, scheme: true, httpHeaders: true },
  tcpSocket: { port: true, host: true },
  grpc: { port: true, service: true },
  exec: { command: true },
};

const HOOK: FieldTable = { ...HANDLER, sleep: { seconds: true } };

const PROBE: FieldTable = {
  ...HANDLER,
  initialDelaySeconds: true,
  periodSeconds: true,
  timeoutSeconds: true,
  successThreshold: true,
  failureThreshold: true,
  terminationGracePeriodSeconds: 'a failed probe grants the grace of the pod, not its own',
};

const CONTAINER: FieldTable = {
  name: true,
  image: true,
  imagePullPolicy: true,
  command: true,
  args: true,
  workingDir: true,
  env: true,
  envFrom: true,
  ports: [{ name: true, containerPort: true, hostPort: true, hostIP: true, protocol: true }],
  livenessProbe: PROBE,
  readinessProbe: PROBE,
  startupProbe: PROBE,
  lifecycle: {
    preStop: HOOK,
    postStart: 'the hook takes no time and never fails',
    stopSignal: true,
  },
  resources: true,
  resizePolicy: true,
  restartPolicy: true,
  restartPolicyRules: 'the container restarts by the policy of its pod',
  securityContext: true,
  stdin: true,
  stdinOnce: true,
  tty: true,
  terminationMessagePath: true,
  terminationMessagePolicy: true,
  volumeDevices: true,
  volumeMounts: true,
};

const POD_TERMS =
  'pods are placed by number (fewest of the same owner, then fewest at all), not by this rule';

export const POD_SPEC_FIELDS: FieldTable = {
  containers: [CONTAINER],
  initContainers: [CONTAINER],
  ephemeralContainers: 'containers that are added to a running pod do not run',
  nodeName: true,
  nodeSelector: true,
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: true,
      preferredDuringSchedulingIgnoredDuringExecution: 'preferred nodes are not preferred',
    },
    podAffinity: POD_TERMS,
    podAntiAffinity: POD_TERMS,
  },
  tolerations: [{ key: true, operator: true, value: true, effect: true, tolerationSeconds: true }],
  topologySpreadConstraints: POD_TERMS,
  schedulerName: true,
  schedulingGates: 'the pod is scheduled at once',
  priority: 'no pod is preempted',
  priorityClassName: true,
  preemptionPolicy: true,
  runtimeClassName: true,
  overhead: true,
  resources: true,
  resourceClaims: 'claimed devices do not limit where the pod runs',
  hostNetwork: true,
  hostPID: true,
  hostIPC: true,
  hostUsers: true,
  shareProcessNamespace: true,
  hostname: true,
  hostnameOverride: 'the name inside of the pod is the usual one',
  subdomain: true,
  setHostnameAsFQDN: true,
  hostAliases: true,
  dnsPolicy: true,
  dnsConfig: { nameservers: true, searches: true, options: true },
  restartPolicy: true,
  terminationGracePeriodSeconds: true,
  activeDeadlineSeconds: 'the pod is not stopped at its deadline',
  readinessGates: 'nobody sets the conditions that the gates wait for',
  enableServiceLinks: true,
  serviceAccount: true,
  serviceAccountName: true,
  automountServiceAccountToken: true,
  imagePullSecrets: true,
  securityContext: true,
  os: true,
  volumes: true,
};
