// The timers of a real cluster that no part of the model waits for: what each is upstream, and what
// is missed by that. The table of delays (index.ts) has all the others.

export interface MissingTimer {
  /** What waits for it upstream, as a sentence for people. */
  readonly delays: string;
  /** Its default, as upstream has it. */
  readonly value: string;
  /** The flag or field of the real component that sets it. */
  readonly knob?: string;
  readonly source: string;
  /** Why nothing is missed without it, or what is. */
  readonly without: string;
}

const KUBELET: Readonly<Record<string, MissingTimer>> = {
  'kubelet.syncLoop': {
    delays: 'picking up the pods that are due to be synced',
    value: '1s',
    source: 'pkg/kubelet/kubelet.go syncLoop (syncTicker)',
    without: 'each look at a pod comes when it is due, up to 1 s before that tick',
  },
  'kubelet.housekeeping': {
    delays: 'cleaning up after pods that are gone',
    value: '2s',
    source: 'pkg/kubelet/kubelet.go housekeepingPeriod',
    without:
      '`kubelet.podTeardown` holds what pods wait for it; orphans on a node are not modelled',
  },
  'kubelet.podResync': {
    delays: 'the next look at a pod that nothing has happened to',
    value: '1m to 1m30s',
    knob: 'KubeletConfiguration syncFrequency',
    source: 'pkg/kubelet/apis/config/v1beta1/defaults.go; pkg/kubelet/pod_workers.go completeWork',
    without: 'the kubelet of the model misses no event of a pod, so that a resync finds nothing',
  },
  'kubelet.nodeStatusReportFrequency': {
    delays: 'writing the status of a node that has not changed',
    value: '5m, 50 % more or less',
    knob: 'KubeletConfiguration nodeStatusReportFrequency',
    source: 'pkg/kubelet/apis/config/v1beta1/defaults.go; pkg/kubelet/kubelet_node_status.go',
    without: 'the lease is what shows that a node lives; nothing reads the time of its status',
  },
  'kubelet.plegHealth': {
    delays: 'counting a node as NotReady whose relist does not end',
    value: '3m',
    source: 'pkg/kubelet/pleg/generic.go relistThreshold, Healthy',
    without: 'relists always end: a hanging container runtime is `kubelet.runtimeDown` alone',
  },
  'kubelet.eventedPleg': {
    delays: 'the relist of containers, where the container runtime reports their events',
    value: '5m; feature gate EventedPLEG, alpha and off',
    knob: 'feature gate EventedPLEG',
    source: 'pkg/kubelet/kubelet.go eventedPlegRelistPeriod; KEP-3386',
    without: 'the gate is not modelled: containers are relisted as without it',
  },
  'kubelet.registryPullQPS': {
    delays: 'image pulls beyond the first 10 in a row',
    value: '5 a second, burst 10',
    knob: 'KubeletConfiguration registryPullQPS, registryBurst',
    source: 'pkg/kubelet/apis/config/v1beta1/defaults.go; pkg/kubelet/images/helpers.go',
    without: 'image pulls take no time, so that no number of them is held up',
  },
  'kubelet.networkNotReadyBackOff': {
    delays: 'the next look at a pod while the network of its node is not ready',
    value: '1s to 1.5s',
    source: 'pkg/kubelet/pod_workers.go backOffOnTransientErrorPeriod',
    without: 'a network plug-in is ready with its node; a failed CNI ADD waits as any failed sync',
  },
  'kubelet.volumeTimeout': {
    delays: 'giving up the wait for the volumes of a pod',
    value: '2m3s',
    source: 'pkg/kubelet/volumemanager/volume_manager.go podAttachAndMountTimeout',
    without: 'volumes are always mounted in the end',
  },
};

const API_SERVER: Readonly<Record<string, MissingTimer>> = {
  'apiserver.watchTimeout': {
    delays: 'the end of a watch, after which the client watches again from where it was',
    value: '5m to 10m by the client; 30m at the least by the server',
    knob: 'kube-apiserver --min-request-timeout',
    source: 'staging/src/k8s.io/client-go/tools/cache/reflector.go defaultMinWatchTimeout',
    without: 'a watch that ends so loses no event; its clients reconnect at once',
  },
  'apiserver.watchBookmark': {
    delays: 'telling an idle watch which version it has reached',
    value: '1m',
    source: 'staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go (bookmarkFrequency)',
    without: 'a client that connects again lists, which finds everything',
  },
  'apiserver.watchHistory': {
    delays: 'forgetting events, so that whoever resumes a watch before them has to list',
    value: '75s',
    source: 'staging/src/k8s.io/apiserver/pkg/storage/cacher/watch_cache.go eventFreshDuration',
    without: 'a client that connects again lists; the fault `stale` shows old lists',
  },
  'apiserver.slowWatcherBudget': {
    delays: 'cutting a watcher that does not take its events',
    value: '100ms, refilled by 50ms a second',
    source: 'staging/src/k8s.io/apiserver/pkg/storage/cacher/time_budget.go',
    without: 'a slow client (the faults `slow` and `stale`) is late and never cut for it',
  },
  'apiserver.requestTimeout': {
    delays: 'giving up a request that the API server cannot answer',
    value: '1m',
    knob: 'kube-apiserver --request-timeout',
    source: 'staging/src/k8s.io/apiserver/pkg/server/config.go RequestTimeout',
    without: 'the API server answers or is silent for good; clients give up by their own timers',
  },
};

