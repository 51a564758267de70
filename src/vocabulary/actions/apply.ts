import type { FromSchema } from '../../language/json-schema';
import { nameOf } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import { defineAction } from '../define';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['apply'],
  properties: {
    apply: {
      description: 'A manifest file, or the manifests themselves as a list.',
      $ref: '#/$defs/manifests',
    },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

export default defineAction({
  name: 'apply',
  summary: 'Creates or updates objects from manifests, as `kubectl apply` does.',
  models:
    'Each object is one request to the API server, in the order of the manifests: a strategic ' +
    'merge patch of what the manifest says. Fields that the manifest applied before set and this ' +
    'one leaves out are removed; what no manifest ever set stays as it is.',
  source: 'staging/src/k8s.io/kubectl/pkg/cmd/apply/{apply,patcher}.go',
  schema: SCHEMA,
  examples: [
    '{at: 10s, do: {apply: [{apiVersion: v1, kind: Service, metadata: {name: web, ' +
      'namespace: shop}, spec: {selector: {app: web}, ports: [{port: 80}]}}]}}',
  ],
  perform(cluster, { apply }: Args) {
    // The language has read the files and put the objects in their place.
    const objects = (Array.isArray(apply) ? apply : []) as readonly KubeObject[];
    cluster.handles.apply(objects);
    return objects.map(nameOf);
  },
});
