// Where a mode does not do what the table says, and why. A cell that is listed here has to deviate
// in exactly this way; what is not listed has to agree.

import type { Cell, Dialled, Row, Situation, Source } from './table';

export interface Deviation {
  readonly mode: string;
  readonly dials?: readonly Dialled[];
  readonly policy?: Row['policy'];
  readonly from?: readonly Source[];
  /** What happens in place of the table's cells. */
  readonly cells: Partial<Readonly<Record<Situation, Cell>>>;
  readonly reason: string;
}

const ADDRESSES: readonly Dialled[] = ['externalIP', 'loadBalancer'];
const OUTER: readonly Dialled[] = ['externalIP', 'loadBalancer', 'nodePort'];

/** Later ones override earlier ones. */
export const DEVIATIONS: readonly Deviation[] = [
  {
    mode: 'iptables',
    dials: ADDRESSES,
    from: ['node'],
    cells: { N: 'PASS', 0: 'PASS' },
    reason:
      'KUBE-EXTERNAL-SERVICES is called in INPUT and FORWARD only: what the node itself sends ' +
      'leaves by its route',
  },
  {
    mode: 'ipvs',
    dials: ['clusterIP'],
    policy: 'Local',
    cells: { R: 'REJECT', Rt: 'REJECT' },
    reason: 'a virtual server without real servers answers with an ICMP error (ip_vs_leave)',
  },
  {
    mode: 'ipvs',
    dials: OUTER,
    policy: 'Local',
    from: ['pod', 'node', 'other'],
    cells: { L: 'L', R: 'R', 'L+R': 'L', Lt: 'L', Rt: 'R', 'R+Lt': 'L', 'L+Rt': 'L' },
    reason:
      'one virtual server for all clients: local endpoints where there are any, else all of ' +
      'them, and the LOCAL sets return before the mark',
  },
  {
    mode: 'ebpf',
    from: ['pod', 'node'],
    cells: { L: 'L', R: 'R', 'L+R': 'L+R', Lt: 'L', Rt: 'R', 'R+Lt': 'R', 'L+Rt': 'L' },
    reason: 'the socket is translated before there is a packet, and its source stays',
  },
  {
    mode: 'ebpf',
    dials: ['clusterIP'],
    policy: 'Local',
    from: ['pod', 'node'],
    cells: { R: 'REJECT', 'L+R': 'L', Rt: 'REJECT', 'R+Lt': 'L' },
    reason: 'connect() fails with EHOSTUNREACH where the policy leaves no backend',
  },
  {
    mode: 'ebpf',
    dials: ['clusterIP'],
    from: ['other'],
    cells: {
      L: 'DROP',
      R: 'DROP',
      'L+R': 'DROP',
      Lt: 'DROP',
      Rt: 'DROP',
      'R+Lt': 'DROP',
      'L+Rt': 'DROP',
      N: 'DROP',
      0: 'DROP',
    },
    reason: 'clusterIPs are not served to outsiders (bpf.lbExternalClusterIP is off)',
  },
  {
    mode: 'ebpf',
    dials: OUTER,
    policy: 'Cluster',
    from: ['other'],
    cells: { L: 'L', 'L+R': 'L+R m in part', Lt: 'L', 'L+Rt': 'L' },
    reason: 'the source changes only on the way to a backend of another node',
  },
];

/** The deviation that holds for a cell of a mode, if any. */
export function deviationOf(
  mode: string,
  dialled: Dialled,
  { policy, from }: Pick<Row, 'policy' | 'from'>,
  situation: Situation,
): Deviation | undefined {
  return DEVIATIONS.findLast((it) => {
    return (
      it.mode === mode &&
      it.dials?.includes(dialled) !== false &&
      (it.policy ?? policy) === policy &&
      it.from?.includes(from) !== false &&
      it.cells[situation] !== undefined
    );
  });
}
