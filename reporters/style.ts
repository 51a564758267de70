// Colour, where it is wanted: NO_COLOR and FORCE_COLOR as their authors define them, and
// otherwise only on a terminal.

export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const ESCAPE = '\u001b[';

function sgr(on: number, off: number): (text: string) => string {
  return (text) => (text === '' ? '' : `${ESCAPE}${on}m${text}${ESCAPE}${off}m`);
}

const plain = (text: string): string => text;

export const PLAIN: Style = {
  good: plain,
  bad: plain,
  warning: plain,
  faint: plain,
  strong: plain,
};

export const COLOURED: Style = {
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warning: sgr(33, 39),
  faint: sgr(2, 22),
  strong: sgr(1, 22),
};

/** Whether to write in colour. A flag beats the environment, the environment beats the terminal. */
export function wantsColour(
  flag: boolean | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  isTTY: boolean,
): boolean {
  if (flag !== undefined) return flag;
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTTY && environment['TERM'] !== 'dumb';
}
