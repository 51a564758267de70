// The delays of the clients of the API server: how they notice that a connection is dead, and how
// they come back. The same library, client-go, stands behind all of them.

import { fixed, spread } from './row';
import type { TimerRow } from './row';
import { milliseconds, seconds } from '../values/time';

const ms = milliseconds;

export const API_CLIENT_TIMERS = {
  'client.http2ReadIdle': {
    kind: 'wait',
    delays: 'asking whether a connection to the API server that has fallen silent still lives',
    value: fixed(seconds(30)),
    knob: 'HTTP2_READ_IDLE_TIMEOUT_SECONDS in the environment of the client',
    source: 'staging/src/k8s.io/apimachinery/pkg/util/net/http.go readIdleTimeoutSeconds',
  },
  'client.http2PingTimeout': {
    kind: 'wait',
    delays: 'giving up a connection whose other end does not answer that question',
    value: fixed(seconds(15)),
    knob: 'HTTP2_PING_TIMEOUT_SECONDS in the environment of the client',
    source: 'staging/src/k8s.io/apimachinery/pkg/util/net/http.go pingTimeoutSeconds',
  },
  'client.dialTimeout': {
    kind: 'wait',
    delays: 'giving up an attempt to connect that nobody answers',
    value: fixed(seconds(30)),
    source: 'staging/src/k8s.io/client-go/transport/cache.go (net.Dialer Timeout)',
  },
  'client.tcpRetransmission': {
    kind: 'wait',
    delays: 'sending again what was lost on an open connection; doubles each time',
    value: fixed(ms(200)),
    source: 'Linux include/net/tcp.h TCP_RTO_MIN',
  },
  'client.retryAfter': {
    kind: 'wait',
    delays: 'sending a request again that the API server has put off with a 429, ten times at most',
    value: fixed(seconds(1)),
    source:
      'staging/src/k8s.io/apiserver/pkg/server/filters/maxinflight.go retryAfter; ' +
      'staging/src/k8s.io/client-go/rest/with_retry.go',
  },
  'client.synRetransmission': {
    kind: 'wait',
    delays: 'sending again the first packet of a connection; doubles each time',
    value: fixed(seconds(1)),
    source: 'Linux include/net/tcp.h TCP_TIMEOUT_INIT',
  },
  'client.reflectorBackoff': {
    kind: 'wait',
    delays: 'listing and watching again after the watch has broken; doubles each time',
    value: spread(ms(800), ms(1_600)),
    source: 'staging/src/k8s.io/client-go/tools/cache/reflector.go defaultBackoffInit, jitter 1.0',
  },
  'client.reflectorBackoffMax': {
    kind: 'wait',
    delays: 'the same at the most, before its jitter of up to as much again',
    value: fixed(seconds(30)),
    source: 'staging/src/k8s.io/client-go/tools/cache/reflector.go defaultBackoffMax',
  },
  'client.reflectorBackoffReset': {
    kind: 'wait',
    delays:
      'nothing by itself: a failure so long after the last one (since 1.36: after the back-off ' +
      'began anew) counts as the first',
    value: fixed(seconds(120)),
    source:
      'staging/src/k8s.io/client-go/tools/cache/reflector.go defaultBackoffReset; ' +
      'apimachinery/pkg/util/wait/backoff.go DelayWithReset; kubernetes#136824',
  },
} as const satisfies Record<string, TimerRow>;
