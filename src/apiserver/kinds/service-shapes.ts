// Fields of a Service that hold something of another type than the API has there: a text in
// place of a number, one address in place of a list.
// source: api core/v1 types.go ServiceSpec, ServicePort (the types that strict decoding demands)

import type { ManifestProblem } from '../../values/manifest-problem';
import { error } from './define';
import type { ServiceSpec } from './service';

type Fields = Readonly<Record<string, unknown>>;
type Rule = (value: unknown, path: string) => ManifestProblem[];

const TEXTS = ['clusterIP', 'externalName', 'loadBalancerIP', 'loadBalancerClass'];
const LISTS = ['clusterIPs', 'externalIPs', 'ipFamilies', 'loadBalancerSourceRanges'];
const FLAGS = ['allocateLoadBalancerNodePorts', 'publishNotReadyAddresses'];

/** Problems of the types alone; where there are any, the rules for values have nothing to judge. */
export function validateShapes(spec: ServiceSpec): ManifestProblem[] {
  const fields = spec as unknown as Fields;
  const { sessionAffinityConfig, healthCheckNodePort, ports = [] } = spec;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  return [
    ...shapesOf(fields, TEXTS, text),
    ...shapesOf(fields, LISTS, texts),
    ...shapesOf(fields, FLAGS, flag),
    ...number(healthCheckNodePort, '/spec/healthCheckNodePort'),
    ...number(seconds, '/spec/sessionAffinityConfig/clientIP/timeoutSeconds'),
    ...ports.flatMap(({ name, nodePort, appProtocol }, index) => [
      ...text(name, `/spec/ports/${index}/name`),
      ...text(appProtocol, `/spec/ports/${index}/appProtocol`),
      ...number(nodePort, `/spec/ports/${index}/nodePort`),
    ]),
  ];
}

function shapesOf(fields: Fields, names: readonly string[], rule: Rule): ManifestProblem[] {
  // Of most Services hardly any of these is given.
  const given = names.filter((name) => fields[name] !== undefined);
  return given.flatMap((name) => rule(fields[name], `/spec/${name}`));
}

function text(value: unknown, path: string): ManifestProblem[] {
  return value === undefined || typeof value === 'string' ? [] : [must(path, 'a string', value)];
}

function texts(value: unknown, path: string): ManifestProblem[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [must(path, 'a list', value)];
  return value.flatMap((item: unknown, index) => text(item, `${path}/${index}`));
}

function flag(value: unknown, path: string): ManifestProblem[] {
  if (value === undefined || typeof value === 'boolean') return [];
  return [must(path, 'true or false', value)];
}

function number(value: unknown, path: string): ManifestProblem[] {
  if (value === undefined || Number.isInteger(value)) return [];
  const isQuoted = typeof value === 'string' && /^\d+$/.test(value);
  const hint = isQuoted ? 'write the number without quotes' : undefined;
  return [must(path, 'a number', value, hint)];
}

function must(path: string, what: string, value: unknown, hint?: string): ManifestProblem {
  return error(path, `must be ${what}, is ${JSON.stringify(value)}`, hint);
}
