// Goal: paths, folders, globs and `file:line` mean what a shell user expects.

import { expect } from 'chai';
import { findTargets } from '../../src/cli/targets';
import { fixedPart, globToRegExp, isPattern } from '../../src/language/glob';
import type { Files } from '../../src/language/source';

/** A disk that is a list of names. */
function disk(...paths: string[]): Files {
  return {
    read: (path) => (paths.includes(path) ? { is: 'text', text: '' } : { is: 'missing' }),
    expand(path) {
      if (isPattern(path)) {
        const wanted = globToRegExp(path);
        return paths.filter((each) => wanted.test(each) && each.startsWith(fixedPart(path)));
      }
      const below = paths.filter((each) => each.startsWith(`${path}/`));
      return below.length > 0 ? below : [path];
    },
  };
}

const files = disk('scenarios/b.yaml', 'scenarios/a.yaml', 'scenarios/dns/c.yaml', 'odd:7');

describe('the targets of a command line', () => {
  it('are the scenarios of the project where none is given', () => {
    expect(findTargets([], files).files).to.deep.equal([
      'scenarios/a.yaml',
      'scenarios/b.yaml',
      'scenarios/dns/c.yaml',
    ]);
  });

  it('are each file once, in one order, whatever the order of the arguments', () => {
    const given = ['scenarios/dns', './scenarios/b.yaml', 'scenarios/*.yaml'];
    expect(findTargets(given, files)).to.deep.include({
      files: ['scenarios/a.yaml', 'scenarios/b.yaml', 'scenarios/dns/c.yaml'],
      problems: [],
    });
  });

  it('may be lines of a file, also with a column', () => {
    const { lines } = findTargets(['scenarios/a.yaml:31', 'scenarios/a.yaml:40:5'], files);
    expect(lines.get('scenarios/a.yaml')).to.deep.equal([31, 40]);
  });

  it('are the whole file where it is named with and without a line', () => {
    const { lines } = findTargets(['scenarios/a.yaml:31', 'scenarios/a.yaml'], files);
    expect(lines.size).to.equal(0);
  });

  it('may bear a name that looks like a line', () => {
    expect(findTargets(['odd:7'], files)).to.deep.include({ files: ['odd:7'], problems: [] });
  });

  it('are missed aloud', () => {
    const given = ['nowhere.yaml', 'nowhere/*.yaml', 'nowhere.yaml:3', 'scenarios/a.yaml'];
    const { files: found, problems } = findTargets(given, files);
    expect(found).to.deep.equal(['scenarios/a.yaml']);
    expect(problems).to.deep.equal([
      'no such file: nowhere.yaml',
      'no file matches nowhere/*.yaml',
      'no such file: nowhere.yaml',
    ]);
  });
});
