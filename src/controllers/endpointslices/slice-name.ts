// Names of new slices: that of the Service and five letters or digits, none of which is a vowel.
// source: staging/src/k8s.io/apiserver/pkg/storage/names/generate.go; apimachinery util/rand

import type { Workplace } from '../define';

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** A free name `<service>-xxxxx`, from the stream of that Service and that `maker`. */
export function newSliceName(
  { kernel, view }: Workplace,
  maker: string,
  namespace: string,
  service: string,
): string {
  const stream = kernel.random.stream(`${maker}/name/${namespace}/${service}`);
  for (;;) {
    let candidate = `${service}-`;
    for (let count = 0; count < 5; count++) candidate += LETTERS[stream.below(LETTERS.length)];
    if (view.get('EndpointSlice', `${namespace}/${candidate}`) === undefined) return candidate;
  }
}
