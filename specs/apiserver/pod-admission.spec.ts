// Goal: what was found right with a template is not looked at again with its pods, and nothing else
// is taken for that; every pod gets the tolerations that admission adds.
// source: plugin/pkg/admission/defaulttolerationseconds/admission.go

import { expect } from 'chai';

import { defaultPodSpec } from '../../src/apiserver/kinds/pod-defaults';
import { validatePodSpec } from '../../src/apiserver/kinds/pod-validation';
import type { PodSpec } from '../../src/apiserver/kinds/pod';
import { PodAdmission } from '../../src/apiserver/pod-admission';
import { deepFreeze } from '../../src/values/kube-object';

const PATIENCE = { notReady: 300, unreachable: 300 };

/** The completed spec of a template. */
function specOf(image: string, more: Partial<PodSpec> = {}): PodSpec {
  const containers = deepFreeze([{ name: 'main', image }]);
  return deepFreeze(defaultPodSpec(deepFreeze({ ...more, containers })));
}

function secondsOf({ tolerations = [] }: PodSpec): (number | undefined)[] {
  return tolerations.map(({ tolerationSeconds }) => tolerationSeconds);
}

describe('the admission of pods', () => {
  it('takes over what was found right with a template', () => {
    const admission = new PodAdmission();
    const spec = specOf('example/right');
    expect(admission.ofTemplate(spec, PATIENCE)).to.equal(undefined);
    expect(validatePodSpec(spec, '/spec/template/spec')).to.deep.equal([]);
    const completed = admission.ofTemplate(spec, PATIENCE)!;
    const { tolerations, ...rest } = completed;
    expect(rest).to.deep.equal(spec);
    expect(tolerations).to.have.length(2);
    expect(Object.isFrozen(completed) && Object.isFrozen(tolerations)).to.equal(true);
  });

  it('takes over nothing that was found wrong, nor what was not looked at', () => {
    const admission = new PodAdmission();
    const wrong = specOf('example/wrong', { hostname: 'No Label' });
    expect(validatePodSpec(wrong, '/spec')).to.have.length(1);
    expect(admission.ofTemplate(wrong, PATIENCE)).to.equal(undefined);
    const right = specOf('example/web');
    expect(validatePodSpec(right, '/spec')).to.deep.equal([]);
    // The same containers, beside something else.
    const other = deepFreeze({ ...right, hostname: 'No Label' });
    expect(admission.ofTemplate(other, PATIENCE)).to.equal(undefined);
  });

  it('takes over nothing that may still change', () => {
    const spec = { ...specOf('example/open') };
    expect(validatePodSpec(spec, '/spec')).to.deep.equal([]);
    expect(new PodAdmission().ofTemplate(spec, PATIENCE)).to.equal(undefined);
  });

  it('lets pods stay for as long as is said at that time', () => {
    const admission = new PodAdmission();
    const spec = specOf('example/patient');
    validatePodSpec(spec, '/spec');
    expect(secondsOf(admission.ofTemplate(spec, PATIENCE)!)).to.deep.equal([300, 300]);
    const less = { notReady: 7, unreachable: 300 };
    expect(secondsOf(admission.ofTemplate(spec, less)!)).to.deep.equal([7, 300]);
  });

  it('adds to what a template tolerates only what it leaves out', () => {
    const key = 'node.kubernetes.io/not-ready';
    const own = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 } as const;
    const spec = specOf('example/tolerant', { tolerations: [own] });
    validatePodSpec(spec, '/spec');
    const completed = new PodAdmission().ofTemplate(spec, PATIENCE)!;
    expect(secondsOf(completed)).to.deep.equal([5, 300]);
    expect(Object.isFrozen(completed.tolerations)).to.equal(true);
  });
});