const CLIENTS: Readonly<Record<string, MissingTimer>> = {
  'kubelet.kubeAPIQPS': {
    delays: "the kubelet's requests beyond the first 100 in a row",
    value: '50 a second, burst 100',
    knob: 'KubeletConfiguration kubeAPIQPS, kubeAPIBurst',
    source: 'pkg/kubelet/apis/config/v1beta1/defaults.go',
    without: 'the status of more than a hundred pods of one node at once is written too soon',
  },
  'kube-proxy.kubeAPIQPS': {
    delays: "kube-proxy's requests beyond the first 10 in a row",
    value: '5 a second, burst 10',
    knob: 'KubeProxyConfiguration clientConnection.qps, clientConnection.burst',
    source: 'pkg/proxy/apis/config/v1alpha1/defaults.go',
    without: 'kube-proxy lists and watches a handful of kinds and writes nothing but events',
  },
  'client.workqueueQPS': {
    delays: 'retries of one controller beyond the first 100 in a row, over all its keys',
    value: '10 a second, burst 100',
    source: 'staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go',
    without: 'a failure of more than a hundred keys at once is retried too soon',
  },
  'client.resyncPeriod': {
    delays: 'handing every known object to the controllers again',
    value: '12h to 24h in the controller manager; 15m in kube-proxy',
    knob: 'kube-controller-manager --min-resync-period; KubeProxyConfiguration configSyncPeriod',
    source:
      'cmd/kube-controller-manager/app/controllermanager.go ResyncPeriod; client-go informers',
    without: 'no handler of the model forgets what it was told, so that a resync finds nothing',
  },
};

const OTHERS: Readonly<Record<string, MissingTimer>> = {
  'scheduler.unschedulableFlush': {
    delays: 'trying a pod again that fitted nowhere, though nothing has happened',
    value: '5m',
    knob: 'kube-scheduler --pod-max-in-unschedulable-pods-duration',
    source: 'pkg/scheduler/backend/queue/scheduling_queue.go flushUnschedulablePodsLeftover',
    without: 'every change that can make room wakes the pods that wait; there is none to miss',
  },
  'controller-manager.attachdetach.forceDetach': {
    delays: 'detaching a volume from a node that does not answer',
    value: '6m',
    knob: 'kube-controller-manager --disable-force-detach-on-timeout',
    source:
      'pkg/controller/volume/attachdetach/attach_detach_controller.go ' +
      '(ReconcilerMaxWaitForUnmountDuration)',
    without: 'volumes are not attached: a pod that moves with one starts too soon',
  },
  'cloud-controller-manager.nodeLifecycle': {
    delays: 'deleting the Node of an instance that the cloud has deleted',
    value: '5s',
    knob: 'cloud-controller-manager --node-monitor-period',
    source: 'staging/src/k8s.io/cloud-provider/controllers/nodelifecycle',
    without: 'no cloud deletes instances: a scenario deletes the Node itself',
  },
  'cloud-controller-manager.routeReconciliation': {
    delays: 'the next pass over the routes of the cloud to the pods of each node',
    value: '10s',
    knob: 'cloud-controller-manager --route-reconciliation-period',
    source: 'staging/src/k8s.io/cloud-provider/controllers/route/route_controller.go',
    without: 'the network plug-ins of the model set routes on nodes, none in a cloud',
  },
  'cloud-controller-manager.nodeSync': {
    delays: 'comparing the nodes behind each load balancer with those of the cluster',
    value: '1m40s',
    source: 'staging/src/k8s.io/cloud-provider/controllers/service/controller.go nodeSyncPeriod',
    without: 'changes of nodes are seen as events, which upstream goes by too',
  },
  'kube-proxy.fullSyncPeriod': {
    delays: 'a full sync of the rules though nothing demands one',
    value: '1h; with iptables never beyond 1,000 endpoints',
    source: 'pkg/proxy/util/utils.go FullSyncPeriod; largeClusterEndpointsThreshold',
    without: 'what somebody changes within the chains of single Services stays changed',
  },
  'calico-typha.batch': {
    delays: 'passing changes on to Felix, gathered for so long',
    value: '100ms',
    source: 'projectcalico/calico typha/pkg/syncserver/sync_server.go',
    without: 'Calico runs without Typha: Felix watches the API server itself',
  },
  'calico-node.applyRetry': {
    delays: 'applying rules again that could not be applied',
    value: '10s',
    source: 'projectcalico/calico felix/dataplane/linux/int_dataplane.go (retryTicker)',
    without: 'Felix always succeeds: no fault makes it fail',
  },
  'coredns.startupTimeout': {
    delays: 'answering without having listed everything, after a start',
    value: '5s',
    knob: 'Corefile kubernetes { startup_timeout }',
    source: 'coredns plugin/kubernetes/setup.go; plugin/kubernetes/kubernetes.go',
    without: 'CoreDNS answers from its start on: SERVFAIL until it has listed everything',
  },
  'coredns.forwardExpire': {
    delays: 'closing an idle connection to an upstream',
    value: '10s',
    knob: 'Corefile forward { expire }',
    source: 'coredns plugin/forward/forward.go defaultExpire; plugin/forward/setup.go',
    without: 'each exchange with an upstream is one of its own',
  },
  'conntrack.generic': {
    delays: 'forgetting packets of a protocol that conntrack does not know',
    value: '10m',
    knob: 'net.netfilter.nf_conntrack_generic_timeout',
    source: 'net/netfilter/nf_conntrack_proto_generic.c nf_ct_generic_timeout',
    without: 'there are TCP, UDP, SCTP and ICMP, which have timeouts of their own',
  },
};

/** By a name in the manner of the table. No name is in both. */
export const NOT_MODELLED: Readonly<Record<string, MissingTimer>> = {
  ...API_SERVER,
  ...CLIENTS,
  ...KUBELET,
  ...OTHERS,
};
