import type { HandshakeSight } from '../handshakes.js';
import { atPort } from '../hosts.js';
import { type Verdict, judgeOf } from '../verdict.js';

/** Whether members that run already would trust each other. */
export const judgeHandshakes = (sights: readonly HandshakeSight[]): readonly Verdict[] =>
  sights.map(judgeHandshake);

function judgeHandshake({ from, to, dialled, end: seen }: HandshakeSight): Verdict {
  const says = judgeOf('tls', from, to.host);
  const at = `${atPort(dialled.name, dialled.port)} (${dialled.plane})`;
  if (seen.kind === 'unseen') {
    return says.unseen(`TLS with ${at} was not tried, because ${seen.because}`);
  }
  const end = seen.value;
  switch (end.kind) {
    case 'well':
      return says.ok(`TLS with ${at} stands`);
    case 'untrusted':
      return says.problem(`The certificate of ${at} is not trusted on ${from}`, {
        detail: end.words,
        hint: 'Look at its authority, its names and its dates there:\n  openssl x509 -noout -issuer -dates -ext subjectAltName -in CERTIFICATE',
      });
    case 'plain-text':
      return says.problem(`${at} does not speak TLS`, {
        hint: 'The member there was started without certificates, or something else listens there.',
      });
    case 'refused':
      return says.problem(`${at} ends the handshake with ${from}`, {
        detail: end.words,
        hint: `It may not trust the certificate of ${from}: look at its authority and its dates.`,
      });
  }
}
