// A node whose pods use as much memory and disk as a spec says, so that it can run short of it.

import type { PodSpec } from '../../../src/apiserver/kinds/pod';
import { bytes } from '../../../src/values/bytes';
import { KubeletWorld, WEB } from './kubelet-world';
import type { WorldOptions } from './kubelet-world';

type Extra = Partial<PodSpec> & { readonly requests?: string };

/** A node with pods that use so much memory and disk each, ready at 10 s. */
export function world(
  pods: Readonly<Record<string, readonly [uses: string, extra?: Extra]>>,
  options: WorldOptions = {},
): KubeletWorld {
  const made = new KubeletWorld({
    ...options,
    behaviours: Object.entries(pods).map(([name, [uses]]) => ({
      target: `pod/shop/${name}`,
      uses: { memory: bytes(uses), disk: bytes(uses) },
    })),
  });
  for (const [name, [, { requests, ...spec } = {}]] of Object.entries(pods)) {
    const wanted = { memory: requests ?? '0', 'ephemeral-storage': requests ?? '0' };
    const resources = requests === undefined ? {} : { resources: { requests: wanted } };
    made.add(name, { containers: [{ ...WEB, ...resources }], ...spec });
  }
  made.until(10);
  return made;
}

/** The pods that were evicted, in that order. */
export function evicted(made: KubeletWorld): string[] {
  return made.entries('killed', 'Evicted').map(({ subject }) => subject.split('/').at(-1)!);
}

/** From now on so much is left, and more where pods use less than now. */
export function exhaust(
  made: KubeletWorld,
  left: string,
  what: 'memory' | 'disk' = 'memory',
): void {
  made.kubelets.faults.exhaust('worker-1', what, 'step', bytes(left));
}
