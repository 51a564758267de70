// Timers of the model that no row of the table (index.ts) sets: a manifest or a configuration
// does, as in a real cluster, or they are constants where they are used. Those that chains of
// causes name (declared.ts) have the same names here.

export interface ElsewhereTimer {
  /** What waits for it, as a sentence for people. */
  readonly delays: string;
  /** Its default in the model. */
  readonly value: string;
  /** Who sets it, and how; undefined for a constant. */
  readonly setBy?: string;
  readonly source: string;
}

const CONNTRACK = 'net/netfilter/nf_conntrack_proto_tcp.c tcp_timeouts';

const KERNEL: Readonly<Record<string, ElsewhereTimer>> = {
  'conntrack.tcpEstablished': {
    delays: 'forgetting a TCP connection that stands and is silent',
    value: "24h, as kube-proxy sets it; the kernel's own is 5d",
    source: 'pkg/proxy/apis/config/v1alpha1/defaults.go; pkg/proxy/conntrack/sysctls.go',
  },
  'conntrack.tcpCloseWait': {
    delays: 'forgetting a TCP connection that one end has closed',
    value: "1h, as kube-proxy sets it; the kernel's own is 1m",
    source: 'pkg/proxy/apis/config/v1alpha1/defaults.go; pkg/proxy/conntrack/sysctls.go',
  },
  'conntrack.tcpOther': {
    delays: 'forgetting a TCP connection in any other state',
    value: 'SYN_SENT, FIN_WAIT, TIME_WAIT 2m; SYN_RECV 1m; LAST_ACK 30s; CLOSE 10s',
    source: CONNTRACK,
  },
  'conntrack.udp': {
    delays: 'forgetting a UDP flow',
    value: '30s; 2m where it is answered and goes on for more than 2s',
    source: 'net/netfilter/nf_conntrack_proto_udp.c udp_timeouts',
  },
  'conntrack.icmp': {
    delays: 'forgetting a question by ICMP',
    value: '30s',
    source: 'net/netfilter/nf_conntrack_proto_icmp.c nf_ct_icmp_timeout',
  },
  'conntrack.sctp': {
    delays: 'forgetting an SCTP association',
    value: '3m30s',
    source: 'net/netfilter/nf_conntrack_proto_sctp.c sctp_timeouts',
  },
};

const DNS: Readonly<Record<string, ElsewhereTimer>> = {
  'coredns.ttl': {
    delays: 'asking CoreDNS again for a name of the cluster',
    value: '5s; 30s in the Corefiles of kubeadm and of cluster/addons',
    setBy: 'Corefile kubernetes { ttl }, in `cluster.dns.corefile`',
    source: 'coredns plugin/kubernetes/kubernetes.go; cmd/kubeadm/app/phases/addons/dns',
  },
  'coredns.cache': {
    delays: 'asking again for what is in the cache of CoreDNS',
    value: '1h at the most, 30m of what does not exist, 5s of failures',
    setBy: 'Corefile cache, in `cluster.dns.corefile`',
    source: 'coredns plugin/cache',
  },
  'coredns.reload': {
    delays: 'noticing that the Corefile has changed',
    value: '30s, 15s more or less',
    setBy: 'Corefile reload, in `cluster.dns.corefile`',
    source: 'coredns plugin/reload',
  },
  'coredns.forwardHealthCheck': {
    delays: 'the next look at an upstream that has failed',
    value: '500ms',
    setBy: 'Corefile forward { health_check }, in `cluster.dns.corefile`',
    source: 'coredns plugin/forward; plugin/pkg/proxy',
  },
  'coredns.forwardTimeout': {
    delays: 'giving up on one upstream, and on all of them together',
    value: '2s, and 5s together',
    source: 'coredns plugin/forward/forward.go defaultTimeout; plugin/pkg/proxy (readTimeout)',
  },
};

const WORKLOADS: Readonly<Record<string, ElsewhereTimer>> = {
  'kubelet.probe': {
    delays: 'the next probe of a container; a probe also has a timeout, thresholds and a delay',
    value: '10s; timeout 1s, after 3 failures or 1 success, without a delay',
    setBy: 'the probe: periodSeconds, timeoutSeconds, failureThreshold, …',
    source: 'pkg/apis/core/v1/defaults.go SetDefaults_Probe',
  },
  'spec.terminationGracePeriodSeconds': {
    delays: 'SIGKILL after SIGTERM',
    value: '30s',
    setBy: 'the pod: terminationGracePeriodSeconds, or whoever deletes it',
    source: 'pkg/apis/core/v1/defaults.go SetDefaults_PodSpec',
  },
  'spec.progressDeadlineSeconds': {
    delays: 'saying that a rollout does not advance',
    value: '10m',
    setBy: 'the Deployment: progressDeadlineSeconds',
    source: 'pkg/apis/apps/v1/defaults.go SetDefaults_Deployment',
  },
  'service.sessionAffinity': {
    delays: 'forgetting which backend a client had',
    value: '3h',
    setBy: 'the Service: sessionAffinityConfig.clientIP.timeoutSeconds',
    source: 'pkg/apis/core/v1/defaults.go SetDefaults_Service',
  },
};

const CLIENTS: Readonly<Record<string, ElsewhereTimer>> = {
  'scheduler.requestInterval': {
    delays: 'each request of the scheduler beyond the first 100 in a row',
    value: '20ms (50 a second)',
    setBy: '`controller-manager.requestInterval`, of which it is two fifths',
    source: 'pkg/scheduler/apis/config/v1/defaults.go (ClientConnection)',
  },
};

/** By a name in the manner of the table. No name is in both. */
export const SET_ELSEWHERE: Readonly<Record<string, ElsewhereTimer>> = {
  ...CLIENTS,
  ...DNS,
  ...KERNEL,
  ...WORKLOADS,
};
