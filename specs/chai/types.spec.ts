// Goal: the compiler knows the language. Method: each line marked as an error must be one; the
// build fails where it no longer is. Nothing of this runs.

import { expect } from 'chai';
import type { Drill } from '../../src/chai/plugin';

/** Checked by the compiler, never called. */
export function misuse(drill: Drill): void {
  expect(drill.pod('shop/client')).to.reach('backend:80', { outcome: 'refused', within: '2s' });
  // @ts-expect-error an outcome that does not exist
  expect(drill.pod('shop/client')).to.reach('backend:80', { outcome: 'refussed' });
  // @ts-expect-error the destination stands in front
  expect(drill.pod('shop/client')).to.reach('backend:80', { to: 'backend:80' });
  // @ts-expect-error a misspelt option
  expect(drill.pod('shop/client')).to.reach('backend:80', { witin: '2s' });
  // @ts-expect-error a name is needed
  expect(drill.pod('shop/client')).to.resolve();
  // @ts-expect-error answers are texts
  expect(drill.pod('shop/client')).to.resolve('backend', { answers: [10] });
  // @ts-expect-error the destination is needed
  expect(drill.pod('shop/client')).to.translate({ dnat: 'none' });
  // @ts-expect-error a service has its name from the subject
  expect(drill.service('shop/backend')).to.converge({ service: 'shop/other' });
  // @ts-expect-error a query says what it must find
  expect(drill).to.inspect('$.objects');
  // @ts-expect-error not how anything is killed
  drill.kill({ pod: 'shop/backend#1', how: 'sulk' });
  // @ts-expect-error a number of replicas
  drill.do({ scale: 'deployment/shop/backend', replicas: 'five' });
}

describe('the types of the plugin', () => {
  it('are checked by the build that made this file', () => {
    expect(misuse).to.have.length(1);
  });
});
