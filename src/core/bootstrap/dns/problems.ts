import { defineProblem } from '../../../base/index.js';

export const dnsOnePeerURL = defineProblem(
  'dns-one-peer-url',
  (d: { readonly member: string; readonly peerURLs: readonly string[] }) => ({
    summary: `${d.member} cannot be found by DNS with ${d.peerURLs.length} peer URLs`,
    detail: `It advertises ${d.peerURLs.join(', ') || 'none'}. etcd makes a member of each SRV record, so a second URL would be a second member.`,
    hint: 'Give it one in spec.members[].peerURLs.',
  }),
);

export const dnsMixedSchemes = defineProblem(
  'dns-mixed-schemes',
  (d: {
    readonly side: string;
    readonly http: readonly string[];
    readonly https: readonly string[];
  }) => ({
    summary: `The ${d.side} URLs use both http and https, and records can say only one of them`,
    detail: `http: ${d.http.join(', ')}. https: ${d.https.join(', ')}. etcd takes both sets of records for separate or for the same members, by version.`,
    hint: 'Use one scheme for all members.',
  }),
);

export const dnsNeedsTLS = defineProblem('dns-needs-tls', (d: { readonly version: string }) => ({
  summary: `etcd ${d.version} cannot be born by DNS without TLS`,
  detail:
    'Every 3.4 gives up at the missing https records before it asks for those of http, and exits 1.',
  hint: 'Use etcd 3.5 or newer, or https peer URLs, or another way in spec.bootstrap.',
}));

export const dnsBadTarget = defineProblem(
  'dns-bad-target',
  (d: { readonly member: string; readonly url: string; readonly because: string }) => ({
    summary: `No record can name ${d.url} of ${d.member}`,
    detail: d.because,
    hint: 'Advertise an address, or a name that the DNS knows.',
  }),
);

export const dnsNoAddress = defineProblem(
  'dns-no-address',
  (d: { readonly member: string; readonly name: string; readonly domain: string }) => ({
    summary: `No address is known for ${d.name} of ${d.member}`,
    detail: `The name is in ${d.domain}, so its address record is ours to make. etcd drops a target without an address in silence and founds a smaller cluster.`,
    hint: 'Name the address of its machine in spec.members[].host, or advertise an address.',
  }),
);

export const dnsSameName = defineProblem(
  'dns-same-name',
  (d: { readonly name: string; readonly members: readonly string[] }) => ({
    summary: `${d.members.join(' and ')} would both be ${d.name}`,
    detail: 'Names of the DNS do not tell upper from lower case.',
    hint: 'Rename one of them, or advertise names of your own.',
  }),
);

/** What a look at the DNS found; each names the place from which it was seen. */
interface Seen {
  readonly place: string;
  readonly server: string;
}
const seenFrom = ({ place, server }: Seen): string => `Seen from ${place}, asking ${server}.`;

/** Values of records in a sentence: without the dot at the end of names. */
const listOf = (values: readonly string[]): string =>
  values.map((value) => value.replace(/\.$/, '')).join(', ') || 'none';

export const dnsServerSilent = defineProblem(
  'dns-server-silent',
  (d: {
    readonly place: string;
    readonly server: string;
    readonly transport: string;
    /** It answers over the other one. */
    readonly isOnlyThis: boolean;
    readonly name: string;
    readonly because: string;
  }) => ({
    summary: `${d.server} does not answer for ${d.name} over ${d.transport.toUpperCase()}`,
    detail: `${d.because} ${seenFrom(d)} etcd asks once at its start, and ends when nobody answers.`,
    hint:
      d.transport === 'tcp' && d.isOnlyThis
        ? 'Let TCP to port 53 through: answers that do not fit into a packet come that way only.'
        : 'Is the server up, is it the one that /etc/resolv.conf names, and may this machine ask it?',
  }),
);

export const dnsRecordsDiffer = defineProblem(
  'dns-records-differ',
  (d: {
    readonly place: string;
    readonly server: string;
    readonly name: string;
    readonly type: string;
    readonly missing: readonly string[];
    readonly extra: readonly string[];
  }) => ({
    summary: `The ${d.type} records of ${d.name} are not the cluster's`,
    detail: [
      d.missing.length > 0 ? `Missing: ${listOf(d.missing)}.` : '',
      d.extra.length > 0 ? `Too many: ${listOf(d.extra)}.` : '',
      seenFrom(d),
      d.type === 'SRV' ? 'Members that are told different lists found different clusters.' : '',
    ]
      .filter((part) => part !== '')
      .join(' '),
    hint: 'Bring them in step; what was cached goes after its time to live:\n  quorate dns publish',
  }),
);

