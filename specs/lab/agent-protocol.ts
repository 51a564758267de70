// What the lab and its agents say to each other: one JSON object per line, orders on the agent's
// standard input, reports on its standard output.

export type LabProtocol = 'TCP' | 'UDP';

/** A socket that answers for a process of the model. */
export interface ListenOrder {
  readonly order: 'listen';
  readonly protocol: LabProtocol;
  readonly port: number;
  /** How the model calls whoever answers there: `lab/a1`, `node/n1`. */
  readonly name: string;
  /** The addresses of the namespace. A UDP socket answers from the one that it is bound to. */
  readonly addresses: readonly string[];
}

/** One connection, or one datagram that waits for its answer. */
export interface ConnectOrder {
  readonly order: 'connect';
  readonly id: number;
  readonly protocol: LabProtocol;
  readonly address: string;
  readonly port: number;
  readonly sport: number;
  /** Milliseconds until silence counts as such. */
  readonly patience: number;
}

export type Order = ListenOrder | ConnectOrder;

/** What a server tells each client: who it is, and whom it sees. */
export interface Greeting {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly seenAddress: string;
  readonly seenPort: number;
}

export type Report =
  /** An order to listen has been carried out. */
  | { readonly report: 'listening'; readonly port: number }
  | { readonly report: 'trouble'; readonly text: string }
  | {
      readonly report: 'outcome';
      readonly id: number;
      /** In the words of `ReachOutcome`; an error code where there is no word for it. */
      readonly outcome: string;
      readonly greeting?: Greeting;
    };
