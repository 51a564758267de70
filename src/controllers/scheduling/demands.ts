// What a pod asks of a node, read once for all pods of a template.
// source: the filters of pkg/scheduler/framework/plugins

import { tolerates } from '../../apiserver/kinds/node';
import type { Node } from '../../apiserver/kinds/node';
import { matchesNode } from '../../apiserver/kinds/node-affinity';
import type { Container, ContainerPort, Pod } from '../../apiserver/kinds/pod';
import type { Taint } from '../../values/cluster-spec';
import { controllerOf } from '../owner';

/** source: pkg/scheduler/framework/plugins/nodeunschedulable */
const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

const NO_TAINTS: readonly Taint[] = [];
const NO_PORTS: readonly ContainerPort[] = [];

export class Demands {
  readonly pod: Pod;
  /** Who controls it, by identity, whose pods are spread; empty for nobody. */
  readonly owner: string;
  /** The ports of its node that it takes. */
  readonly hostPorts: readonly ContainerPort[];
  /** Whether it may run on any node but those that keep pods away. */
  readonly areModest: boolean;

  constructor(pod: Pod) {
    const { nodeSelector, affinity, containers } = pod.spec;
    this.pod = pod;
    this.owner = controllerOf(pod)?.uid ?? '';
    this.hostPorts = hostPortsOf(containers);
    this.areModest = nodeSelector === undefined && affinity === undefined;
  }

  /** Why it cannot run there, whatever else does; undefined where it can. */
  whyNever(node: Node): string | undefined {
    const { spec } = node;
    if (spec?.unschedulable && !this.tolerate(UNSCHEDULABLE)) return 'node(s) were unschedulable';
    if (!matchesNode(this.pod.spec, node)) {
      return "node(s) didn't match Pod's node affinity/selector";
    }
    for (const taint of spec?.taints ?? NO_TAINTS) {
      if (taint.effect === 'PreferNoSchedule' || this.tolerate(taint)) continue;
      return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
    }
    return undefined;
  }

  private tolerate(taint: Taint): boolean {
    const { tolerations = [] } = this.pod.spec;
    return tolerations.some((it) => tolerates(it, taint));
  }
}

/** Whether the node keeps any pods away by itself. */
export function isGuarded({ spec }: Node): boolean {
  return !!spec?.unschedulable || (spec?.taints ?? NO_TAINTS).length > 0;
}

/** Nearly every pod has none. */
function hostPortsOf(containers: readonly Container[]): readonly ContainerPort[] {
  for (let at = 0; at < containers.length; at++) {
    const { ports = NO_PORTS } = containers[at]!;
    for (let port = 0; port < ports.length; port++) {
      if (ports[port]!.hostPort) return hostPortsIn(containers);
    }
  }
  return NO_PORTS;
}

function hostPortsIn(containers: readonly Container[]): ContainerPort[] {
  return containers.flatMap(({ ports = [] }) => ports).filter(({ hostPort }) => !!hostPort);
}
