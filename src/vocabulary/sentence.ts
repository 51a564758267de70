// How the words of claims and operators become sentences: adverbs stand where English wants them,
// and several subjects have their verb in the plural.

import type { Phrase } from './define';

/** `is never refused by backend:80`, `never reaches backend:80`. */
export function withAdverb(adverb: string, predicate: string): string {
  const [auxiliary] = /^(is|are|may|can|(has|have)(?= converged)) /.exec(predicate) ?? [];
  if (auxiliary !== undefined) {
    return `${auxiliary}${adverb} ${predicate.slice(auxiliary.length)}`;
  }
  // "Never cannot" is no English.
  if (adverb === 'never') return `never ${predicate.replace(/^cannot /, 'fails to ')}`;
  return adverb === 'always'
    ? `always ${predicate}`.replace(/^always cannot /, 'can never ')
    : `${adverb} ${predicate}`;
}

/** The phrase with its verbs in the plural where its subject is several: `all nodes reach`. */
export function agreeing(phrase: Phrase): Phrase {
  if (!/^(?!(one|1) of )(\S+ of )?(all nodes|nodes|pods)\b/.test(phrase.subject)) return phrase;
  const { predicate, negated } = phrase;
  return { ...phrase, predicate: inPlural(predicate), negated: inPlural(negated) };
}

const IRREGULAR: Readonly<Record<string, string>> = {
  is: 'are',
  has: 'have',
  does: 'do',
  goes: 'go',
  may: 'may',
  can: 'can',
  cannot: 'cannot',
  need: 'need',
};

function inPlural(predicate: string): string {
  return predicate.replace(/^\S+/, (verb) => {
    return IRREGULAR[verb] ?? verb.replace(/(ch|sh|x)es$/, '$1').replace(/([^s])s$/, '$1');
  });
}
