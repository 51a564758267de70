// The rewrite plugin: changes questions on their way in, and answers on their way back.
// source: coredns plugin/rewrite/{rewrite,name,type,ttl,rcode}.go

import { deepFreeze } from '../../values/kube-object';
import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import type { DnsReply, Question } from '../dns-message';
import type { DnsRequest, Plugin, Serve, Setup } from './plugin';
import { readMatch, readNameRule } from './rewrite-name';

/** What a rule makes of a question; undefined where it does not apply. */
export interface Rewritten {
  readonly question: Question;
  /** Undoes the change in the answer. */
  readonly back?: (reply: DnsReply) => DnsReply;
}

export interface Rule {
  /** Whether the rules behind it are tried as well. */
  readonly continues: boolean;
  apply(question: Question): Rewritten | undefined;
}

export const setupRewrite: Setup = (directives) => [
  new RewritePlugin(deepFreeze(directives.map(readRule))),
];

class RewritePlugin implements Plugin {
  readonly name = 'rewrite';
  private readonly rules: readonly Rule[];

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
  }

  inFork(): RewritePlugin {
    return new RewritePlugin(this.rules);
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    let { question } = request;
    const back: ((reply: DnsReply) => DnsReply)[] = [];
    for (const rule of this.rules) {
      const rewritten = rule.apply(question);
      if (rewritten === undefined) continue;
      question = rewritten.question;
      if (rewritten.back !== undefined) back.unshift(rewritten.back);
      if (!rule.continues) break;
    }
    return back.reduce((reply, undo) => undo(reply), next({ ...request, question }));
  }
}

/** `rewrite [continue | stop] FIELD …`; a block holds one rule in its lines. */
function readRule(directive: Directive): Rule {
  const words = [...directive.args];
  for (const { name, args } of directive.block) words.push(name, ...args);
  const isMode = words[0] === 'continue' || words[0] === 'stop';
  const continues = isMode && words.shift() === 'continue';
  const field = words.shift() ?? '';
  const { line } = directive;
  switch (field) {
    case 'name':
      return readNameRule(words, continues, line);
    case 'type':
      return typeRule(words, continues);
    case 'ttl':
      return ttlRule(words, continues, line);
    case 'rcode':
      return rcodeRule(words, continues, line);
    case 'class':
      // Only one class is modelled; a rule about classes changes nothing in it.
      return { continues, apply: () => undefined };
    default:
      throw new CorefileError(`rewrite: "${field}" is not modelled`, line);
  }
}

function typeRule([from = '', to = '']: readonly string[], continues: boolean): Rule {
  return {
    continues,
    apply: (question) =>
      question.type === from.toUpperCase()
        ? { question: { ...question, type: to.toUpperCase() } }
        : undefined,
  };
}

/** `ttl [exact | prefix | …] PATTERN TTL`, where the TTL is a number or a range with open ends. */
function ttlRule(words: readonly string[], continues: boolean, line: number): Rule {
  const matches = readMatch(words.slice(0, -1), line);
  const [least = '', most = least] = (words.at(-1) ?? '').split('-');
  const top = most === '' ? Infinity : Number(most);
  const bound = (ttl: number) => Math.min(Math.max(ttl, Number(least)), top);
  return {
    continues,
    apply: (question) =>
      matches(question.name)
        ? {
            question,
            back: (reply) => ({
              ...reply,
              answers: reply.answers.map((it) => ({ ...it, ttl: bound(it.ttl) })),
            }),
          }
        : undefined,
  };
}

/** `rcode [exact | prefix | …] PATTERN FROM TO` */
function rcodeRule(words: readonly string[], continues: boolean, line: number): Rule {
  const matches = readMatch(words.slice(0, -2), line);
  const [from, to] = words.slice(-2) as [DnsReply['rcode'], DnsReply['rcode']];
  return {
    continues,
    apply: (question) =>
      matches(question.name)
        ? { question, back: (reply) => (reply.rcode === from ? { ...reply, rcode: to } : reply) }
        : undefined,
  };
}
