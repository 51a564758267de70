// Names of new slices: that of the Service and five letters or digits, none of which is a vowel.
// source: staging/src/k8s.io/endpointslice/utils.go getEndpointSlicePrefix

import { generatedName } from '../../apiserver/identity';
import type { ObjectKey } from '../../values/kube-object';
import type { Workplace } from '../define';

/** A name and the key that goes with it. */
interface SliceName {
  readonly name: string;
  readonly key: ObjectKey;
}

/** A free name `<service>-xxxxx`, from the stream of that Service and that `maker`. */
export function newSliceName(
  { kernel, view }: Workplace,
  maker: string,
  namespace: string,
  service: string,
): SliceName {
  const stream = kernel.random.stream(`${maker}/name/${namespace}/${service}`);
  for (;;) {
    const name = generatedName(`${service}-`, stream);
    const key = `${namespace}/${name}`;
    if (view.get('EndpointSlice', key) === undefined) return { name, key };
  }
}
