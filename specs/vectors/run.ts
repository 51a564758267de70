// Holds the model against vector files: `node dist/specs/vectors/run.js FILE…`. Prints each
// disagreement with the rules that matched, and counts what it does not ask. A question that
// cannot be asked (it names a node that is not there) fails by itself, with the reason.

import { agrees, questionOf, readVectorFile } from './vector-file';
import type { Answer, Question, VectorCase, VectorFile, VectorGroup } from './vector-file';
import { answerDns } from './dns';
import { answerNetpol } from './netpol';
import { answerServices } from './services';

export interface VectorResult {
  passed: number;
  failed: number;
  /** How many questions were not asked, by reason. */
  readonly skipped: Map<string, number>;
  /** One text for each disagreement. */
  readonly disagreements: string[];
}

/** Who answers for a domain. */
const DOMAINS: Readonly<Record<string, (question: Question) => Answer>> = {
  dns: answerDns,
  netpol: answerNetpol,
  services: answerServices,
};

/** Asks every question of a file. */
export function runVectors(file: VectorFile): VectorResult {
  const result: VectorResult = { passed: 0, failed: 0, skipped: new Map(), disagreements: [] };
  const answer = DOMAINS[file.domain];
  for (const group of file.groups) {
    for (const vector of group.cases) {
      const given = answer ? asked(answer, group, vector) : { skipped: `domain ${file.domain}` };
      if ('skipped' in given) {
        result.skipped.set(given.skipped, (result.skipped.get(given.skipped) ?? 0) + 1);
      } else if (!('problem' in given.is) && agrees(given.is, vector.expect)) result.passed++;
      else {
        result.failed++;
        const head = `${vector.id} (${group.title})${vector.note ? `: ${vector.note}` : ''}`;
        result.disagreements.push(disagreement(head, vector, given));
      }
    }
  }
  return result;
}

/** The answer; what goes wrong in the asking is one too, and agrees with nothing. */
function asked(
  answer: (question: Question) => Answer,
  group: VectorGroup,
  vector: VectorCase,
): Answer {
  if (vector.ask['text'] !== undefined) return { skipped: 'read by a person' };
  try {
    return answer(questionOf(group, vector));
  } catch (error) {
    return { is: { problem: error instanceof Error ? error.message : String(error) } };
  }
}

function disagreement(
  head: string,
  { ask, expect }: VectorCase,
  given: Exclude<Answer, { skipped: string }>,
) {
  const lines = [
    `✗ ${head}`,
    `    asked     ${JSON.stringify(ask)}`,
    `    expected  ${JSON.stringify(expect)}`,
    'problem' in given.is
      ? `    cannot be asked: ${String(given.is['problem'])}`
      : `    actual    ${JSON.stringify(given.is)}`,
    ...(given.why ?? []).map((line) => `      ${line}`),
  ];
  return lines.join('\n');
}

function main(paths: readonly string[]): number {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const path of paths) {
    const file = read(path);
    if (file === undefined) {
      failed++;
      continue;
    }
    const result = runVectors(file);
    for (const text of result.disagreements) console.log(text);
    for (const [reason, count] of result.skipped) console.log(`${count} skipped: ${reason}`);
    passed += result.passed;
    failed += result.failed;
    skipped += [...result.skipped.values()].reduce((sum, count) => sum + count, 0);
  }
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 ? 1 : 0;
}

function read(path: string): VectorFile | undefined {
  try {
    return readVectorFile(path);
  } catch (error) {
    console.log(`✗ ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

if (require.main === module) process.exitCode = main(process.argv.slice(2));
