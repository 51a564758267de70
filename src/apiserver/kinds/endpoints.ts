// Endpoints: the older list of a Service's addresses. For Services without a selector it is
// written by hand, and a controller mirrors it into EndpointSlices.

import type { Protocol } from '../../values/flow';
import { parseIp } from '../../values/ip';
import type { KubeObject } from '../../values/kube-object';
import type { ManifestProblem } from '../../values/manifest-problem';
import { isSpecialAddress, SPECIAL_ADDRESS } from '../../values/special-addresses';
import { complete, defineKind, error, quote } from './define';
import type { TargetRef } from './endpointslice';
import { validateMetadata } from './names';

export interface Endpoints extends KubeObject {
  readonly kind: 'Endpoints';
  readonly subsets?: readonly EndpointSubset[];
}

export interface EndpointSubset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly EndpointPort[];
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: TargetRef;
}

export interface EndpointPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: Protocol;
  readonly appProtocol?: string;
}

function validate(object: KubeObject): ManifestProblem[] {
  const problems = validateMetadata(object);
  ((object as Endpoints).subsets ?? []).forEach((subset, at) => {
    for (const field of ['addresses', 'notReadyAddresses'] as const) {
      subset[field]?.forEach(({ ip }, index) => {
        const path = `/subsets/${at}/${field}/${index}/ip`;
        const address = parseIp(String(ip));
        if (address === undefined) problems.push(error(path, `${quote(ip)} is no IP address`));
        else if (isSpecialAddress(address)) problems.push(error(path, `${ip} ${SPECIAL_ADDRESS}`));
      });
    }
  });
  return problems;
}

const ADDRESS = { ip: true, hostname: true, nodeName: true, targetRef: true } as const;

export const endpoints = defineKind({
  apiVersions: ['v1'],
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  fields: {
    subsets: [
      {
        addresses: [ADDRESS],
        notReadyAddresses: [ADDRESS],
        ports: [{ name: true, port: true, protocol: true, appProtocol: true }],
      },
    ],
  },
  /** source: pkg/apis/core/v1/defaults.go SetDefaults_Endpoints */
  defaults(object) {
    const { subsets } = object as Endpoints;
    if (subsets === undefined) return object;
    const completed = subsets.map((subset) => ({
      ...subset,
      ports: (subset.ports ?? []).map((port) => complete<EndpointPort>(port, { protocol: 'TCP' })),
    }));
    return { ...object, subsets: completed };
  },
  validate,
});
