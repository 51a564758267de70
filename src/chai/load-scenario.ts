// A scenario as the start of a spec: its cluster, its manifests and its timeline, under a clock
// that the spec moves. Its expectations are left to `kubedrill run`.

import type { LoadedScenarios, Plan } from '../language/index';
import { formatDiagnostics } from '../language/index';
import { Drill } from './drill';
import { InvalidScenario } from './failure';
import { load } from './load';
import { clusterOf } from './model';
import { demandOptions, demandSeed, demandText } from './options';

export interface ScenarioOptions {
  /** Which scenario, where the file holds several. */
  readonly title?: string;
  /** Which row of the matrix, where there is one: `{'cluster.proxy': 'ipvs'}`. */
  readonly row?: Readonly<Record<string, string>>;
  /** The seed of every random choice. Default 1. */
  readonly seed?: number;
}

/**
 * Loads one scenario at its zero. Throws InvalidScenario where the file is wrong, and RangeError
 * where the options do not choose exactly one scenario; TypeError for options that there are not.
 */
export function loadScenario(path: string, options: ScenarioOptions = {}): Drill {
  demandText('loadScenario', path, 'scenarios/shop.yaml');
  demandOptions('loadScenario', options, ['title', 'row', 'seed']);
  const { seed = 1 } = options;
  demandSeed('loadScenario', seed);
  const plan = onlyPlan(load([path]), path, options);
  return new Drill(plan, clusterOf(plan, seed), seed);
}

/** The one plan that the options mean. */
export function onlyPlan(
  loaded: LoadedScenarios,
  path: string,
  { title, row = {} }: ScenarioOptions,
): Plan {
  const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    throw new InvalidScenario(
      errors,
      formatDiagnostics(errors, (file) => loaded.linesOf(file)),
    );
  }
  const plans = loaded.plans.filter(
    (plan) =>
      (title === undefined || plan.title === title) &&
      Object.entries(row).every(([key, value]) => plan.row[key] === value),
  );
  const [plan] = plans;
  if (plan !== undefined && plans.length === 1) return plan;
  const names = loaded.plans.map((each) => `  ${each.title} ${JSON.stringify(each.row)}`);
  throw new RangeError(
    `${path}: ${plans.length} scenarios fit; choose one by title and row of\n${names.join('\n')}`,
  );
}
