// Quantities of bytes, as the API writes them.

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((unit, power) => [unit, 1_000 ** (power + 1)] as const),
  ...['K', 'M', 'G', 'T', 'P', 'E'].map(
    (unit, power) => [`${unit}i`, 1_024 ** (power + 1)] as const,
  ),
  ['m', 1e-3],
]);

/** The units in which whole numbers are written, largest first. */
const WHOLE = ['Ti', 'Gi', 'Mi', 'Ki'];

/** How a quantity of bytes is written, as a schema has it. */
export const BYTES = '^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$';

/**
 * `100Mi`, `1.5G`, `1e3`, `4096`: how many bytes, rounded up; 0 for what is no such quantity.
 * source: apimachinery pkg/api/resource/quantity.go (the grammar of Quantity; Value rounds up)
 */
export function bytes(quantity: string | number | undefined): number {
  const form = /^(\+?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([a-zA-Z]*))$/;
  const [, digits, exponent = '', unit = ''] = form.exec(String(quantity ?? 0)) ?? [];
  const factor = UNITS.get(unit);
  if (digits === undefined || factor === undefined) return 0;
  return Math.ceil(Number(digits + exponent) * factor);
}

/** In the largest binary unit that gives a whole number: `100Mi`. */
export function formatBytes(count: number): string {
  const isWhole = (unit: string) => count > 0 && Number.isInteger(count / UNITS.get(unit)!);
  const unit = WHOLE.find(isWhole) ?? '';
  return `${count / UNITS.get(unit)!}${unit}`;
}
