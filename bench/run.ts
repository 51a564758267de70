// `npm run bench`: prints a table, or with `--json` one JSON object. Only the ratios can be
// compared between machines.

import { explorationMeasurements } from './exploration';
import { kernelMeasurements } from './kernel';
import { limitMeasurements } from './limits';
import type { Measurement } from './measure';
import { memoryMeasurements } from './memory';
import type { MemoryMeasurement } from './memory';
import { packetMeasurements } from './packets';
import { policyMeasurements } from './policies';
import { scenarioMeasurements } from './scenario';
import { serviceMeasurements } from './services';
import { startupMeasurements } from './startup';

function main(): void {
  const speed = [
    ...kernelMeasurements(),
    ...packetMeasurements(),
    ...policyMeasurements(),
    ...serviceMeasurements(),
    ...scenarioMeasurements(),
    ...explorationMeasurements(),
    ...limitMeasurements(),
    ...startupMeasurements(),
  ];
  const memory = memoryMeasurements();
  const node = process.version;
  if (process.argv.includes('--json'))
    console.log(JSON.stringify({ node, speed, memory }, null, 2));
  else console.log([`Node ${node}`, speedTable(speed), memoryTable(memory)].join('\n\n'));
}

function speedTable(speed: readonly Measurement[]): string {
  const rows = speed.map(({ name, perSecond, unit, ratio, goal, yardstick }) => [
    name,
    `${rounded(perSecond)} ${unit}/s`,
    `${rounded(ratio)} ×`,
    goal === undefined ? '' : `≤ ${goal}`,
    yardstick,
  ]);
  return aligned([['what', 'speed', 'ratio', 'goal', 'yardstick'], ...rows]);
}

function memoryTable(memory: readonly MemoryMeasurement[]): string {
  const rows = memory.map((it) => [
    String(it.nodes),
    String(it.pods),
    String(it.services),
    `${rounded(it.megabytes)} MB`,
    `${rounded(it.kilobytesPerNode)} KB`,
    `${rounded(it.kilobytesPerPod)} KB`,
    `${rounded(it.kilobytesPerService)} KB`,
    `${rounded(it.secondsToSettle)} s`,
  ]);
  const head = ['nodes', 'pods', 'services', 'heap', 'a node', 'a pod', 'a service', 'to settle'];
  return aligned([head, ...rows]);
}

/** Three significant digits, large numbers with separators. */
function rounded(value: number): string {
  const short = Number(value.toPrecision(3));
  return String(short).replace(/\B(?=(\d{3})+$)(?<!\.\d*)/g, ',');
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

main();
