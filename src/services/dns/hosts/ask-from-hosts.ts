import type { Random } from '../../../base/index.js';
import {
  type ClusterDNS,
  type HostAnswers,
  TRANSPORTS,
  addressesToSee,
  setsToSee,
} from '../../../core/bootstrap/index.js';
import type { HostName } from '../../../core/cluster/index.js';
import type { HostShell } from '../../../engine/ports/index.js';
import type { DNSAddress } from '../addresses.js';
import { questionFor } from '../client/lookup.js';
import { framed } from '../server/tcp.js';
import { ASKING_MS, type HostQuestions, askScript } from './ask-script.js';
import { type AskedSet, type SaidByHost, readHostAnswers } from './read-answers.js';

export interface AskingFromHosts {
  readonly shell: HostShell;
  readonly random: Random;
  /** Absent: each host's own. */
  readonly servers: readonly DNSAddress[] | undefined;
  readonly signal: AbortSignal;
}

/**
 * What each of these hosts sees: the services as its servers give them over both transports, and every target's addresses as
 * its own programs find them. One script a host, all side by side, and a second one only where targets were found that nobody
 * expected. Judged by core/bootstrap. A host that cannot be asked says so among what is `unasked`.
 */
export async function askFromHosts(
  dns: ClusterDNS,
  hosts: readonly HostName[],
  asking: AskingFromHosts,
): Promise<readonly HostAnswers[]> {
  return await Promise.all(hosts.map((host) => askFromHost(dns, host, asking)));
}

async function askFromHost(
  dns: ClusterDNS,
  host: HostName,
  asking: AskingFromHosts,
): Promise<HostAnswers> {
  const { random } = asking;
  const sets = setsToSee(dns).flatMap((set) =>
    TRANSPORTS.map((transport): AskedSet => {
      return { ...set, transport, id: Math.floor(random.next() * 65_536) };
    }),
  );
  const known = namesIn(dns, []);
  const first = await ask(host, asking, { sets, names: known });
  const more = namesIn(dns, first.resolverSays.srv).filter((name) => !known.includes(name));
  if (more.length === 0) return { host, ...first };
  const second = await ask(host, asking, { sets: [], names: more });
  const { srv, addresses } = first.resolverSays;
  return {
    host,
    resolverSays: { srv, addresses: { ...addresses, ...second.resolverSays.addresses } },
    unasked: first.unasked,
  };
}

/** The names behind the sets; what is found may name others than what is wanted, whatever they are made of. */
const namesIn = (dns: ClusterDNS, seen: SaidByHost['resolverSays']['srv']): readonly string[] => [
  ...new Set(
    addressesToSee(dns, seen)
      .map(({ name }) => name)
      .filter((name) => /^[\w.-]+$/.test(name) && !name.startsWith('-')),
  ),
];

async function ask(
  host: HostName,
  { shell, servers, signal }: AskingFromHosts,
  { sets, names }: { readonly sets: readonly AskedSet[]; readonly names: readonly string[] },
): Promise<SaidByHost> {
  const questions: HostQuestions['questions'] = sets.map(({ name, type, transport, id }) => {
    const message = questionFor({ name, type }, id);
    const sent = transport === 'tcp' ? framed(message) : message;
    return { transport, message: sent.toString('base64') };
  });
  const script = askScript({ questions, names, servers });
  const command = { doing: 'ask its name servers', script, deadlineMs: ASKING_MS };
  const end = await shell.run(host, command, signal);
  if (end.kind !== 'ended') return nothing(end.problem.summary);
  const said = readHostAnswers(Buffer.from(end.stdout).toString('utf8'), sets);
  if (said !== undefined) return said;
  const words = end.stderr.trim();
  return nothing(`its script did not come to its end${words === '' ? '' : `: ${words}`}`);
}

const nothing = (because: string): SaidByHost => ({
  resolverSays: { srv: [], addresses: {} },
  unasked: [
    { what: 'srv', because },
    { what: 'addresses', because },
  ],
});
