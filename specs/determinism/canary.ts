// A model that is wrong on purpose: its chance depends on the process that it runs in. The double
// run has to find it; if it does not, the double run is broken.

import { Random, Stream, hashText } from '../../src/kernel/random';

/** Makes every random stream of this process differ from those of any other process. */
export function releaseCanary(): void {
  const streams = new Map<string, Stream>();
  Random.prototype.stream = function stream(name: string): Stream {
    const known = streams.get(name) ?? new Stream(hashText(`${process.pid}/${name}`));
    streams.set(name, known);
    return known;
  };
}
