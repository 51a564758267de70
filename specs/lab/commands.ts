// Runs the tools of the operating system: the one place of the lab that starts processes for them.

import { spawn } from 'node:child_process';

/** Where `ip netns` keeps its names; private to the lab, see enclosure.ts. */
const NAMES = '/run/netns';

/** A tool that ended with an error, with all that it said. */
export class CommandFailed extends Error {}

/** What the tool printed. Throws CommandFailed where its exit code is not zero. */
export async function run(
  command: string,
  args: readonly string[],
  input: string = '',
): Promise<string> {
  const child = spawn(command, args, { stdio: 'pipe' });
  const output: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  // A tool that ends early closes its input; its exit code and its words say why.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code === 0) return Buffer.concat(output).toString();
  const words = Buffer.concat(complaints).toString().trim();
  throw new CommandFailed(`${command} ${args.join(' ')} (exit code ${code}): ${words}`);
}

/** The same, in the network namespace of that name. */
export function runIn(
  namespace: string,
  command: string,
  args: readonly string[],
  input: string = '',
): Promise<string> {
  return run('nsenter', [...entering(namespace), command, ...args], input);
}

/** The arguments of `nsenter` that lead into a network namespace. */
export function entering(namespace: string): string[] {
  return [`--net=${NAMES}/${namespace}`, '--'];
}
