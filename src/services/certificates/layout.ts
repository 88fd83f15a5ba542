import { join } from 'node:path';
import { PLANES, type Fingerprint, type Plane } from '../../core/cluster/index.js';

/** Where the PKI of one cluster lies on this seat. */
export const pkiLayout = (directory: string) => ({
  directory,
  /** Who is trusted and who issues. Written by whoever holds the controller's lock. */
  state: join(directory, 'state.json'),
  /** What people asked for. Written by commands; never by the controller. */
  asked: join(directory, 'asked.json'),
  authorities: join(directory, 'authorities'),
  authority: (fingerprint: Fingerprint) =>
    join(directory, 'authorities', `${fingerprint.slice(0, 16)}.pem`),
  /** Absent for an authority that was given by path. */
  authorityKey: (fingerprint: Fingerprint) =>
    join(directory, 'authorities', `${fingerprint.slice(0, 16)}.key`),
  seat: join(directory, 'seat'),
  clients: join(directory, 'clients'),
  client: (name: string) => join(directory, 'clients', `${name}.json`),
});

export type Layout = ReturnType<typeof pkiLayout>;

/** What this seat itself shows to members (certificate and key in one file), and whom it trusts. */
export interface SeatFiles {
  readonly own: string;
  readonly trust: string;
}

export const seatFiles = (directory: string): Readonly<Record<Plane, SeatFiles>> => {
  const { seat } = pkiLayout(directory);
  const [peer, client] = PLANES.map((plane) => ({
    own: join(seat, `${plane}.pem`),
    trust: join(seat, `${plane}-trust.pem`),
  })) as [SeatFiles, SeatFiles];
  return { peer, client };
};
