// A map of layers answers as a map that was copied and changed would, whatever the changes were.

import { expect } from 'chai';
import { Random } from '../../src/kernel/random';
import { OverlayMap } from '../../src/values/overlay-map';

const KEYS = 40;

describe('an overlay map', () => {
  it('holds after any changes what a copied map holds, and so do all versions before', () => {
    const draw = new Random(7).stream('overlay');
    let plain = new Map<number, number>();
    let overlay = OverlayMap.of(new Map<number, number>());
    const versions: (readonly [Map<number, number>, OverlayMap<number, number>])[] = [];
    for (let step = 0; step < 300; step++) {
      const changes = new Map<number, number | undefined>();
      for (let count = draw.below(4); count >= 0; count--) {
        changes.set(draw.below(KEYS), draw.below(3) === 0 ? undefined : step);
      }
      plain = new Map(plain);
      for (const [key, value] of changes) {
        if (value === undefined) plain.delete(key);
        else plain.set(key, value);
      }
      overlay = overlay.with(changes);
      versions.push([plain, overlay]);
    }
    for (const [copied, layered] of versions) {
      expect(layered.size).to.equal(copied.size);
      expect(sorted(layered)).to.deep.equal(sorted(copied));
      expect(all().map((key) => layered.get(key))).to.deep.equal(
        all().map((key) => copied.get(key)),
      );
    }
  });

  it('lists in the order that it is given', () => {
    const map = OverlayMap.of(new Map([['b', 1]])).with(new Map([['a', 2]]), () => ['a', 'b']);
    expect([...map.keys()]).to.deep.equal(['a', 'b']);
    expect([...map.values()]).to.deep.equal([2, 1]);
  });

  it('tells the keys that changed without reading the others', () => {
    const base = OverlayMap.of(new Map(all().map((key) => [key, 0])));
    const [one, two] = [1, 2].map((key) => base.with(new Map([[key, 5]])));
    expect([...one!.changedFrom(base)]).to.deep.equal([1]);
    expect([...one!.changedFrom(two!)]).to.have.members([1, 2]);
  });
});

function all(): number[] {
  return Array.from({ length: KEYS }, (_, key) => key);
}

function sorted(map: ReadonlyMap<number, number>): (readonly [number, number])[] {
  return [...map].sort(([a], [b]) => a - b);
}
