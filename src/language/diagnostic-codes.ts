// Every code of a diagnostic with its meaning: what `kubedrill explain KD1101` and
// docs/reference/diagnostics.md print. The list is closed; a code never changes its meaning.
//
// KD10xx reading · KD11xx shape · KD12xx manifests · KD13xx extends and matrix ·
// KD14xx cluster · KD15xx timeline and expectations · KD16xx references.

export const DIAGNOSTIC_CODES = {
  KD1001: 'A file cannot be read, or a pattern matches no file.',
  KD1002: 'A file is larger than 10 MB. It is refused without being parsed.',
  KD1003: 'The text is not YAML.',
  KD1004: 'A mapping has one key twice.',
  KD1005: 'An alias (`*name`) stands for nothing. Text with a leading `*` needs quotes.',
  KD1006: 'A tag (`!name`) is unknown.',
  KD1007: 'Aliases multiply the document beyond a million values, or contain themselves.',
  KD1008: 'The document is nested too deeply.',
  KD1009: 'A document is neither a scenario nor a manifest.',
  KD1010: 'A file holds no scenario.',
  KD1011: 'Kubernetes reads an unquoted word of a manifest as a boolean or a number.',

  KD1101: 'A key is unknown.',
  KD1102: 'A key is missing.',
  KD1103: 'A value has the wrong type.',
  KD1104: 'A value is not one of those that are possible.',
  KD1105: 'A text is not written as its form demands.',
  KD1106: 'A number, or a count of entries, is out of range.',
  KD1107: 'A step needs exactly one verb, and `do` exactly one action.',
  KD1108: 'An expectation needs exactly one claim.',
  KD1109: 'An expectation needs exactly one operator: what says when it holds.',
  KD1110: 'A Kubernetes version needs quotes: the number 1.30 is 1.3.',
  KD1111: 'A selector needs exactly one of its keys.',
  KD1112: 'Keys contradict each other, or one needs another.',

  KD1201: 'A document among the manifests is no manifest.',
  KD1202: 'A manifest contains an unrendered template.',
  KD1203: 'A path under `manifests` leads to no file.',
  KD1204: 'An object is defined more than once; the last definition wins.',
  KD1205: 'A namespace is used but not defined; it is created.',
  KD1206: 'A manifest would be refused by the API server.',
  KD1207: 'A part of a manifest is not modelled.',
  KD1208: 'Network policies have no effect: the network plug-in does not enforce them.',
  KD1209: 'A pod needs an object that no manifest has. Here it runs without; a real one would not.',

  KD1301: 'What `extends` names does not exist.',
  KD1302: 'Scenarios extend each other in a circle.',
  KD1303: 'What `extends` names is not one scenario.',
  KD1304: 'A matrix, or one of its lists, is empty, or `exclude` leaves no row.',
  KD1305: 'An `only`, `except` or `exclude` fits no row, or hides its step in every row.',
  KD1306: 'A path of the matrix, of `exclude`, `only` or `except` leads nowhere.',
  KD1307: 'A scenario expects nothing.',

  KD1401: 'A range or an address is not written as one.',
  KD1402: 'Two address ranges overlap, or two machines have one address.',
  KD1403: 'A range is too small for the nodes.',
  KD1404: 'An address lies outside of its range.',
  KD1405: 'Two nodes have one name.',
  KD1406: 'Address families do not fit each other.',
  KD1407: 'A key of the cluster or of a behaviour is not modelled.',
  KD1408: 'A setting says nothing in this cluster: no part of it reads it.',

  KD1501: 'Two steps have one id.',
  KD1502: 'An `after` names no step.',
  KD1503: 'An id is used by nobody.',
  KD1504: 'Steps wait for each other in a circle.',
  KD1505: 'An `after` names a recovery or a repetition that never happens.',
  KD1506: 'An instant lies beyond the end of the run, or an interval ends before it begins.',
  KD1507: 'An upgrade is of nothing that has such versions, or versions do not run side by side.',
  KD1508: 'An `eventually` held from the start: nothing is shown by it. Only a run can tell.',

  KD1601: 'A reference names nothing.',
  KD1602: 'A reference fits two objects.',
  KD1603: 'A reference counts further than the workload has pods.',
  KD1604: 'A selector matches nothing.',
  KD1605: 'A behaviour is given to nothing.',
  KD1606: 'A reference is of a kind that cannot stand here.',
  KD1607: 'A step asks for something that this cluster, or the model of it, does not have.',
} as const;

/** A code of the closed list. */
export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
