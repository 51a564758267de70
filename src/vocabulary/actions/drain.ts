import { parseDuration } from '../../language/duration';
import type { FromSchema } from '../../language/json-schema';
import { defineAction } from '../define';
import { graceOf, graceProblems } from '../grace';
import { nodeNamed } from '../targets';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['drain'],
  properties: {
    drain: { $ref: '#/$defs/nodeReference' },
    ignoreDaemonSets: {
      description: 'Leaves the pods of DaemonSets alone; without it they keep the node undrained.',
      type: 'boolean',
    },
    deleteEmptyDirData: {
      description: 'Also pods with an `emptyDir`, whose data is lost.',
      type: 'boolean',
    },
    force: { description: 'Also pods that no controller replaces.', type: 'boolean' },
    grace: {
      description: 'Whole seconds until the processes are killed; default: what each pod says.',
      $ref: '#/$defs/duration',
    },
    timeout: {
      description: 'Gives up after that long; without it never.',
      $ref: '#/$defs/duration',
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'drain',
  summary: 'Empties a node, as `kubectl drain` does.',
  models:
    'The node is cordoned, then every pod that may go is evicted at once. An eviction that a ' +
    'PodDisruptionBudget refuses is tried again every 5 s; after one that is allowed kubectl ' +
    'looks every second until the pod is gone. Where pods stand in the way that no flag allows, ' +
    'nothing is evicted and the command fails. Mirror pods are left alone.',
  source: 'staging/src/k8s.io/kubectl/pkg/drain/{drain,filters}.go, pkg/cmd/drain/drain.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {drain: worker-3}}',
    '{at: 10s, do: {drain: worker-3, ignoreDaemonSets: true, timeout: 2m}}',
    '{at: 10s, do: {drain: worker-3, timeout: 30s, fails: global timeout reached}}',
  ],
  check: ({ grace }: Args) => graceProblems(grace),
  perform(cluster, args: Args) {
    const node = nodeNamed(cluster, args.drain);
    const grace = graceOf(args.grace);
    const timeout = args.timeout === undefined ? undefined : parseDuration(args.timeout);
    cluster.handles.drain(node, {
      ignoreDaemonSets: args.ignoreDaemonSets ?? false,
      deleteEmptyDirData: args.deleteEmptyDirData ?? false,
      force: args.force ?? false,
      ...(grace !== undefined && { grace }),
      ...(timeout?.ok === true && { timeout: timeout.value }),
    });
    return [`node ${node}`];
  },
});
