// Quantities of bytes, as the API writes them.

const UNITS: Readonly<Record<string, number>> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};

/** How a quantity of bytes is written, as a schema has it. */
export const BYTES = '^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$';

/** `100Mi`, `2G`, `4096`: how many bytes; 0 for what is no such quantity. */
export function bytes(quantity: string | number | undefined): number {
  const [, digits, unit] = /^([0-9]+)(\D*)$/.exec(String(quantity ?? 0)) ?? [];
  const factor = unit === '' ? 1 : UNITS[unit ?? ''];
  return digits === undefined || factor === undefined ? 0 : Number(digits) * factor;
}

/** In the largest binary unit that gives a whole number: `100Mi`. */
export function formatBytes(count: number): string {
  const unit = ['Ti', 'Gi', 'Mi', 'Ki'].find((it) => count !== 0 && count % UNITS[it]! === 0);
  return unit === undefined ? String(count) : `${count / UNITS[unit]!}${unit}`;
}
