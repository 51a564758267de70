// What the language is told of the words it may contain: the vocabulary, the kinds of the API, the
// modelled plug-ins and the timers.

import { kindWords } from '../apiserver/kinds/index';
import type { Lexicon } from '../language/lexicon';
import { CNI_PLUGINS } from '../node/cni/index';
import { PROXY_MODES } from '../node/proxy/index';
import { PROFILES, TIMERS } from '../timing';
import { MODELLED_VERSIONS } from '../values/kube-version';
import { sortedKeys } from '../values/order';
import { LANGUAGE } from './index';

/** The whole language, as language/validate.ts and the schemas for editors need it. */
export const lexicon: Lexicon = {
  faults: LANGUAGE.faults,
  actions: LANGUAGE.actions,
  claims: LANGUAGE.claims,
  kinds: kindWords,
  timers: sortedKeys(TIMERS),
  profiles: PROFILES,
  cnis: [...CNI_PLUGINS.keys()],
  proxyModes: PROXY_MODES.map(({ name }) => name),
  kubernetesVersions: MODELLED_VERSIONS,
};
