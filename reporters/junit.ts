// JUnit XML, as GitLab, Jenkins, GitHub's actions and Azure read it. There is no standard, so
// there are two profiles: the rich one, which these consumers understand in full, and `strict`,
// which validates against both published schemas (Ant's JUnit.xsd and Jenkins' junit-10.xsd).
//
// `<failure>` stands where an expectation does not hold, `<error>` where nothing trustworthy can
// be said. Which of the two is decided from the outcome, never from the text of a message.

import type { ChainLink } from '../src/runner/cause-chain';
import type { Outcome } from '../src/runner/result';
import { formatDuration, formatInstant } from '../src/values/time';
import type { Duration } from '../src/values/time';
import type { MochaOptions, ReporterOptions } from './options';
import { outputOf, reporterOptions, sourceDateEpoch } from './options';
import type { Case, Section } from './report';
import { formatRow, listen, totals } from './report';
import { packageVersion } from './version';
import type { Element } from './xml';
import { clean, element, renderXml } from './xml';

/** The cause chain of one failure, in lines; more would choke the consumers' size limits. */
const CHAIN_LINES_MAX = 200;
const MESSAGE_LENGTH_MAX = 300;

export default class JunitReporter {
  static readonly description = 'JUnit XML for continuous integration';

  constructor(runner: Mocha.Runner, options?: MochaOptions) {
    const chosen = reporterOptions(options);
    const output = outputOf(chosen);
    const now = new Date();
    listen(runner, { ended: (sections) => output.write(junitXml(sections, chosen, now)) });
  }
}

/** The document for a finished run. With SOURCE_DATE_EPOCH set it depends on the results only. */
function junitXml(sections: readonly Section[], options: ReporterOptions, now: Date): string {
  const epoch = sourceDateEpoch();
  const writing: Writing = {
    strict: options.profile === 'strict',
    timestamp: new Date(epoch === undefined ? now : epoch * 1000).toISOString().slice(0, 19),
    time: (milliseconds) => (epoch === undefined ? milliseconds / 1000 : 0).toFixed(3),
    names: new Map(),
    version: packageVersion(),
  };
  const sums = totals(sections);
  const attributes = writing.strict
    ? {}
    : {
        name: options.name ?? 'kubedrill',
        tests: sums.passed + sums.failed + sums.errors + sums.skipped,
        failures: sums.failed,
        errors: sums.errors,
        skipped: sums.skipped,
        time: writing.time(sums.milliseconds),
        timestamp: writing.timestamp,
      };
  const suites = sections.map((section, id) => suiteElement(section, id, writing));
  return renderXml(element('testsuites', attributes, suites));
}

interface Writing {
  readonly strict: boolean;
  readonly timestamp: string;
  readonly time: (milliseconds: number) => string;
  /** How often each name occurred so far: consumers drop what bears the same name twice. */
  readonly names: Map<string, number>;
  readonly version: string;
}

function suiteElement(section: Section, id: number, writing: Writing): Element {
  const sums = totals([section]);
  const cases = section.cases.map((found) => caseElement(section, found, writing));
  const output = writing.strict ? section.cases.map(chainText).filter(isText).join('\n\n') : '';
  const attributes = {
    name: `${section.title}${formatRow(section.row)}`,
    tests: section.cases.length,
    failures: sums.failed,
    errors: sums.errors,
    skipped: writing.strict ? undefined : sums.skipped,
    time: writing.time(section.milliseconds),
    timestamp: writing.timestamp,
    hostname: 'localhost',
    id,
    package: folderName(section.file),
    file: writing.strict ? undefined : section.file,
  };
  return element('testsuite', attributes, [
    element('properties', {}, properties(section, writing)),
    ...cases,
    element('system-out', {}, output === '' ? [] : [output]),
    element('system-err'),
  ]);
}

function properties(section: Section, writing: Writing): Element[] {
  const { run } = section;
  const pairs: (readonly [string, string])[] = [['kubedrill.version', writing.version]];
  if (run !== undefined) {
    pairs.push(
      ['seed', run.seeds ? `${run.seeds.first}..${run.seeds.last}` : String(run.seed)],
      ['digest', run.digest],
      ['simulated', formatInstant(run.end).slice(2)],
      ['kubernetes', run.cluster.kubernetes],
      ['cni', run.cluster.cni],
      ['proxy', run.cluster.proxy],
      ['timing', run.cluster.timing],
      ['nodes', String(run.cluster.nodes)],
    );
  }
  for (const [key, value] of Object.entries(section.row)) pairs.push([`matrix.${key}`, value]);
  return pairs.map(([name, value]) => element('property', { name, value }));
}

function caseElement(section: Section, found: Case, writing: Writing): Element {
  const classname = className(section);
  const chain = chainText(found);
  const rich = writing.strict
    ? {}
    : { file: found.place?.file ?? section.file, line: found.place?.line };
  const attributes = {
    name: uniqueName(classname, caseName(found), writing),
    classname,
    time: writing.time(found.milliseconds),
    ...rich,
  };
  const children: Element[] = [];
  if (!writing.strict && found.outcome !== undefined)
    children.push(...caseProperties(found.outcome));
  const verdict = verdictElement(found);
  if (verdict !== undefined) children.push(verdict);
  if (!writing.strict && chain !== '') children.push(element('system-out', {}, [chain]));
  return element('testcase', attributes, children);
}

