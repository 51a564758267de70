// Goal: titles are English: adverbs stand behind an auxiliary, several subjects have plural verbs.

import { expect } from 'chai';
import { agreeing, withAdverb } from '../../src/vocabulary/sentence';

describe('a sentence', () => {
  it('has its adverb behind the auxiliary, else before the verb', () => {
    expect(withAdverb('never', 'is refused by backend:80')).to.equal(
      'is never refused by backend:80',
    );
    expect(withAdverb('never', 'reaches backend:80')).to.equal('never reaches backend:80');
    expect(withAdverb('always', 'has converged on all nodes')).to.equal(
      'has always converged on all nodes',
    );
    expect(withAdverb('never', 'has a way to backend:80')).to.equal(
      'never has a way to backend:80',
    );
    expect(withAdverb('sometimes', 'may meet another')).to.equal('may sometimes meet another');
  });

  it('does not say "never cannot"', () => {
    expect(withAdverb('never', 'cannot resolve backend')).to.equal(
      'never fails to resolve backend',
    );
    expect(withAdverb('always', 'cannot resolve backend')).to.equal('can never resolve backend');
  });

  const phrase = (subject: string, predicate: string) => {
    const { predicate: does, negated } = agreeing({ subject, predicate, negated: 'does not' });
    return `${subject} ${does}, ${negated}`;
  };

  it('has plural verbs where its subject is several', () => {
    expect(phrase('all nodes', 'reaches a')).to.equal('all nodes reach a, do not');
    expect(phrase('pods with app=web', 'is refused')).to.match(/are refused, do not$/);
    expect(phrase('50% of nodes', 'goes a > b')).to.match(/nodes go a > b/);
    expect(phrase('all nodes', 'resolves a')).to.match(/nodes resolve a/);
    expect(phrase('all nodes', 'cannot resolve a')).to.match(/nodes cannot resolve a/);
    expect(phrase('all nodes', 'has no way')).to.match(/nodes have no way/);
  });

  it('has singular verbs where it is one', () => {
    expect(phrase('shop/web', 'reaches a')).to.equal('shop/web reaches a, does not');
    expect(phrase('one of pods in shop', 'reaches a')).to.match(/shop reaches a/);
  });
});
