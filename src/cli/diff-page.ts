// A comparison as text for a terminal, and as Markdown for a comment under a pull request.

import type { Comparison, ConnectionChange } from '../analysis/compare';
import type { Connection } from '../analysis/connections';

const SIGNS = { gained: '+', lost: '-', changed: '~' } as const;

/** The comparison as lines of text. */
export function diffText({ changes, objects, unchanged }: Comparison): string {
  const lines = [
    ...objects.map((name) => `object     ${name}`),
    ...changes.flatMap(changeLines),
    summary(changes, unchanged),
  ];
  return `${lines.join('\n')}\n`;
}

function changeLines(change: ConnectionChange): readonly string[] {
  const { kind, from, to, cause } = change;
  return [
    `${SIGNS[kind]} ${kind.padEnd(8)} ${from} → ${to}  ${sides(change)}`,
    `             ${cause}${byText(change)}`,
  ];
}

/** The comparison as Markdown. */
export function diffMarkdown({ changes, objects, unchanged }: Comparison): string {
  const rows = changes.map((change) =>
    [change.kind, change.from, change.to, sides(change), `${change.cause}${byText(change)}`]
      .map((text) => text.replaceAll('|', '\\|'))
      .join(' | '),
  );
  const table =
    rows.length === 0
      ? []
      : ['| | from | to | before → after | cause |', '|---|---|---|---|---|', ...rows.map(wrapped)];
  const list = objects.map((name) => `- \`${name}\``);
  const end = [summary(changes, unchanged), '', ...list];
  return `${['### Connections', '', ...table, '', ...end].join('\n')}\n`;
}

function wrapped(row: string): string {
  return `| ${row} |`;
}

function sides({ before, after }: ConnectionChange): string {
  return `${sideText(before)} → ${sideText(after)}`;
}

function sideText(connection: Connection | undefined): string {
  if (connection === undefined) return 'absent';
  const { outcome, backends } = connection;
  return backends.length === 0 ? outcome : `${outcome} by ${backends.join(', ')}`;
}

function byText({ by }: ConnectionChange): string {
  return by.length === 0 ? '' : ` [${by.join(', ')}]`;
}

function summary(changes: readonly ConnectionChange[], unchanged: number): string {
  const count = (kind: string): number => changes.filter((it) => it.kind === kind).length;
  return (
    `${count('gained')} gained, ${count('lost')} lost, ${count('changed')} changed, ` +
    `${unchanged} unchanged`
  );
}
