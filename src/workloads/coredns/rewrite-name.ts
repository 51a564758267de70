// The name rules of the rewrite plugin.
// source: coredns plugin/rewrite/name.go

import { CorefileError } from '../corefile';
import { isSameName, normalName } from '../dns-message';
import type { DnsReply, Question, ResourceRecord } from '../dns-message';
import { goRegExp } from '../go-regexp';
import type { Rewritten, Rule } from './rewrite';

type Change = (name: string) => string | undefined;

const MATCHES = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const;
type Match = (typeof MATCHES)[number];

/** `name [exact | …] FROM TO [answer …]` */
export function readNameRule(words: readonly string[], continues: boolean, line: number): Rule {
  const [first = ''] = words;
  const isNamed = words.length > 2 && (MATCHES as readonly string[]).includes(first);
  const match = isNamed ? (first as Match) : 'exact';
  const [from = '', to = '', ...answer] = isNamed ? words.slice(1) : words;
  const change = changeOf(match, from, to, line);
  const answers = readAnswers(answer, line);
  const isAuto = match === 'exact' || answers.auto;
  return {
    continues,
    apply(question) {
      const name = change(question.name.toLowerCase());
      if (name === undefined) return undefined;
      const back = isAuto ? [undo(match, from, to, question.name, name)] : [];
      return rewritten({ ...question, name }, [...back, ...answers.changes]);
    },
  };
}

/** A test of names in the same five forms. */
export function readMatch(words: readonly string[], line: number): (name: string) => boolean {
  const [first = ''] = words;
  const isNamed = words.length > 1 && (MATCHES as readonly string[]).includes(first);
  const change = changeOf(isNamed ? (first as Match) : 'exact', words.at(-1) ?? '', '', line);
  return (name) => change(name.toLowerCase()) !== undefined;
}

function rewritten(question: Question, changes: readonly AnswerChange[]): Rewritten {
  if (changes.length === 0) return { question };
  return {
    question,
    back: (reply: DnsReply) => {
      const all = (records: readonly ResourceRecord[]) =>
        records.map((record) => changes.reduce((it, change) => change(it), record));
      const { answers, authority, additional } = reply;
      return {
        ...reply,
        answers: all(answers),
        authority: all(authority),
        additional: all(additional),
      };
    },
  };
}

/** Rules are written about names with their final dot; here it is put on where it matters. */
function changeOf(match: Match, from: string, to: string, line: number): Change {
  const [pattern, replacement] = [normalName(from), normalName(to)];
  switch (match) {
    case 'exact':
      return (name) => (name === pattern ? replacement : undefined);
    case 'prefix':
      return (name) =>
        name.startsWith(pattern) ? replacement + name.slice(pattern.length) : undefined;
    case 'suffix':
      return (name) =>
        name.endsWith(pattern)
          ? name.slice(0, name.length - pattern.length) + replacement
          : undefined;
    case 'substring':
      return (name) => (name.includes(pattern) ? name.replaceAll(pattern, replacement) : undefined);
    case 'regex': {
      const expression = goRegExp(from, line);
      return (name) => {
        const groups = expression.exec(`${name}.`);
        return groups === null ? undefined : normalName(filled(to, groups));
      };
    }
  }
}

function filled(text: string, groups: RegExpExecArray): string {
  return text.replace(/\{(\d+)\}/g, (_, index: string) => groups[Number(index)] ?? '');
}

type AnswerChange = (record: ResourceRecord) => ResourceRecord;

/** `answer auto`, `answer name FROM TO`, `answer value FROM TO` */
function readAnswers(
  words: readonly string[],
  line: number,
): { readonly auto: boolean; readonly changes: readonly AnswerChange[] } {
  const rest = [...words];
  const changes: AnswerChange[] = [];
  let auto = false;
  while (rest.length > 0) {
    if (rest[0] === 'answer') rest.shift();
    const kind = rest.shift();
    if (kind === 'auto') {
      auto = true;
      continue;
    }
    const [from, to] = [rest.shift(), rest.shift()];
    if ((kind !== 'name' && kind !== 'value') || from === undefined || to === undefined) {
      throw new CorefileError(`rewrite: "answer ${kind ?? ''}" cannot be read`, line);
    }
    const expression = goRegExp(from, line);
    const change = (name: string) => {
      const groups = expression.exec(`${name}.`);
      return groups === null ? name : normalName(filled(to, groups));
    };
    changes.push((record) => changed(record, change, kind));
  }
  return { auto, changes };
}

/** The way back of a rule with `answer auto`: owner names and values, subdomains included. */
function undo(match: Match, from: string, to: string, asked: string, name: string): AnswerChange {
  const [written, original] =
    match === 'suffix' ? [normalName(to), normalName(from)] : [name, asked];
  const change = (text: string) => {
    if (isSameName(text, written)) return original;
    const border = match === 'suffix' ? '' : '.';
    return text.toLowerCase().endsWith(border + written)
      ? text.slice(0, text.length - written.length) + original
      : text;
  };
  return (record) => changed(changed(record, change, 'name'), change, 'value');
}

function changed(
  record: ResourceRecord,
  change: (name: string) => string,
  what: 'name' | 'value',
): ResourceRecord {
  if (what === 'name') return { ...record, name: change(record.name) };
  if (['CNAME', 'PTR', 'NS', 'TXT'].includes(record.type)) {
    return { ...record, data: change(record.data) };
  }
  if (record.type !== 'SRV' && record.type !== 'MX') return record;
  const fields = record.data.split(' ');
  return { ...record, data: [...fields.slice(0, -1), change(fields.at(-1)!)].join(' ') };
}
