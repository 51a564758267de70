// What a scenario may call a component: the processes, and single controllers by their process.

import { CONTROLLERS } from '../../controllers/index';
import { COMPONENT_NAMES } from '../../values/component';

/** Sorted by process, each followed by its controllers. */
export const COMPONENTS: readonly string[] = COMPONENT_NAMES.flatMap((name) => [
  name,
  ...CONTROLLERS.filter((it) => (it.process ?? 'controller-manager') === name)
    .map((it) => `${name}/${it.name}`)
    .filter((it) => it !== `${name}/${name}`),
]);
