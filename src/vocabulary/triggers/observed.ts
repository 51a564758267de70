// What every trigger may say beside its condition: who must see the change, and how often.

/** The properties of a `when` that each trigger has. */
export const OBSERVED_PROPERTIES = {
  seenBy: {
    description:
      'The component at which the change must arrive: then the step happens, and not when the ' +
      'API server stores it.',
    type: 'object',
    additionalProperties: false,
    required: ['component'],
    properties: {
      component: {
        description:
          'As the journal names it: `kube-proxy`, `kubelet`, `scheduler`, ' +
          '`controller-manager/endpointslice`.',
        type: 'string',
        pattern: '^[a-z][a-z0-9-]*(/[a-z0-9-]+)?$',
      },
      node: { $ref: '#/$defs/nodeReference' },
    },
  },
  nth: { description: 'The how-many-th time counts; 1 by default.', type: 'integer', minimum: 1 },
} as const;
