// The cluster of the specs in this folder: a client and three backends behind a Service with an
// address of its own choice.

import { buildCluster } from '../../src/chai/plugin';
import type { ClusterOptions, Drill } from '../../src/chai/plugin';

export const SHOP = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec: {containers: [{name: main, image: example/client}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: backend}}
  template:
    metadata: {labels: {app: backend}}
    spec: {containers: [{name: web, image: example/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: backend, namespace: shop}
spec:
  clusterIP: 10.96.0.20
  selector: {app: backend}
  ports: [{name: http, port: 80, targetPort: 8080}]
`;

export function shop(options: ClusterOptions = {}): Drill {
  return buildCluster({ manifests: [SHOP], ...options });
}

/** What `body` throws. */
export function thrownBy(body: () => unknown): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
