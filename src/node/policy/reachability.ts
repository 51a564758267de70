// Who reaches whom on one port, for all pods at once: as many rows as there are classes of pods.

import { Bitset } from '../../values/bitset';

/** Who may be at the other end, by class; undefined where nothing restricts. */
type Row = (classId: number) => Bitset | undefined;

export class Reachability {
  /** By the class of the source: the classes that it reaches. */
  private readonly rows: (Bitset | undefined)[] = [];
  private readonly counts: readonly number[];
  private readonly classOf: (podKey: string) => number | undefined;

  constructor(
    counts: readonly number[],
    egress: Row,
    ingress: Row,
    classOf: (podKey: string) => number | undefined,
  ) {
    this.counts = counts;
    this.classOf = classOf;
    const present = [...counts.keys()].filter((id) => (counts[id] ?? 0) > 0);
    const admitting = transposed(present, ingress, counts.length);
    for (const id of present) {
      const row = egress(id);
      const admitted = admitting(id);
      this.rows[id] = row === undefined ? admitted : admitted.intersect(row);
    }
  }

  /** Whether one pod reaches another. A pod always reaches itself. */
  allows(source: string, destination: string): boolean {
    if (source === destination) return true;
    const from = this.classOf(source);
    const to = this.classOf(destination);
    if (from === undefined || to === undefined) return false;
    return this.rows[from]?.has(to) === true;
  }

  /** How many ordered pairs of pods are allowed, each pod with itself included. */
  get allowedPairs(): number {
    let pairs = 0;
    this.rows.forEach((row, id) => {
      const count = this.counts[id] ?? 0;
      pairs += count * (row?.weigh(this.counts) ?? 0);
      if (row?.has(id) === false) pairs += count;
    });
    return pairs;
  }
}

/** From "whom does each destination admit" to "who admits this source". */
function transposed(
  present: readonly number[],
  ingress: Row,
  size: number,
): (id: number) => Bitset {
  const open = new Bitset(size);
  const closed = new Map<Bitset, Bitset>();
  for (const id of present) {
    const row = ingress(id);
    if (row === undefined) open.add(id);
    else closed.set(row, (closed.get(row) ?? new Bitset(size)).add(id));
  }
  const columns: Bitset[] = [];
  for (const id of present) columns[id] = open.copy();
  for (const [row, members] of closed) {
    for (const source of row) columns[source]?.unite(members);
  }
  return (id) => columns[id]!;
}
