// How long the kernel of a node remembers a connection after its last packet: the sysctls
// net.netfilter.nf_conntrack_*_timeout*, which count in seconds. kube-proxy sets two of them.

import { fixed, WHOLE_SECONDS } from './row';
import type { TimerRow } from './row';
import { seconds } from '../values/time';

const TCP = 'net/netfilter/nf_conntrack_proto_tcp.c tcp_timeouts';
const UDP = 'net/netfilter/nf_conntrack_proto_udp.c udp_timeouts';
const PROXY = 'pkg/proxy/apis/config/v1alpha1/defaults.go; pkg/proxy/conntrack/sysctls.go';

/** source: net/netfilter/nf_conntrack_standalone.c nf_ct_sysctl_table (proc_dointvec_jiffies) */
const bounds = WHOLE_SECONDS;

export const CONNTRACK_TIMERS = {
  'conntrack.tcpEstablished': {
    kind: 'wait',
    delays:
      'forgetting a TCP connection that stands and is silent, as kube-proxy sets it; the own one ' +
      'of the kernel is 5d',
    value: fixed(seconds(86_400)),
    knob: 'KubeProxyConfiguration conntrack.tcpEstablishedTimeout',
    bounds,
    source: PROXY,
  },
  'conntrack.tcpCloseWait': {
    kind: 'wait',
    delays:
      'forgetting a TCP connection that one end has closed, as kube-proxy sets it; the own one ' +
      'of the kernel is 1m',
    value: fixed(seconds(3_600)),
    knob: 'KubeProxyConfiguration conntrack.tcpCloseWaitTimeout',
    bounds,
    source: PROXY,
  },
  'conntrack.tcpSynSent': {
    kind: 'wait',
    delays: 'forgetting a TCP connection that nobody has answered',
    value: fixed(seconds(120)),
    knob: 'net.netfilter.nf_conntrack_tcp_timeout_syn_sent',
    bounds,
    source: TCP,
  },
  'conntrack.tcpSynRecv': {
    kind: 'wait',
    delays: 'forgetting a TCP connection whose client does not confirm the answer',
    value: fixed(seconds(60)),
    knob: 'net.netfilter.nf_conntrack_tcp_timeout_syn_recv',
    bounds,
    source: TCP,
  },
  'conntrack.tcpFinWait': {
    kind: 'wait',
    delays: 'forgetting a TCP connection whose first FIN nobody has answered',
    value: fixed(seconds(120)),
    knob: 'net.netfilter.nf_conntrack_tcp_timeout_fin_wait',
    bounds,
    source: TCP,
  },
  'conntrack.tcpLastAck': {
    kind: 'wait',
    delays: 'forgetting a TCP connection whose second FIN nobody has confirmed',
    value: fixed(seconds(30)),
    knob: 'net.netfilter.nf_conntrack_tcp_timeout_last_ack',
    bounds,
    source: TCP,
  },
  'conntrack.tcpTimeWait': {
    kind: 'wait',
    delays: 'forgetting a TCP connection that both ends have closed',
    value: fixed(seconds(120)),
    knob: 'net.netfilter.nf_conntrack_tcp_timeout_time_wait',
    bounds,
    source: TCP,
  },
  'conntrack.tcpClose': {
    kind: 'wait',
    delays: 'forgetting a TCP connection that was reset',
    value: fixed(seconds(10)),
    knob: 'net.netfilter.nf_conntrack_tcp_timeout_close',
    bounds,
    source: TCP,
  },
  'conntrack.udp': {
    kind: 'wait',
    delays: 'forgetting a UDP flow',
    value: fixed(seconds(30)),
    knob:
      'net.netfilter.nf_conntrack_udp_timeout; since 1.29 also KubeProxyConfiguration ' +
      'conntrack.udpTimeout',
    bounds,
    source: UDP,
  },
  'conntrack.udpStream': {
    kind: 'wait',
    delays: 'forgetting a UDP flow that is answered and has gone on for more than 2s',
    value: fixed(seconds(120)),
    knob:
      'net.netfilter.nf_conntrack_udp_timeout_stream; since 1.29 also KubeProxyConfiguration ' +
      'conntrack.udpStreamTimeout',
    bounds,
    source: UDP,
  },
  'conntrack.icmp': {
    kind: 'wait',
    delays: 'forgetting a question by ICMP',
    value: fixed(seconds(30)),
    knob: 'net.netfilter.nf_conntrack_icmp_timeout, nf_conntrack_icmpv6_timeout',
    bounds,
    source: 'net/netfilter/nf_conntrack_proto_icmp.c nf_ct_icmp_timeout',
  },
  'conntrack.sctp': {
    kind: 'wait',
    delays: 'forgetting an SCTP association',
    value: fixed(seconds(210)),
    knob: 'net.netfilter.nf_conntrack_sctp_timeout_established',
    bounds,
    source: 'net/netfilter/nf_conntrack_proto_sctp.c sctp_timeouts',
  },
} as const satisfies Record<string, TimerRow>;
