// Quantities of processors, as the API writes them.

/** `100m`, `4`, `0.5`: in thousandths of a CPU; 0 for what is no such quantity. */
export function millicores(quantity: string | number | undefined): number {
  const text = String(quantity ?? 0);
  const value = text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1_000;
  return Number.isFinite(value) ? value : 0;
}
