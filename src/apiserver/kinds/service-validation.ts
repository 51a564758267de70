// What is wrong with a Service.
// source: pkg/apis/core/validation/validation.go ValidateService, validateServicePort

import { parseCidr } from '../../values/cidr';
import { parseIp } from '../../values/ip';
import type { ManifestProblem } from '../../values/manifest-problem';
import { isSpecialAddress, SPECIAL_ADDRESS } from '../../values/special-addresses';
import { error, noneOf, quote } from './define';
import { isDnsLabel, isDnsSubdomain, isPortName, isPortNumber } from './names';
import { isQualifiedName, noPort, validateLabels, validateMetadata } from './names';
import { isExternallyAccessible } from './service';
import type { Service, ServicePort, ServiceSpec } from './service';
import { validateShapes } from './service-shapes';

/** kube-apiserver --service-node-port-range */
export const NODE_PORT_MIN = 30_000;
export const NODE_PORT_MAX = 32_767;

/** Of this one a load balancer would lead to the kubelets. */
const KUBELET_PORT = 10_250;

/** Seconds of a day: the longest client affinity. */
const AFFINITY_SECONDS_MAX = 86_400;
const TYPES: readonly unknown[] = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];
const PROTOCOLS: readonly unknown[] = ['TCP', 'UDP', 'SCTP'];
const FAMILIES: readonly unknown[] = ['IPv4', 'IPv6'];
const FAMILY_POLICIES: readonly unknown[] = ['SingleStack', 'PreferDualStack', 'RequireDualStack'];
const DISTRIBUTIONS: readonly unknown[] = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

/** Problems of a completed Service. */
export function validateService(service: Service): ManifestProblem[] {
  const { spec } = service;
  const mistyped = validateShapes(spec);
  // The other rules are for texts and lists.
  if (mistyped.length > 0) return mistyped;
  return [
    ...validateMetadata(service),
    ...validateLabels(spec.selector, '/spec/selector'),
    ...validateType(spec),
    ...validatePorts(spec),
    ...validateAddresses(spec),
    ...validateFamilies(spec),
    ...validatePolicies(spec),
    ...validateLoadBalancer(spec),
  ];
}

/** A virtual address stays, unless the Service turns into an ExternalName or back. */
export function validateServiceChange(service: Service, previous: Service): ManifestProblem[] {
  const types = [service.spec.type, previous.spec.type];
  if (types.includes('ExternalName')) return [];
  const before = previous.spec.clusterIP;
  if (!before || before === service.spec.clusterIP) return [];
  const message = `the address may not change: it is ${before}`;
  return [error('/spec/clusterIP', message, 'delete the Service and create it again')];
}

function validateType({
  type,
  clusterIP,
  clusterIPs,
  externalName,
}: ServiceSpec): ManifestProblem[] {
  if (!TYPES.includes(type)) {
    return [error('/spec/type', noneOf(type, TYPES))];
  }
  if (clusterIP === 'None' && (type === 'NodePort' || type === 'LoadBalancer')) {
    return [error('/spec/clusterIP', `None is no address, and type ${type} needs one`)];
  }
  if (type !== 'ExternalName') return [];
  const problems: ManifestProblem[] = [];
  if (clusterIP || clusterIPs?.length) {
    problems.push(error('/spec/clusterIP', 'an ExternalName has no address'));
  }
  const name = String(externalName ?? '').replace(/\.$/, '');
  if (!isDnsSubdomain(name)) {
    problems.push(error('/spec/externalName', `${quote(externalName ?? '')} is no DNS name`));
  }
  return problems;
}

