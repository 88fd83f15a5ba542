import { resolve } from 'node:path';
import { type Result, assertNever, ok, unsafeBrand } from '../base/index.js';
import { finalFlags } from '../core/bootstrap/index.js';
import {
  type EtcdVersion,
  type HostName,
  type StartFlags,
  type TargetMember,
} from '../core/cluster/index.js';
import { lookAtData } from '../drivers/local/index.js';
import { createClient } from '../etcd/index.js';
import type { Files, Join, JoinEnd, JoinSettings, JoinState } from '../frontends/cli/index.js';
import { createEtcdAdmin } from '../services/admin/index.js';
import {
  type TokenFacts,
  discoveryServiceSilent,
  discoveryStorageSilent,
  tokenFactsAt,
  tokenFactsThrough,
  tokenReportOf,
} from '../services/discovery/index.js';
import {
  type HostState,
  type JoinInput,
  type JoinPlace,
  type JoinWorld,
  type PlaceSight,
  type SaidAddresses,
  readInput,
  runJoin,
} from '../services/join/index.js';
import { startForegroundEtcd } from './foreground-etcd.js';
import { holderOf } from './data-holder.js';
import { startGateway } from './gateway.js';
import { addressesFor } from './join-addresses.js';
import { type Machine, binariesFor } from './machine.js';

/** How long clients may finish what they do before the gateway makes way for the member. */
const DRAIN_MS = 3_000;

/** `quorate join`, put together. */
export function joinOf(machine: Machine, files: Pick<Files, 'read'>): Join {
  return {
    run: async (settings) => {
      const input = readInput(settings.typed);
      if (!input.ok) return { kind: 'mistyped', problems: input.error };
      return await joinWith(machine, files, settings, input.value);
    },
  };
}

async function joinWith(
  machine: Machine,
  files: Pick<Files, 'read'>,
  { offline, interrupt, onState, onLog, tell }: JoinSettings,
  input: JoinInput,
): Promise<JoinEnd> {
  const { clock, random } = machine;
  const { name, place, sizeExceeded } = input;
  const dataDir = resolve(input.dataDir);
  const binaries = await binariesFor(machine, { offline, progress: tell });
  const etcd = await binaries.resolve('etcd', input.version, interrupt);
  if (interrupt.aborted) return { kind: 'asked' };
  if (!etcd.ok) return { kind: 'failed', problems: [etcd.error] };
  const version = unsafeBrand<EtcdVersion>(etcd.value.version);
  const addresses = await addressesFor({ said: input.said, dataDir }, random);
  if (!addresses.ok) return { kind: 'refused', problems: [addresses.error] };
  const member = memberOf({ name, dataDir, version, ...addresses.value });
  if (!member.ok) return { kind: 'failed', problems: member.error };
  const { flags } = member.value;

  const admin = createEtcdAdmin({ clock });
  const world: JoinWorld = {
    clock,
    admin,
    lookForHolder: () => holderOf(dataDir),
    lookAtData: () => lookAtData({ dataDir, log: '' }, undefined),
    lookAtPlace: (signal) => lookAtPlace(place, machine, signal),
    startEtcd: (started) =>
      startForegroundEtcd({ binary: etcd.value.path, flags: started, dataDir, onLog }),
    startGateway: (endpoints) =>
      startGateway(machine, files, {
        listen: listenAddresses(flags),
        backends: { kind: 'members', endpoints },
        metrics: undefined,
        cacert: undefined,
        cert: undefined,
        key: undefined,
        drainMs: DRAIN_MS,
        tell,
      }),
  };
  const toState = stateOf(name, addresses.value, dataDir);
  try {
    return await runJoin({ member: member.value, place, dataDir, sizeExceeded, version }, world, {
      interrupt,
      onState: (state) => onState(toState(state)),
    });
  } finally {
    await admin.close();
  }
}

/** This host as a member with everything that stays the same over its starts. */
function memberOf({
  name,
  dataDir,
  version,
  peerURL,
  clientURL,
}: SaidAddresses & {
  readonly name: JoinInput['name'];
  readonly dataDir: string;
  readonly version: EtcdVersion;
}): Result<TargetMember, JoinFaults> {
  const peerURLs = [peerURL];
  const clientURLs = [clientURL];
  const flags = finalFlags({
    member: { name, peerURLs, clientURLs },
    addresses: {
      // Nothing recorded to listen on: where it is advertised, or everywhere for a name.
      peerURLs: [],
      clientURLs: [],
      listenPeerURLs: [],
      listenClientURLs: [],
      listenMetricsURLs: [],
      dataDir,
    },
    etcd: {},
    version,
  });
  if (!flags.ok) return flags;
  const host = unsafeBrand<HostName>(name);
  return ok({ name, host, byHand: false, peerURLs, clientURLs, flags: flags.value });
}

type JoinFaults = Extract<JoinEnd, { readonly kind: 'failed' }>['problems'];

/** `127.0.0.1:2379` of `http://127.0.0.1:2379`: where etcd itself would listen for clients. */
const listenAddresses = (flags: StartFlags): readonly string[] =>
  (flags['listen-client-urls'] ?? '').split(',').map((url) => url.replace(/^https?:\/\//, ''));

const SILENT: ReadonlySet<string> = new Set([
  discoveryServiceSilent.code,
  discoveryStorageSilent.code,
]);

async function lookAtPlace(
  place: JoinPlace | undefined,
  { clock }: Machine,
  signal: AbortSignal,
): Promise<PlaceSight> {
  if (place === undefined) return { kind: 'none' };
  const facts = await factsOf(place, clock, signal);
  if (!facts.ok) {
    const { error: problem } = facts;
    return { kind: SILENT.has(problem.code) ? 'silent' : 'unusable', problem };
  }
  const { size, state, clusterID, members, problems } = tokenReportOf(facts.value);
  const typed = place.protocol === 'v2' ? place.url : place.token;
  const clusterToken = facts.value.clusterToken ?? typed;
  return { kind: 'read', token: { size, state, clusterToken, clusterID, members, problems } };
}

async function factsOf(
  place: JoinPlace,
  clock: Machine['clock'],
  signal: AbortSignal,
): Promise<Result<TokenFacts>> {
  switch (place.protocol) {
    case 'v2':
      return await tokenFactsThrough(place.url, signal);
    case 'v3': {
      const client = createClient({ endpoints: place.endpoints, clock });
      try {
        return await tokenFactsAt({ client, clock }, place.token);
      } finally {
        await client.close();
      }
    }
    default:
      return assertNever(place);
  }
}

const stateOf =
  (name: string, { peerURL, clientURL }: SaidAddresses, dataDir: string) =>
  (state: HostState): JoinState => ({
    name,
    state: state.kind,
    member:
      state.kind === 'member'
        ? { id: state.memberID, clusterID: state.clusterID, role: state.role }
        : undefined,
    peerURL,
    clientURL,
    dataDir,
    endpoints: state.kind === 'gateway' ? state.endpoints : [],
    because: state.kind === 'waiting' ? state.because : undefined,
  });
