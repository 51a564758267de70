// Dense numbers for texts, in the order in which they were first seen, so that sets of them can
// be bits and tables of them plain arrays.

export class Interner {
  private readonly ids = new Map<string, number>();
  private readonly texts: string[] = [];

  /** How many texts have a number. */
  get size(): number {
    return this.texts.length;
  }

  /** The number of a text; a new one where it has none. */
  intern(text: string): number {
    let id = this.ids.get(text);
    if (id === undefined) {
      id = this.texts.push(text) - 1;
      this.ids.set(text, id);
    }
    return id;
  }

  /** The number of a text that may be unknown. */
  find(text: string): number | undefined {
    return this.ids.get(text);
  }

  /** The text of a number that was given out. */
  textOf(id: number): string {
    const text = this.texts[id];
    if (text === undefined) throw new RangeError(`no text has the number ${id}`);
    return text;
  }
}
