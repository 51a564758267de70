// Scenarios with the whole vocabulary: loading needs no cluster.

import { DISK, loadScenarios } from '../language/index';
import type { Files, LoadedScenarios } from '../language/index';
import { lexicon } from '../vocabulary/lexicon';

/** Loads scenarios. Never throws for what is wrong with a file. */
export function load(paths: readonly string[], files: Files = DISK): LoadedScenarios {
  return loadScenarios(paths, lexicon, files);
}
