// Schedules as cron writes them, and when they fall due, counted from a first time. A run has no
// calendar: which minute it begins in cannot be said, so the first time is its own zero.
// source: github.com/robfig/cron/v3 parser.go, spec.go

import { seconds } from '../../values/time';
import type { Duration } from '../../values/time';
import { parseGoDuration } from '../go-duration';

/** When a schedule falls due. */
export interface Due {
  /** From the creation of the schedule to its first time; undefined where the calendar decides. */
  readonly first: Duration | undefined;
  /** Times after the first one, counted from it, as far as `window` reaches; the first is 0. */
  within(window: Duration): readonly Duration[];
}

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const SECOND: Bounds = { least: 0, most: 59 };
const FIELDS: readonly Bounds[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ') },
  { least: 0, most: 6, names: 'sun mon tue wed thu fri sat'.split(' ') },
];

/** A field: its values, and whether it is a star, which leaves the day to the other field. */
interface Field {
  readonly values: ReadonlySet<number>;
  readonly isStar: boolean;
}

/** More times than this are not looked for: nobody reads such a timeline. */
const MOST = 10_000;
const DAY = 86_400;
/** A leap year comes within so many days; a date that none of them has never falls due. */
const DAYS = 8 * 366;

/** Undefined where the text is no schedule, or one that never falls due. */
export function parseCron(text: string): Due | undefined {
  const plain = text.trim().replace(/^(CRON_)?TZ=\S+\s+/, '');
  if (plain.startsWith('@every ')) return everyOf(plain.slice('@every '.length));
  const words = (DESCRIPTORS[plain] ?? plain).toLowerCase().split(/\s+/);
  if (words.length !== 5 && words.length !== 6) return undefined;
  const bounds = words.length === 5 ? FIELDS : [SECOND, ...FIELDS];
  const fields = words.map((word, index) => parseField(word, bounds[index]!));
  if (fields.some((it) => it === undefined)) return undefined;
  const all = fields as Field[];
  const calendar = words.length === 5 ? [{ values: new Set([0]), isStar: false }, ...all] : all;
  return calendarOf(calendar);
}

/** source: cron/v3 constantdelay.go: whole seconds, one at least */
function everyOf(text: string): Due | undefined {
  const span = parseGoDuration(text);
  if (span === undefined || span.value < 0) return undefined;
  const period = seconds(Math.max(1, Math.floor(span.value / 1_000_000)));
  return {
    first: period,
    within(window) {
      const count = Math.min(MOST, Math.floor(window / period) + 1);
      return Array.from({ length: count }, (_, index) => (index * period) as Duration);
    },
  };
}

function calendarOf(fields: readonly Field[]): Due | undefined {
  const [second, minute, hour] = fields as [Field, Field, Field];
  const inDay: number[] = [];
  for (let at = 0; at < DAY; at++) {
    const isHour = hour.values.has(Math.floor(at / 3_600));
    if (!isHour || !minute.values.has(Math.floor(at / 60) % 60)) continue;
    if (second.values.has(at % 60)) inDay.push(at);
  }
  let begin = 0;
  while (begin < DAYS && !isDue(begin, fields)) begin++;
  if (begin === DAYS || inDay.length === 0) return undefined;
  return {
    first: undefined,
    within(window) {
      const times: Duration[] = [];
      for (let day = begin; day < begin + DAYS; day++) {
        if (!isDue(day, fields)) continue;
        for (const at of inDay) {
          const since = seconds((day - begin) * DAY + at - inDay[0]!);
          if (since > window || times.length === MOST) return times;
          times.push(since);
        }
      }
      return times;
    },
  };
}

/** Whether a day falls due, counted from Monday the 1st of January 2024. */
function isDue(day: number, fields: readonly Field[]): boolean {
  const [, , , date, month, weekday] = fields as [Field, Field, Field, Field, Field, Field];
  const at = new Date(Date.UTC(2024, 0, 1 + day));
  if (!month.values.has(at.getUTCMonth() + 1)) return false;
  const isDate = date.values.has(at.getUTCDate());
  const isWeekday = weekday.values.has(at.getUTCDay());
  // Where both are given, either is enough.
  return date.isStar || weekday.isStar ? isDate && isWeekday : isDate || isWeekday;
}

function parseField(word: string, bounds: Bounds): Field | undefined {
  const values = new Set<number>();
  let isStar = false;
  for (const part of word.split(',')) {
    const [range = '', step = '1', extra] = part.split('/');
    const ends = endsOf(range, bounds, part.includes('/'));
    if (ends === undefined || extra !== undefined || !/^[1-9][0-9]*$/.test(step)) return undefined;
    // source: cron/v3 parser.go getRange: a star with a step restricts the day, too.
    isStar ||= /^[*?]$/.test(range) && step === '1';
    for (let value = ends[0]; value <= ends[1]; value += Number(step)) values.add(value);
  }
  return { values, isStar };
}

/** `5/15` means from 5 on. */
function endsOf(range: string, bounds: Bounds, hasStep: boolean): [number, number] | undefined {
  if (range === '*' || range === '?') return [bounds.least, bounds.most];
  const [low = '', high, extra] = range.split('-');
  const from = valueOf(low, bounds);
  const to = high === undefined ? (hasStep ? bounds.most : from) : valueOf(high, bounds);
  if (from === undefined || to === undefined || extra !== undefined || from > to) return undefined;
  return [from, to];
}

function valueOf(word: string, { least, most, names = [] }: Bounds): number | undefined {
  const named = names.indexOf(word);
  const value = named >= 0 ? named + least : /^[0-9]+$/.test(word) ? Number(word) : -1;
  return value >= least && value <= most ? value : undefined;
}