/** Virtual time stands here and never in `time`, which consumers draw trends of. */
function caseProperties({ claim, at, spread }: Outcome): Element[] {
  const pairs: (readonly [string, string])[] = [];
  if (at !== undefined) pairs.push(['claim', claim], ['simulated.at', formatInstant(at).slice(2)]);
  if (spread !== undefined) {
    const { passed, failed, error, skipped, failing, took } = spread;
    pairs.push(['seeds.passed', String(passed)], ['seeds.failed', String(failed + error)]);
    if (skipped !== undefined) pairs.push(['seeds.skipped', String(skipped)]);
    if (failing.length > 0) pairs.push(['seeds.failing', failing.join(' ')]);
    for (const [name, value] of Object.entries(took ?? {})) {
      pairs.push([
        `took.${name}`,
        name === 'count' ? String(value) : formatDuration(value as Duration),
      ]);
    }
  }
  if (pairs.length === 0) return [];
  const properties = pairs.map(([name, value]) => element('property', { name, value }));
  return [element('properties', {}, properties)];
}

function verdictElement(found: Case): Element | undefined {
  if (found.status === 'passed') return undefined;
  // What is said of another seed has run, and says so; any other skipped test has not.
  if (found.status === 'skipped') {
    return element('skipped', { message: found.outcome?.actual ?? 'not run' });
  }
  const name = found.status === 'failed' ? 'failure' : 'error';
  const attributes = { message: oneLine(found.message), type: verdictType(found) };
  return element(name, attributes, [verdictText(found)]);
}

/** The last line is what dorny's, mikepenz's and mocha's own reporters take the place from. */
function verdictText(found: Case): string {
  const { frame, text, place, outcome } = found;
  const body = text
    .split('\n')
    .filter((line) => !isStackLine(line))
    .join('\n');
  const stack =
    place === undefined
      ? text.split('\n').filter(isStackLine).join('\n')
      : `    at Context.<${outcome?.claim ?? 'scenario loads'}> ` +
        `(${place.file}:${place.line}:${place.column})`;
  const parts = [frame ?? '', body, stack].map((part) => part.replace(/^\n+|\s+$/g, ''));
  return `\n${parts.filter(isText).join('\n\n')}\n`;
}

function isStackLine(line: string): boolean {
  return /^\s+at \S.*:\d+:\d+\)?$/.test(line);
}

function isText(text: string): boolean {
  return text !== '';
}

const MISMATCHES: Readonly<Record<string, string>> = {
  reach: 'ReachabilityMismatch',
  resolve: 'DnsMismatch',
  translate: 'NatMismatch',
  converge: 'ConvergenceTimeout',
  inspect: 'StateMismatch',
};

const CODES: Readonly<Record<string, string>> = {
  vacuous: 'Vacuous',
  'never-evaluated': 'NeverEvaluated',
  'not-modelled': 'NotModelled',
  'not-settled': 'NotSettled',
  refused: 'Refused',
};

function verdictType(found: Case): string {
  const { outcome, diagnostic, internal } = found;
  if (diagnostic !== undefined) return diagnostic.code;
  if (internal === true) return 'InternalError';
  if (outcome === undefined) return found.status === 'failed' ? 'AssertionError' : 'Error';
  if (outcome.code !== undefined) return CODES[outcome.code] ?? outcome.code;
  const { claim } = outcome;
  return MISMATCHES[claim] ?? `${claim.charAt(0).toUpperCase()}${claim.slice(1)}Mismatch`;
}

function chainText(found: Case): string {
  if (found.status === 'passed' || found.outcome === undefined) return '';
  const lines = found.outcome.chain.map(chainLine);
  if (lines.length === 0) return '';
  const kept = lines.slice(0, CHAIN_LINES_MAX);
  if (kept.length < lines.length) kept.push(`… and ${lines.length - kept.length} more`);
  return `${found.title}\n${kept.join('\n')}`;
}

function chainLine(entry: ChainLink): string {
  const detail = entry.detail === '' ? '' : `: ${entry.detail}`;
  const timer = entry.timer === undefined ? '' : `  (${entry.timer.name})`;
  const head = `${formatInstant(entry.at)} ${entry.actor} ${entry.action} ${entry.subject}`;
  return `  ${head}${detail}${timer}`;
}

function oneLine(message: string): string {
  const line = clean(message).replace(/\s+/g, ' ').trim();
  return line.length <= MESSAGE_LENGTH_MAX ? line : `${line.slice(0, MESSAGE_LENGTH_MAX - 1)}…`;
}

/** `scenarios.services`: dots within a name would make folders of it. */
function folderName(file: string): string {
  return segments(file).slice(0, -1).join('.') || 'root';
}

/** `scenarios.services.failover [cluster_proxy=ipvs]`: GitLab's suite, Jenkins' class. */
function className(section: Section): string {
  const row = formatRow(section.row).replace(/\./g, '_');
  return `${segments(section.file).join('.') || 'root'}${row}`;
}

function segments(file: string): string[] {
  return file
    .replace(/\.(ya?ml|[cm]?js)$/, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .map((part) => part.replace(/\./g, '_'));
}

/** The same name in every run, so that trends and "new failure" marks follow the case. */
function caseName({ diagnostic, title }: Case): string {
  return diagnostic === undefined ? title : 'scenario loads';
}

function uniqueName(classname: string, title: string, writing: Writing): string {
  const name = clean(title).replace(/\s+/g, ' ').trim() || 'unnamed';
  const key = `${classname}\n${name}`;
  const count = (writing.names.get(key) ?? 0) + 1;
  writing.names.set(key, count);
  return count === 1 ? name : uniqueName(classname, `${name} #${count}`, writing);
}
