import { upgradedBy } from '../../cluster/components/versioned-processes';
import type { FromSchema } from '../../language/json-schema';
import { MODELLED_VERSIONS } from '../../values/kube-version';
import { sayComponent } from '../component-targets';
import { defineAction } from '../define';
import { UnknownTargetError } from '../targets';
import { isOfDns, targetOf, whyNothing } from '../upgrade-problems';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['upgrade', 'to'],
  properties: {
    upgrade: {
      description: 'A node, or a component, on one node or everywhere.',
      anyOf: [
        { $ref: '#/$defs/nodeReference' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['component'],
          properties: {
            component: { $ref: '#/$defs/component' },
            node: { $ref: '#/$defs/nodeReference' },
          },
        },
      ],
    },
    to: {
      description: 'The version of Kubernetes, in quotes.',
      type: 'string',
      enum: MODELLED_VERSIONS,
    },
  },
} as const;

export default defineAction({
  name: 'upgrade',
  summary: 'Replaces a component, or those of a node, by another version of Kubernetes.',
  models:
    'Processes end, one after the other, and others take their places, with the behaviour and ' +
    'the delays of their version: with empty memory, and the kernel and its rules as they were. ' +
    'The next one has its turn when the one before runs again. Of a node these are what it runs ' +
    'of the control plane, its kubelet, at once as by systemctl, and its kube-proxy; containers ' +
    'run on, and nothing is drained. Whoever leads an election does the work in its version. ' +
    '`coredns`: image and Corefile as kubeadm has them, so that its pods are replaced. Versions ' +
    'that are not supported side by side, and API servers that skip a minor version, are errors.',
  source: 'https://kubernetes.io/releases/version-skew-policy; cmd/kubeadm/app/phases/upgrade',
  schema: SCHEMA,
  isUpgrade: true,
  examples: [
    '{at: 10s, do: {upgrade: worker-1, to: "1.36"}}',
    '{at: 10s, do: {upgrade: {component: kube-proxy}, to: "1.36"}}',
    '{at: 10s, do: {upgrade: {component: kubelet, node: worker-1}, to: "1.36"}}',
  ],
  perform(cluster, args: FromSchema<typeof SCHEMA>) {
    const { handles, spec, machines } = cluster;
    const { to } = args;
    const nothing = whyNothing(spec, args);
    if (nothing !== undefined) throw new UnknownTargetError(nothing);
    if (isOfDns(args)) {
      handles.upgradeDns(to);
      return ['component coredns'];
    }
    const hit = upgradedBy(spec, targetOf(args));
    // A DaemonSet waits for its nodes; who installs packages needs the node itself.
    const off = hit.find(({ name, node }) => {
      return name === 'kubelet' && machines.get(node!)?.powered !== true;
    });
    const problem = off === undefined ? handles.upgradeProblem(hit, to) : `${off.node} is off`;
    if (problem !== undefined) throw new UnknownTargetError(problem);
    handles.upgrade(hit, to);
    return hit.map(sayComponent);
  },
});
