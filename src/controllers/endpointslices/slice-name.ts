// Names of new slices: that of the Service and five letters or digits, none of which is a vowel.
// source: staging/src/k8s.io/endpointslice/utils.go getEndpointSlicePrefix

import { generatedEnd, generatedStem } from '../../apiserver/identity';
import type { ObjectKey } from '../../values/kube-object';
import type { Workplace } from '../define';

/** A free name `<service>-xxxxx`, from the stream of that Service and that `maker`; its key. */
export function newSliceKey(
  { kernel, view }: Workplace,
  maker: string,
  service: ObjectKey,
): ObjectKey {
  const streams = kernel.random.keptOf(`${maker}/name/`);
  const stream = streams.take(service);
  const stem = sliceStemOf(service);
  let key: ObjectKey;
  do key = stem + generatedEnd(stream);
  while (view.get('EndpointSlice', key) !== undefined);
  streams.keep(service, stream);
  return key;
}

/** What the keys of all slices of the Service begin with: of its name as much as there is room. */
function sliceStemOf(service: ObjectKey): string {
  const start = service.indexOf('/') + 1;
  return service.slice(0, start) + generatedStem(`${service.slice(start)}-`);
}
