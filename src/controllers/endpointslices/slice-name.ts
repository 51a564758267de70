// Names of new slices: that of the Service and five letters or digits, none of which is a vowel.
// source: staging/src/k8s.io/endpointslice/utils.go getEndpointSlicePrefix

import { generatedName } from '../../apiserver/identity';
import type { Workplace } from '../define';

/** A free name `<service>-xxxxx`, from the stream of that Service and that `maker`. */
export function newSliceName(
  { kernel, view }: Workplace,
  maker: string,
  namespace: string,
  service: string,
): string {
  const stream = kernel.random.stream(`${maker}/name/${namespace}/${service}`);
  for (;;) {
    const candidate = generatedName(`${service}-`, stream);
    if (view.get('EndpointSlice', `${namespace}/${candidate}`) === undefined) return candidate;
  }
}
