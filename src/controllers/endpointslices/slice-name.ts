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
    const letters = Array.from({ length: 5 }, () => LETTERS[stream.below(LETTERS.length)]);
    const candidate = `${service}-${letters.join('')}`;
    if (view.get('EndpointSlice', `${namespace}/${candidate}`) === undefined) return candidate;
  }
}
