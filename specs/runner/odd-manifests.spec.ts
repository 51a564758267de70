// Goal: no manifest, however wrong, makes kubedrill stumble: it is refused where it stands, or it
// runs. Method: every part of a Deployment, a Service and a Pod is replaced by values of other
// types, one at a time; what loads is run for a second.

import { expect } from 'chai';
import { parse } from 'yaml';
import { load } from '../../src/chai/load';
import { runPlan } from '../../src/chai/model';

const MANIFESTS = [
  `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx
          command: [nginx]
          ports: [{name: http, containerPort: 80}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 5}
          livenessProbe: {exec: {command: ["true"]}}
`,
  `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.20
  externalIPs: [203.0.113.9]
  loadBalancerSourceRanges: [10.0.0.0/8]
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http, nodePort: 30080}]
`,
  `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  terminationGracePeriodSeconds: 5
  tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]
  dnsPolicy: None
  dnsConfig: {nameservers: [10.96.0.10], searches: [a], options: [{name: ndots, value: "2"}]}
  containers: [{name: main, image: busybox, args: [sleep, "5"]}]
`,
];

const ODD: readonly unknown[] = [5, 'x', true, [null], { a: 1 }];

type Json = Record<string, unknown>;

/** Every copy of the object in which one part, below `kind` and `apiVersion`, is another value. */
function* oddCopies(object: Json): Generator<{ copy: Json; what: string }> {
  for (const path of pathsIn(object)) {
    for (const value of ODD) {
      const copy = structuredClone(object);
      const owner = path.slice(0, -1).reduce((part, step) => part[step] as Json, copy);
      owner[path.at(-1)!] = value;
      yield { copy, what: `${path.join('.')}: ${JSON.stringify(value)}` };
    }
  }
}

function pathsIn(part: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part)
    .filter(([key]) => path.length > 0 || !['apiVersion', 'kind'].includes(key))
    .flatMap(([key, inner]) => [[...path, key], ...pathsIn(inner, [...path, key])]);
}

function attempt(manifest: Json): 'refused' | 'run' {
  const scenario = {
    scenario: 'odd',
    cluster: { nodes: 1 },
    expect: [{ at: '1s', inspect: { query: '$.now', count: 1 } }],
  };
  const text = [scenario, manifest].map((document) => JSON.stringify(document)).join('\n---\n');
  const { plans } = load(['odd.yaml'], {
    read: () => ({ is: 'text', text }),
    expand: (path) => [path],
  });
  for (const plan of plans) runPlan(plan, 1);
  return plans.length === 0 ? 'refused' : 'run';
}

describe('an odd manifest', function () {
  this.timeout(60_000);

  for (const text of MANIFESTS) {
    const object = parse(text) as Json;
    it(`of kind ${String(object['kind'])} is refused or runs, whatever is wrong with it`, () => {
      expect(attempt(object)).to.equal('run');
      const verdicts = { refused: 0, run: 0 };
      const stumbles: string[] = [];
      for (const { copy, what } of oddCopies(object)) {
        try {
          verdicts[attempt(copy)]++;
        } catch (error) {
          stumbles.push(`${what}: ${String(error)}`);
        }
      }
      expect(stumbles).to.deep.equal([]);
      expect(verdicts.refused).to.be.above(verdicts.run);
    });
  }
});
