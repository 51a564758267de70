// The agents of the lab: one process in each namespace, which lives as long as the namespace.

import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ConnectOrder, ListenOrder, Order, Report } from './agent-protocol';
import { entering } from './commands';

const PROGRAM = join(__dirname, 'agent.js');

export type Outcome = Extract<Report, { report: 'outcome' }>;

/** One process in one namespace. */
export class Agent {
  private readonly namespace: string;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly outcomes = new Map<number, (outcome: Outcome) => void>();
  private readonly listening: (() => void)[] = [];
  private readonly fail: (error: Error) => void;

  /** `onTrouble` hears of whatever the process could not do, and of its untimely end. */
  constructor(namespace: string, onTrouble: (error: Error) => void) {
    this.namespace = namespace;
    this.fail = onTrouble;
    const program = [...entering(namespace), process.execPath, PROGRAM];
    this.child = spawn('nsenter', program, { stdio: 'pipe' });
    this.child.on('error', onTrouble);
    this.child.stdin.on('error', () => {});
    this.child.stderr.on('data', (text: Buffer) => this.trouble(text.toString()));
    this.child.on('exit', (code, signal) => {
      if (code !== 0) this.trouble(`it ended with ${code ?? signal}`);
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.hear(line));
  }

  /** Resolves when the socket listens. The orders of one agent are carried out in their order. */
  listen(order: Omit<ListenOrder, 'order'>): Promise<void> {
    return new Promise((resolve) => {
      this.listening.push(resolve);
      this.tell({ order: 'listen', ...order });
    });
  }

  connect(order: Omit<ConnectOrder, 'order'>): Promise<Outcome> {
    return new Promise((resolve) => {
      this.outcomes.set(order.id, resolve);
      this.tell({ order: 'connect', ...order });
    });
  }

  /** The process ends when its orders do. */
  async close(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
    child.stdin.end();
    await ended;
  }

  private tell(order: Order): void {
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  private hear(line: string): void {
    const report = JSON.parse(line) as Report;
    if (report.report === 'trouble') return this.trouble(report.text);
    if (report.report === 'listening') return this.listening.shift()?.();
    this.outcomes.get(report.id)?.(report);
    this.outcomes.delete(report.id);
  }

  private trouble(text: string): void {
    this.fail(new Error(`the agent in ${this.namespace}: ${text.trim()}`));
  }
}
