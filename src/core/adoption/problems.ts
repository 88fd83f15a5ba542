import { defineProblem } from '../../base/index.js';

export const memberUnready = defineProblem(
  'adopt-member-unready',
  (d: { cluster: string; member: string; because: string; then: string }) => ({
    summary: `Cannot adopt ${d.cluster}: ${d.member} ${d.because}`,
    detail: '',
    hint: d.then,
  }),
);

export const versionUnfit = defineProblem(
  'adopt-version',
  (d: { cluster: string; found: readonly string[]; supported: readonly string[] }) => ({
    summary: `Cannot adopt ${d.cluster}: its members run etcd ${d.found.join(', ')}`,
    detail: `Adopted is a cluster whose members all run one version of ${d.supported.join(', ')}.`,
    hint: 'Bring them all to one version first, as you did before.',
  }),
);

export const hostMissing = defineProblem(
  'adopt-host-missing',
  (d: { member: string; id: string; peerURLs: readonly string[]; hosts: readonly string[] }) => ({
    summary: `No host was found that runs ${d.member} (${d.id})`,
    detail: `It is registered at ${d.peerURLs.join(', ')}. Looked at: ${d.hosts.join(', ')}.`,
    hint: 'Name every host, as ssh reaches it:\n  quorate adopt --hosts HOST,HOST,…',
  }),
);

export const noMemberHere = defineProblem(
  'adopt-no-member',
  (d: { host: string; cluster: string; clusterID: string; found: readonly string[] }) => ({
    summary: `No member of ${d.cluster} runs on ${d.host}`,
    detail:
      d.found.length === 0
        ? 'No etcd runs there that holds data.'
        : `Of cluster ${d.clusterID} there is none; what runs there: ${d.found.join('; ')}.`,
    hint: 'Leave the host out, or name the one that was meant.',
  }),
);

export const severalMembers = defineProblem(
  'adopt-several-members',
  (d: { host: string; cluster: string; found: readonly string[] }) => ({
    summary: `Several members of ${d.cluster} run on ${d.host}`,
    detail: d.found.join('; '),
    hint: 'A host that fails would take them all: a host has one member. Move the others first.',
  }),
);

export const notOursToStop = defineProblem(
  'adopt-kept-elsewhere',
  (d: { host: string; pid: number; keeper: string }) => ({
    summary: `The member on ${d.host} is kept by something that would start it again: ${d.keeper}`,
    detail: `Process ${d.pid}. Adopted are members that a unit of systemd runs, with etcd as its main process, and those whose command somebody typed.`,
    hint: 'Let a unit of its own run it first.',
  }),
);

export const dataUnfit = defineProblem(
  'adopt-data',
  (d: { host: string; dataDir: string; because: string; then: string }) => ({
    summary: `The data of the member on ${d.host} are where we cannot keep them: ${d.dataDir}`,
    detail: d.because,
    hint: d.then,
  }),
);

export const fileClosed = defineProblem(
  'adopt-file-closed',
  (d: { host: string; path: string; user: string }) => ({
    summary: `The user ${d.user}, as whom members run, cannot read ${d.path} on ${d.host}`,
    detail: 'The member would not start again with it.',
    hint: `Let it, for example:\n  setfacl -m u:${d.user}:r ${d.path}`,
  }),
);

export const flagUnfit = defineProblem(
  'adopt-flag',
  (d: { host: string; flag: string; runs: string; wanted: string; because: string }) => ({
    summary: `The member on ${d.host} runs with what a spec does not say: --${d.flag}=${d.runs}`,
    detail: [d.because, d.wanted === '' ? '' : `Ours would say ${d.wanted}.`]
      .filter((part) => part !== '')
      .join(' '),
    hint: 'Start it without that first, as you did before; then adopt.',
  }),
);

export const membersUnlike = defineProblem(
  'adopt-members-unlike',
  (d: { flag: string; found: readonly string[] }) => ({
    summary: `The members do not run alike: --${d.flag}`,
    detail: d.found.join('; '),
    hint: 'In a spec a flag of etcd is the same for all members. Make them alike first; then adopt.',
  }),
);

export const contradiction = defineProblem(
  'adopt-contradiction',
  (d: { host: string; what: string; says: string; runs: string }) => ({
    summary: `What is said of the member on ${d.host} is not what runs: ${d.what}`,
    detail: `Said: ${d.says}. Runs: ${d.runs}.`,
    hint: 'Restart it with what is meant, as you did before; then adopt.',
  }),
);

export const authOn = defineProblem('adopt-auth', (d: { cluster: string }) => ({
  summary: `Cannot adopt ${d.cluster}: it asks for users (auth is on)`,
  detail:
    'Quorate shows a certificate and holds no password: etcd would refuse every change of members.',
  hint: 'Give a client certificate of root (its common name), by --cert and --key.',
}));

export const tlsUnfit = defineProblem(
  'adopt-tls',
  (d: { cluster: string; because: string; then: string }) => ({
    summary: `Cannot adopt ${d.cluster}: its certificates are not as a spec can say it`,
    detail: d.because,
    hint: d.then,
  }),
);

export const nameUnfit = defineProblem(
  'adopt-name',
  (d: { what: string; found: string; allowed: string }) => ({
    summary: `Cannot adopt: ${d.what} "${d.found}" is none that a spec can have`,
    detail: `Allowed: ${d.allowed}.`,
    hint: '',
  }),
);

export const hostUnread = defineProblem(
  'adopt-host-unread',
  (d: { host: string; because: string }) => ({
    summary: `Cannot read what runs on ${d.host}`,
    detail: d.because,
    hint: '',
  }),
);
