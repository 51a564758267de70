// `kubedrill explain`: the reference at hand, drawn from the definitions that the model runs by.

import { NOT_MODELLED, PROFILES, TIMERS } from '../../timing';
import type { Profile } from '../../timing';
import { isModelledVersion, MODELLED_VERSIONS, NEWEST_VERSION } from '../../values/kube-version';
import type { KubeVersion } from '../../values/kube-version';
import { DISPOSITIONS } from '../../values/disposition';
import { sortedKeys } from '../../values/order';
import { DIAGNOSTIC_CODES } from '../../language/diagnostic-codes';
import { LANGUAGE } from '../../vocabulary/index';
import type { Arguments, CommandLine } from '../arguments';
import { hinted, UsageError } from '../arguments';
import { EXIT } from '../exit-code';
import { explainFile, isFile } from '../explain-file';
import { columns, paragraph } from '../layout';
import type { Command } from '../main';
import { PLAN_FLAGS } from '../one-plan';
import { timerBlock, timerPage } from '../timer-page';
import type { Page } from '../word-page';
import { wordPage } from '../word-page';

const line: CommandLine = {
  usage: 'explain [WORD|TIMER|CODE|TABLE|FILE[:LINE]] [flags]',
  summary: 'Explains a word of the language (all words without one), or a scenario.',
  flags: {
    kubernetes: { value: 'VERSION', help: 'The version whose timers are shown.' },
    profile: { value: 'NAME', help: 'The timing profile whose timers are shown.' },
    row: PLAN_FLAGS.row!,
    seed: PLAN_FLAGS.seed!,
    json: { help: 'Of a file: the results with their chains of causes as JSON.' },
  },
  notes: [
    'A TIMER is a name of `cluster.timing`; a TABLE is `timers` or `dispositions`.',
    'Of a FILE, all that takes time is explained: converge, outage, and what stands',
    'beside `after`; from the step to the verdict, with the timer of each wait.',
  ].join('\n'),
};

export const command: Command = {
  line,
  execute(args, io) {
    const [word, extra] = args.positionals;
    if (extra !== undefined) throw new UsageError(`explain takes one word, found ${extra} as well`);
    if (word !== undefined && isFile(word)) return explainFile(word, args, io);
    io.out.write(`${page(word, args)}\n`);
    return EXIT.passed;
  },
};

/** Of a code of a diagnostic: what it stands for. */
function meaningOf(code: string): string {
  const codes: Readonly<Record<string, string>> = DIAGNOSTIC_CODES;
  const meaning = codes[code];
  if (meaning === undefined) throw new UsageError(`no diagnostic has the code ${code}`);
  return columns([[code, meaning]]);
}

function page(word: string | undefined, args: Arguments): string {
  if (word === undefined) return overview();
  if (word === 'timers') return timerPage(readVersion(args), readProfile(args));
  if (word === 'dispositions') return dispositions();
  if (/^KD\d+$/i.test(word)) return meaningOf(word.toUpperCase());
  const found = pages().filter(({ name }) => name === word);
  if (found.length > 0) return found.map(wordPage).join('\n\n\n');
  const timer = timerBlock(word, readVersion(args), readProfile(args));
  if (timer !== undefined) return timer;
  const words = [...pages().map(({ name }) => name), 'timers', 'dispositions'];
  const names = [...words, ...sortedKeys(TIMERS), ...sortedKeys(NOT_MODELLED)];
  throw new UsageError(`the language has no word ${word}${hinted(word, names)}`);
}

function pages(): Page[] {
  return [
    ...pagesOf('fault', LANGUAGE.faults),
    ...pagesOf('action of `do`', LANGUAGE.actions),
    ...pagesOf('trigger of `when`', LANGUAGE.triggers),
    ...pagesOf('claim', LANGUAGE.claims),
    ...pagesOf('operator', LANGUAGE.operators),
  ];
}

function pagesOf(kind: string, words: ReadonlyMap<string, Omit<Page, 'kind'>>): Page[] {
  return [...words.values()].map((word) => ({ ...word, kind }));
}

function overview(): string {
  const groups = new Map<string, (readonly [string, string])[]>();
  for (const { kind, name, summary } of pages()) {
    groups.set(kind, [...(groups.get(kind) ?? []), [`  ${name}`, summary]]);
  }
  const blocks = [...groups].map(([kind, rows]) => `${kind}\n${columns(rows)}`);
  const rest = columns([
    ['  timers', 'Every delay of the model, with its knob and its source.'],
    ['  dispositions', 'What can become of a packet, and what its sender sees of that.'],
  ]);
  return [...blocks, `tables\n${rest}`].join('\n\n');
}

function dispositions(): string {
  const rows = Object.entries(DISPOSITIONS).map(
    ([name, { outcome, meaning }]) =>
      [`  ${name}`, `${outcome ?? 'an error'}: ${meaning}`] as const,
  );
  const head = 'What can become of a packet: its fate, what the sender sees, why.';
  return `${paragraph(head)}\n\n${columns(rows)}`;
}

function readVersion(args: Arguments): KubeVersion {
  const text = args.value('kubernetes') ?? NEWEST_VERSION;
  if (isModelledVersion(text)) return text;
  throw new UsageError(`--kubernetes ${text}: modelled are ${MODELLED_VERSIONS.join(', ')}`);
}

function readProfile(args: Arguments): Profile {
  const text = args.value('profile') ?? 'default';
  const found = PROFILES.find((profile) => profile === text);
  if (found !== undefined) return found;
  throw new UsageError(`--profile ${text}: there are ${PROFILES.join(', ')}`);
}
