/**
 * services/certificates — the authorities of a cluster, and the certificates they issue (engine/ports, Certificates).
 *
 * Contract: everything lies in one directory of this seat (0700, keys 0600, files replaced as a whole); whoever holds the
 * controller's lock writes state and seat, everybody may write what is asked for. Decides neither when a leaf is renewed
 * nor when a rotation goes on: core/planner does, by what hosts hold. Keys of members are made here, handed on once, and kept
 * on their hosts alone. Start reading at certificates.ts; what lies where is layout.ts.
 */
export { type CertificatesOptions, createCertificates } from './certificates.js';
export { type ClientOrder, type IssuedClient, issueClient, parseClientName } from './clients.js';
export { type AuthorityReport, readAuthorities } from './report.js';
export { askForRenewal, askForRotation, askToFinish } from './asked.js';
export { type SeatFiles, pkiLayout, seatFiles } from './layout.js';
export * as certificateProblems from './problems.js';
