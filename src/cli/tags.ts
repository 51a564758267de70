// `--tags 'services and not (slow or dns)'`: a choice of scenarios by their tags.
//
//   expression = conjunction { "or" conjunction }
//   conjunction = negation { "and" negation }
//   negation = "not" negation | "(" expression ")" | tag

import { UsageError } from './arguments';

export type TagPredicate = (tags: readonly string[]) => boolean;

/** Reads an expression. Throws UsageError that points at the place. */
export function parseTags(text: string): TagPredicate {
  const parser = new Parser(text);
  const predicate = parser.expression();
  parser.expectEnd();
  return predicate;
}

interface Token {
  readonly text: string;
  readonly at: number;
}

class Parser {
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private next = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = [...text.matchAll(/[()]|[^\s()]+/g)].map((match) => ({
      text: match[0],
      at: match.index,
    }));
  }

  expression(): TagPredicate {
    const parts = [this.conjunction()];
    while (this.take('or')) parts.push(this.conjunction());
    return (tags) => parts.some((part) => part(tags));
  }

  expectEnd(): void {
    const token = this.tokens[this.next];
    if (token !== undefined) this.fail(`expected "and" or "or", found "${token.text}"`, token.at);
  }

  private conjunction(): TagPredicate {
    const parts = [this.negation()];
    while (this.take('and')) parts.push(this.negation());
    return (tags) => parts.every((part) => part(tags));
  }

  private negation(): TagPredicate {
    if (this.take('not')) {
      const part = this.negation();
      return (tags) => !part(tags);
    }
    if (this.take('(')) {
      const part = this.expression();
      if (!this.take(')')) this.fail('a closing parenthesis is missing', this.text.length);
      return part;
    }
    return this.tag();
  }

  private tag(): TagPredicate {
    const token = this.tokens[this.next];
    if (token === undefined) return this.fail('expected a tag', this.text.length);
    if (/^(and|or|\))$/.test(token.text)) {
      this.fail(`expected a tag, found "${token.text}"`, token.at);
    }
    this.next += 1;
    return (tags) => tags.includes(token.text);
  }

  private take(word: string): boolean {
    if (this.tokens[this.next]?.text !== word) return false;
    this.next += 1;
    return true;
  }

  private fail(message: string, at: number): never {
    throw new UsageError(`--tags: ${message}\n  ${this.text}\n  ${' '.repeat(at)}^`);
  }
}