function validatePorts(spec: ServiceSpec): ManifestProblem[] {
  const { type, ports = [], clusterIP } = spec;
  if (ports.length === 0) {
    if (type === 'ExternalName' || clusterIP === 'None') return [];
    return [error('/spec/ports', 'a Service with an address needs a port')];
  }
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  return ports.flatMap((port, index) => {
    const path = `/spec/ports/${index}`;
    const problems = validatePort(port, spec, path);
    const name = port.name ?? '';
    if (name === '' && ports.length > 1) {
      problems.push(error(`${path}/name`, 'is required where there are several ports'));
    } else if (names.has(name)) {
      problems.push(error(`${path}/name`, `${quote(name)} is the name of another port`));
    }
    const number = `${port.port}/${port.protocol}`;
    if (numbers.has(number)) problems.push(error(path, `${number} is there already`));
    const nodePort = `${port.nodePort}/${port.protocol}`;
    if (port.nodePort && nodePorts.has(nodePort)) {
      problems.push(error(`${path}/nodePort`, `${nodePort} is there already`));
    }
    names.add(name);
    numbers.add(number);
    nodePorts.add(nodePort);
    return problems;
  });
}

function validatePort(port: ServicePort, spec: ServiceSpec, path: string): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const { name, protocol, targetPort, nodePort, appProtocol } = port;
  if (name !== undefined && name !== '' && !isDnsLabel(name)) {
    problems.push(error(`${path}/name`, `${quote(name)} is no DNS label`));
  }
  if (!isPortNumber(port.port)) {
    problems.push(noPort(`${path}/port`, port.port));
  }
  if (spec.type === 'LoadBalancer' && port.port === KUBELET_PORT) {
    problems.push(error(`${path}/port`, `${KUBELET_PORT} is the kubelet's on every node`));
  }
  if (!PROTOCOLS.includes(protocol)) {
    problems.push(error(`${path}/protocol`, noneOf(protocol, PROTOCOLS)));
  }
  if (appProtocol !== undefined && !isQualifiedName(appProtocol)) {
    problems.push(error(`${path}/appProtocol`, `${quote(appProtocol)} is no qualified name`));
  }
  // Without a port of its own it is the port, which has been told of.
  if (targetPort === undefined) return problems;
  if (typeof targetPort === 'string' ? !isPortName(targetPort) : !isPortNumber(targetPort)) {
    const message = `${JSON.stringify(targetPort)} is no port number and no name of a port`;
    const hint = /^\d+$/.test(String(targetPort)) ? 'write the number without quotes' : undefined;
    problems.push(error(`${path}/targetPort`, message, hint));
  }
  if (!nodePort) return problems;
  if (spec.type === 'ClusterIP' || spec.type === 'ExternalName') {
    problems.push(error(`${path}/nodePort`, `a Service of type ${spec.type} has no node ports`));
  } else if (!isNodePort(nodePort)) {
    problems.push(error(`${path}/nodePort`, outOfRange(nodePort)));
  }
  return problems;
}

function isNodePort(port: number): boolean {
  return port >= NODE_PORT_MIN && port <= NODE_PORT_MAX;
}

function outOfRange(port: number): string {
  return `${port} is not in the range ${NODE_PORT_MIN}-${NODE_PORT_MAX}`;
}

function validateAddresses(spec: ServiceSpec): ManifestProblem[] {
  const { clusterIP, clusterIPs = [], externalIPs = [] } = spec;
  const problems: ManifestProblem[] = [];
  if (clusterIPs.length > 0 && clusterIP !== undefined && clusterIPs[0] !== clusterIP) {
    problems.push(error('/spec/clusterIPs/0', `must be the clusterIP ${clusterIP}`));
  }
  const given = clusterIPs.length > 0 ? clusterIPs : clusterIP ? [clusterIP] : [];
  for (const address of given) {
    if (address === 'None' || parseIp(address) !== undefined) continue;
    problems.push(error('/spec/clusterIP', `${quote(address)} is no IP address, and not None`));
  }
  externalIPs.forEach((text, index) => {
    const path = `/spec/externalIPs/${index}`;
    const address = parseIp(text);
    if (address === undefined) problems.push(error(path, `${quote(text)} is no IP address`));
    else if (isSpecialAddress(address)) problems.push(error(path, `${text} ${SPECIAL_ADDRESS}`));
  });
  return problems;
}

