// Scenarios written in a spec, run through the whole command line in this process.

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { execute } from '../../src/cli/main';
import { Memory } from '../reporters/fixtures';

/** Two pods and a Service; the client reaches the server. */
export const SHOP = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: main, image: example/client}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.20
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
`;

export interface Finished {
  readonly code: number;
  readonly out: string;
  /** What went to standard error. */
  readonly err: string;
  /** A file that the command wrote. */
  readonly read: (name: string) => string;
}

/**
 * Writes the files into a folder of their own and executes a command line there. `@` in an
 * argument stands for that folder.
 */
export async function runInline(
  files: Readonly<Record<string, string>>,
  argv: readonly string[],
): Promise<Finished> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kubedrill-'));
  const near = path.relative(process.cwd(), folder).split(path.sep).join('/');
  try {
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), text);
    }
    const out = new Memory();
    let err = '';
    const given = argv.map((argument) => argument.replaceAll('@', near));
    const code = await execute(given, { out, complain: (text) => void (err += `${text}\n`) });
    const written = new Map(
      fs
        .readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
        .map((file) => [path.relative(folder, file), fs.readFileSync(file, 'utf8')]),
    );
    const shorten = (text: string): string => text.replaceAll(`${near}/`, '');
    return { code, out: shorten(out.text), err: shorten(err), read: (name) => written.get(name)! };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** A scenario over SHOP with these expectations, one line each, from line 4 on. */
export function scenario(title: string, ...expectations: readonly string[]): string {
  const list = expectations.map((each) => `  - ${each}`).join('\n');
  return `scenario: ${title}\ncluster: {nodes: 2}\nexpect:\n${list}\n---${SHOP}`;
}
