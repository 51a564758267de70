// What is taken to be so of a container, since nobody says what it does.

import type { Container } from '../apiserver/kinds/pod';
import type { LateWords } from '../kernel/journal';
import type { ListenSpec } from '../values/cluster-spec';
import type { ObjectName } from './behaviour-target';

/** Put in words when somebody reads it: most never are. Frozen, so that forks share it. */
export class Assumption implements LateWords {
  private readonly workload: ObjectName;
  private readonly container: Container;
  private readonly listen: readonly ListenSpec[];

  constructor(workload: ObjectName, container: Container, listen: readonly ListenSpec[]) {
    this.workload = Object.freeze(workload);
    this.container = container;
    this.listen = listen;
    Object.freeze(this);
  }

  /** `Deployment/shop/web`. */
  get subject(): string {
    const { kind, namespace, name } = this.workload;
    return `${kind}/${namespace}/${name}`;
  }

  get detail(): string {
    const { image = '', name } = this.container;
    const ports = this.listen.map(({ port, protocol }) => `${port}/${protocol}`).join(', ');
    const place = ports === '' ? 'nothing' : ports;
    return (
      `image "${image}" of container "${name}" is not known; it is taken to listen on ${place}, ` +
      'to answer 200 and to close on SIGTERM at once'
    );
  }

  /** All of it. */
  get sentence(): string {
    return `${this.subject}: ${this.detail}`;
  }
}