function validateFamilies({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): ManifestProblem[] {
  const problems = ipFamilies.flatMap((family, index) => {
    const path = `/spec/ipFamilies/${index}`;
    if (!FAMILIES.includes(family)) {
      return [error(path, noneOf(family, FAMILIES))];
    }
    const isThere = ipFamilies.indexOf(family) < index;
    return isThere ? [error(path, `${quote(family)} is there already`)] : [];
  });
  if (ipFamilyPolicy !== undefined && !FAMILY_POLICIES.includes(ipFamilyPolicy)) {
    const message = noneOf(ipFamilyPolicy, FAMILY_POLICIES);
    problems.push(error('/spec/ipFamilyPolicy', message));
  }
  return problems;
}

function validatePolicies(spec: ServiceSpec): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const { externalTrafficPolicy, internalTrafficPolicy, sessionAffinity } = spec;
  if (!['None', 'ClientIP'].includes(String(sessionAffinity))) {
    problems.push(error('/spec/sessionAffinity', noneOf(sessionAffinity, ['None', 'ClientIP'])));
  }
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds !== undefined && !(seconds >= 1 && seconds <= AFFINITY_SECONDS_MAX)) {
    const path = '/spec/sessionAffinityConfig/clientIP/timeoutSeconds';
    problems.push(error(path, `${seconds} is not in 1..${AFFINITY_SECONDS_MAX}`));
  }
  for (const [field, policy] of Object.entries({ externalTrafficPolicy, internalTrafficPolicy })) {
    if (policy === undefined || policy === 'Cluster' || policy === 'Local') continue;
    problems.push(error(`/spec/${field}`, noneOf(policy, ['Cluster', 'Local'])));
  }
  if (externalTrafficPolicy !== undefined && !isExternallyAccessible(spec)) {
    const message =
      'is for Services that are reached from outside: NodePort, LoadBalancer, externalIPs';
    problems.push(error('/spec/externalTrafficPolicy', message));
  }
  const { trafficDistribution } = spec;
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    const message = noneOf(trafficDistribution, DISTRIBUTIONS);
    problems.push(error('/spec/trafficDistribution', message));
  }
  return problems;
}

function validateLoadBalancer(spec: ServiceSpec): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const { type, externalTrafficPolicy, healthCheckNodePort } = spec;
  const { loadBalancerClass, loadBalancerSourceRanges } = spec;
  if (healthCheckNodePort && !(type === 'LoadBalancer' && externalTrafficPolicy === 'Local')) {
    const message = 'is for Services of type LoadBalancer with externalTrafficPolicy Local';
    problems.push(error('/spec/healthCheckNodePort', message));
  } else if (healthCheckNodePort && !isNodePort(healthCheckNodePort)) {
    problems.push(error('/spec/healthCheckNodePort', outOfRange(healthCheckNodePort)));
  }
  if (type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts !== undefined) {
      const path = '/spec/allocateLoadBalancerNodePorts';
      problems.push(error(path, 'is for Services of type LoadBalancer'));
    }
    for (const field of ['loadBalancerSourceRanges', 'loadBalancerClass'] as const) {
      if (!spec[field]?.length) continue;
      problems.push(error(`/spec/${field}`, 'is for Services of type LoadBalancer'));
    }
  }
  if (type === 'LoadBalancer' && loadBalancerClass && !isQualifiedName(loadBalancerClass)) {
    const message = `${quote(loadBalancerClass)} is no qualified name`;
    problems.push(error('/spec/loadBalancerClass', message));
  }
  loadBalancerSourceRanges?.forEach((range, index) => {
    if (parseCidr(range.trim()) !== undefined) return;
    problems.push(error(`/spec/loadBalancerSourceRanges/${index}`, `${quote(range)} is no CIDR`));
  });
  return problems;
}
