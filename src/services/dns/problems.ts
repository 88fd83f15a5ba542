import { defineProblem } from '../../base/index.js';

export const dnsListenFailed = defineProblem(
  'dns-listen-failed',
  (d: { readonly address: string; readonly because: string }) => ({
    summary: `The DNS server cannot listen on ${d.address}`,
    detail: d.because,
    hint: 'etcd asks the servers of /etc/resolv.conf on port 53, which only root may take; any address of this machine will do:\n  quorate dns serve --listen 127.0.0.53:53',
  }),
);

export const dnsBadAddress = defineProblem(
  'dns-bad-address',
  (d: { readonly address: string; readonly because: string }) => ({
    summary: `${JSON.stringify(d.address)} is no address of a DNS server`,
    detail: d.because,
    hint: 'Write ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT.',
  }),
);

export const tsigKeyUnreadable = defineProblem(
  'tsig-key-unreadable',
  (d: { readonly path: string; readonly because: string }) => ({
    summary: `Cannot read the TSIG key in ${d.path}`,
    detail: d.because,
    hint: '',
  }),
);

export const tsigKeyOpen = defineProblem(
  'tsig-key-open',
  (d: { readonly path: string; readonly mode: string }) => ({
    summary: `Not using the TSIG key in ${d.path}: others may read it`,
    detail: `Its mode is ${d.mode}.`,
    hint: `Let its owner alone read it; if others had access to it, make a new key:\n  chmod 600 ${d.path}`,
  }),
);

export const tsigKeyMalformed = defineProblem(
  'tsig-key-malformed',
  (d: { readonly path: string; readonly because: string }) => ({
    summary: `${d.path} holds no TSIG key that can be used`,
    detail: d.because,
    hint: 'Allowed: hmac-sha256 and hmac-sha512, as tsig-keygen writes them, or one line ALGORITHM:NAME:SECRET.',
  }),
);

export const dnsPrimaryUnread = defineProblem(
  'dns-primary-unread',
  (d: { readonly server: string; readonly name: string; readonly because: string }) => ({
    summary: `Nothing was published: ${d.server} does not say what it has of ${d.name}`,
    detail: d.because,
    hint: 'Is that the primary of the zone, may this machine ask it, and is TCP let through?',
  }),
);

export const dnsMemberStillThere = defineProblem(
  'dns-member-still-there',
  (d: {
    readonly server: string;
    readonly member: string;
    readonly name: string;
    readonly address: string;
    readonly next: readonly string[];
  }) => ({
    summary: `Nothing was published: ${d.member} still runs at ${d.address}, where ${d.name} leads`,
    detail: `The spec has it at ${d.next.join(', ')}, where it does not answer. Other members and clients reach it by that name, and would lose it.`,
    hint: `Move it first, then its name: stop or remove ${d.member}, or give its successor a name of its own.`,
  }),
);

export const dnsZoneUnknown = defineProblem(
  'dns-zone-unknown',
  (d: { readonly server: string; readonly domain: string; readonly because: string }) => ({
    summary: `Nothing was published: ${d.server} has no zone for ${d.domain}`,
    detail: d.because,
    hint: 'Name the primary, and the zone in spec.bootstrap.dns.publish.rfc2136.zone.',
  }),
);

/** What a server means by refusing an update (RFC 2136 2.2, 8945 5.2). */
const REFUSALS: Readonly<Record<string, readonly [string, string]>> = {
  BADKEY: ['It does not know the key.', 'Give the server the key, under the same name.'],
  BADSIG: ['It has another secret under that name.', 'Give both sides the same key.'],
  BADTIME: ['Its clock differs from ours by more than five minutes.', 'Set the clocks.'],
  NOTAUTH: [
    'It is not the primary of the zone, or the key may not be used there.',
    'Allow the key to update the zone.',
  ],
  REFUSED: [
    'It lets nobody, or not this key, change the zone.',
    'Allow the key to update the zone.',
  ],
  NOTZONE: ['A name is not in the zone.', 'Name the right zone.'],
  NOTIMP: ['It takes no updates.', 'Publish by file: quorate dns publish --as zone'],
  YXRRSET: ['Somebody changed the records at the same moment.', 'Look again, and publish again.'],
  NXRRSET: ['Somebody changed the records at the same moment.', 'Look again, and publish again.'],
};

export const dnsUpdateRefused = defineProblem(
  'dns-update-refused',
  (d: { readonly zone: string; readonly server: string; readonly answer: string }) => {
    const [meaning = '', hint = ''] = REFUSALS[d.answer] ?? [];
    return {
      summary: `${d.server} did not change ${d.zone}`,
      detail: `It says ${d.answer}. ${meaning}`.trim(),
      hint,
    };
  },
);

export const dnsUpdateUnknown = defineProblem(
  'dns-update-unknown',
  (d: { readonly zone: string; readonly server: string; readonly because: string }) => ({
    summary: `It is not known whether ${d.server} changed ${d.zone}`,
    detail: `${d.because} The update was sent once and is not sent again.`,
    hint: 'Look first; publishing changes only what differs then:\n  quorate dns check',
  }),
);
