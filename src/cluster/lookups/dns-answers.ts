// What one DNS server of the cluster would answer, asked by itself and not over the network: the
// claim `converge` compares it with what the API says.

import type { ObjectKey } from '../../values/kube-object';
import { TooManyCourses } from '../../workloads/index';
import type { Asked, DnsReply, DnsServers, Weighted } from '../../workloads/index';

/** Larger than any answer: what does not fit is no question here. */
const NO_LIMIT = 65_535;

const TOO_MANY = 'its question can go too many ways to be followed to their ends';

/**
 * The addresses of a full name by the server of a pod, over both families, each once. Undefined
 * where the server does not run or says nothing; a text where its answers are too many to be
 * known. Changes no cache.
 */
export function answersOf(
  servers: DnsServers,
  pod: ObjectKey,
  name: string,
  families: readonly string[],
): readonly string[] | string | undefined {
  const found = new Set<string>();
  for (const family of families) {
    const question = { name, type: family === 'IPv6' ? 'AAAA' : 'A' };
    const replies = repliesOf(servers, pod, {
      question,
      client: undefined,
      transport: 'TCP',
      udpSize: NO_LIMIT,
      real: false,
      depth: 0,
    });
    if (replies === 'too many') return TOO_MANY;
    if (replies === undefined || replies.some(({ value }) => value.silent === true)) {
      return undefined;
    }
    for (const { value } of replies) {
      for (const { type, data } of value.answers) if (type === question.type) found.add(data);
    }
  }
  return [...found];
}

/** Every reply that the server may give; undefined where it does not run. */
function repliesOf(
  servers: DnsServers,
  pod: ObjectKey,
  asked: Asked,
): readonly Weighted<DnsReply>[] | 'too many' | undefined {
  try {
    return servers.answer(pod, asked);
  } catch (error) {
    if (error instanceof TooManyCourses) return 'too many';
    throw error;
  }
}