export const dnsTransportsDiffer = defineProblem(
  'dns-transports-differ',
  (d: {
    readonly place: string;
    readonly server: string;
    readonly name: string;
    readonly type: string;
    readonly udp: readonly string[];
    readonly tcp: readonly string[];
  }) => ({
    summary: `${d.name} has other ${d.type} records over UDP than over TCP`,
    detail: `UDP: ${listOf(d.udp)}. TCP: ${listOf(d.tcp)}. ${seenFrom(d)}`,
    hint: 'Ask again; if it stays so, two servers answer at that address.',
  }),
);

export const dnsBothSchemes = defineProblem(
  'dns-both-schemes',
  (d: {
    readonly place: string;
    readonly server: string;
    readonly name: string;
    readonly found: readonly string[];
    readonly version: string;
  }) => ({
    summary: `${d.name} has records, and the cluster uses the other scheme`,
    detail: `Found: ${listOf(d.found)}. ${seenFrom(d)} ${whatBothDo(d.version)}`,
    hint: 'Delete them; publishing does:\n  quorate dns publish',
  }),
);

const whatBothDo = (version: string): string =>
  version.startsWith('3.4')
    ? 'etcd 3.4 then forgets the http set, and members that advertise http end.'
    : 'etcd then joins both sets under the same names, and a peer gets two URLs.';

export const dnsTargetUnresolved = defineProblem(
  'dns-target-unresolved',
  (d: {
    readonly place: string;
    readonly server: string;
    readonly name: string;
    readonly target: string;
    readonly because: string;
  }) => ({
    summary: `${d.target}, a target of ${d.name}, leads to no address`,
    detail: `${d.because} ${seenFrom(d)} etcd drops such a target in silence: this machine would found a smaller cluster than the others.`,
    hint: 'Publish its address, or take the target out, before any member is started.',
  }),
);

export const dnsOwnAddressMissing = defineProblem(
  'dns-own-address-missing',
  (d: {
    readonly place: string;
    readonly server: string;
    readonly member: string;
    readonly advertised: string;
    readonly targets: readonly string[];
  }) => ({
    summary: `${d.member} would not find itself among the targets`,
    detail: `It advertises ${d.advertised}. The targets lead to ${d.targets.join(', ') || 'nothing'}. ${seenFrom(d)} etcd then ends with "cannot find local etcd member".`,
    hint: 'One target must lead to the address and port that the member advertises.',
  }),
);

export const dnsCertificateNames = defineProblem(
  'dns-certificate-names',
  (d: {
    readonly place: string;
    readonly target: string;
    readonly port: number;
    readonly missing: readonly string[];
    readonly names: readonly string[];
  }) => ({
    summary: `The certificate at ${d.target}:${d.port} lacks ${d.missing.join(' and ')}`,
    detail: `It names ${d.names.join(', ') || 'nothing'}. Seen from ${d.place}. Peers demand the name they dialled; without --peer-trusted-ca-file they demand the domain.`,
    hint: 'Issue it for the host name, the domain and the addresses.',
  }),
);

export const dnsOwnNameElsewhere = defineProblem(
  'dns-own-name-elsewhere',
  (d: {
    readonly host: string;
    readonly member: string;
    readonly name: string;
    readonly found: readonly string[];
  }) => ({
    summary: `On ${d.host} the name ${d.name} of ${d.member} leads to ${d.found.join(', ')}`,
    detail:
      'That is the host itself, and is in its /etc/hosts, which is asked before any DNS server. A member that advertises its true address does not find itself then.',
    hint: `Take the name out of that line of /etc/hosts on ${d.host}.`,
  }),
);

export const dnsHostsDiffer = defineProblem(
  'dns-hosts-differ',
  (d: {
    readonly name: string;
    readonly said: readonly { readonly host: string; readonly addresses: readonly string[] }[];
  }) => ({
    summary: `${d.name} leads to different addresses from different hosts`,
    detail: d.said.map(({ host, addresses }) => `${host}: ${addresses.join(', ')}.`).join(' '),
    hint: 'Compare /etc/resolv.conf and /etc/hosts of these hosts; what was cached goes after its time to live.',
  }),
);
