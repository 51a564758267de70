// What the language is told of the words it may contain: the vocabulary, the kinds of the API, the
// modelled plug-ins and the timers.

import { kindWords } from '../apiserver/kinds/index';
import { COMPONENTS } from '../cluster/components/component-names';
import type { Lexicon, Settings } from '../language/lexicon';
import { CNI_PLUGINS, enforcedKinds } from '../node/cni/index';
import type { CniPlugin } from '../node/cni/index';
import { POLICY_KINDS } from '../node/policy/index';
import { PROXY_MODES } from '../node/proxy/index';
import { settingsOf } from '../node/proxy/settings';
import { PROFILES, TIMERS } from '../timing';
import { MODELLED_VERSIONS } from '../values/kube-version';
import { sortedKeys } from '../values/order';
import { LIBCS } from '../workloads/index';
import { idleSettings } from './idle-settings';
import { LANGUAGE } from './index';
import { settingProblems } from './setting-problems';
import { delayProblem, GATES_OF_TIMERS, missingTimer, timerProblem } from './timer-problems';
import { upgradeProblems, versionProblems } from './upgrade-problems';

/** The whole language, as language/validate.ts and the schemas for editors need it. */
export const lexicon: Lexicon = {
  faults: LANGUAGE.faults,
  actions: LANGUAGE.actions,
  claims: LANGUAGE.claims,
  triggers: LANGUAGE.triggers,
  kinds: kindWords,
  components: COMPONENTS,
  timers: sortedKeys(TIMERS),
  missingTimer,
  timerProblem,
  delayProblem,
  profiles: PROFILES,
  cnis: new Map([...CNI_PLUGINS].map(([name, plugin]) => [name, cniSettings(plugin)])),
  policyKinds: POLICY_KINDS,
  enforcedPolicies: (cni, options) => {
    const plugin = CNI_PLUGINS.get(cni);
    return plugin === undefined ? POLICY_KINDS : enforcedKinds(plugin, options);
  },
  proxyModes: new Map(PROXY_MODES.map((mode) => [mode.name, settingsOf(mode)])),
  settingProblems,
  idleSettings,
  versionProblems,
  upgradeProblems,
  resolvers: LIBCS,
  kubernetesVersions: MODELLED_VERSIONS,
  featureGates: ['GracefulNodeShutdown', 'PLEGOnDemandRelist', ...GATES_OF_TIMERS],
};

/** Each option takes one of a few values, its default first. */
function cniSettings({ options }: CniPlugin): Settings {
  const schemaOf = ([name, values]: readonly [string, readonly unknown[]]) => {
    const description = `One of ${values.join(', ')}. Default ${String(values[0])}.`;
    return [name, { description, enum: values }] as const;
  };
  return Object.fromEntries(Object.entries(options).map(schemaOf));
}
