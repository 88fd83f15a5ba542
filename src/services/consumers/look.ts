import { type Instant, type Result, err, instantOf, ok } from '../../base/index.js';
import {
  type Consumer,
  type ConsumerLink,
  type ConsumerProgram,
  type ConsumerSight,
  type ConsumerTry,
  consumerID,
} from '../../core/cluster/index.js';
import { addressOfEndpoint, isIP } from './endpoint.js';
import { type Facts, type ProcessFacts, parseFacts } from './facts.js';
import { type FlaggedProgram, flagsOf } from './flags.js';
import { type Parts, runOn, stateDirOf } from './parts.js';
import type { Place } from './place.js';
import { consumerUnusable } from './problems.js';
import { type Questions, askScript, lookScript } from './scripts.js';
import { plainIP } from './sockets.js';
import { spotInManifest } from './text/manifest.js';
import { endpointsIn } from './text/spot.js';
import { readTemplate } from './text/template.js';
import { type UnitText, spotInUnit } from './text/unit.js';
import { caFilesOf, tlsOf, usesTLS, whyNoCertificate } from './tls.js';

/** A sight, and for a change what it was read from. */
export interface Look {
  readonly sight: ConsumerSight;
  readonly place?: Place;
  readonly pending?: readonly string[];
}

export async function look(parts: Parts, consumer: Consumer, signal: AbortSignal): Promise<Look> {
  const id = consumerID(consumer);
  const { program } = consumer;
  const unseen = (because: string): Look => ({ sight: { kind: 'unseen', id, because } });
  const script = lookScript(program, stateDirOf(parts, consumer));
  const read = await runOn(parts, consumer, 'read the endpoints', script, signal);
  if (read.kind !== 'ok') return unseen(read.because);
  const flag = program.kind === 'file' ? '' : flagsOf(program).endpoints;
  const facts = parseFacts(read.stdout, flag);
  const place = placeOf(program, facts);
  if (!place.ok) {
    const problem = consumerUnusable({ consumer: id, host: consumer.host, because: place.error });
    return { sight: { kind: 'unusable', id, problem } };
  }
  const names = namesIn(program, place.value);
  const process = processOf(facts);
  const runsWith = process?.endpoints === undefined ? undefined : endpointsIn(process.endpoints);
  const questions = questionsOf(program, place.value, runsWith ?? names);
  const asked = await answersTo(parts, consumer, questions, signal);
  if (!asked.ok) return unseen(asked.error);
  const tls = process === undefined ? undefined : tlsOf(process);
  const startedAt = startOf(process, parts.clock.now());
  const link = linkOf(program, facts, asked.value, runsWith ?? names);
  const pending = marked<{ readonly endpoints: readonly string[] }>(
    parts,
    consumer,
    facts,
    'pending',
  );
  const lastTry = marked<ConsumerTry>(parts, consumer, facts, 'refused');
  return {
    place: place.value,
    ...(pending === undefined ? {} : { pending: pending.endpoints }),
    sight: {
      kind: 'seen',
      id,
      names,
      ...(runsWith === undefined ? {} : { runsWith }),
      ...(startedAt === undefined ? {} : { startedAt }),
      link,
      ...(pending === undefined ? {} : { isHalfTold: true }),
      ...(lastTry === undefined ? {} : { lastTry }),
      ...(usesTLS(link) ? {} : lacksOf(consumer, place.value)),
      ...(tls === undefined ? {} : { tls }),
    },
  };
}

function lacksOf(consumer: Consumer, place: Place): Pick<Seen, 'lacks'> {
  const ca = caFilesOf(consumer, place);
  const certificate = whyNoCertificate(consumer, place);
  const lacks = {
    ...(ca.ok ? {} : { ca: ca.error }),
    ...(certificate === undefined ? {} : { certificate }),
  };
  return Object.keys(lacks).length === 0 ? {} : { lacks };
}

type Seen = Extract<ConsumerSight, { kind: 'seen' }>;

function placeOf(program: ConsumerProgram, facts: Facts): Result<Place, string> {
  if (program.kind === 'file') {
    const { path } = program;
    const text = facts.files.get(path);
    return ok({
      path,
      ...(text === undefined ? {} : { text, sum: facts.sums.get(path) ?? '' }),
      flag: () => err('it has no flags'),
    });
  }
  const { endpoints, variable } = flagsOf(program);
  if (program.at.kind === 'manifest') {
    const { path } = program.at;
    const text = facts.files.get(path);
    if (text === undefined) return err(`${path} is not there`);
    const spot = spotInManifest(text, endpoints);
    if (!spot.ok) return err(`in ${path}, ${spot.error}`);
    return ok({
      path,
      text,
      sum: facts.sums.get(path) ?? '',
      spot: spot.value,
      flag: (flag) => {
        const found = spotInManifest(text, flag);
        return found.ok ? ok(found.value.value) : found;
      },
    });
  }
  const { unit } = program.at;
  const load = facts.shown.get('LoadState');
  if (load !== 'loaded') return err(`systemd says that ${unit} is ${load ?? 'unknown'}`);
  const files = unitTexts(facts);
  const found = spotInUnit(files, endpoints, variable);
  if (!found.ok) return found;
  const { path, spot } = found.value;
  return ok({
    path,
    text: facts.files.get(path) ?? '',
    sum: facts.sums.get(path) ?? '',
    spot,
    flag: (flag, own) => {
      const other = spotInUnit(files, flag, own);
      return other.ok ? ok(other.value.spot.value) : other;
    },
  });
}

/** Each file once, and a drop-in after what it changes. */
function unitTexts({ unitFiles, files }: Facts): readonly UnitText[] {
  const texts = new Map<string, UnitText>();
  for (const { path, kind } of unitFiles) {
    const text = files.get(path);
    if (text !== undefined) texts.set(path, { path, kind, text });
  }
  return [...texts.values()];
}

function namesIn(program: ConsumerProgram, { text, spot }: Place): readonly string[] {
  if (program.kind !== 'file') return spot === undefined ? [] : endpointsIn(spot.value);
  return text === undefined ? [] : readTemplate(program.template, text, program.separator);
}

/** The one that was told endpoints, and of several the newest: an old one may still be ending. */
function processOf({ processes }: Facts): ProcessFacts | undefined {
  const told = processes.filter(({ endpoints }) => endpoints !== undefined);
  return [...(told.length > 0 ? told : processes)].sort((a, b) => a.ageSeconds - b.ageSeconds)[0];
}

const startOf = (process: ProcessFacts | undefined, now: Instant): Instant | undefined =>
  process === undefined ? undefined : instantOf(now - process.ageSeconds * 1000);

function questionsOf(
  program: ConsumerProgram,
  place: Place,
  endpoints: readonly string[],
): Questions {
  const hosts = endpoints.flatMap((endpoint) => addressOfEndpoint(endpoint)?.host ?? []);
  const names = [...new Set(hosts.filter((host) => !isIP(host) && /^[\w.-]+$/.test(host)))];
  if (program.kind === 'file') {
    return { names: [], ...(program.check === undefined ? {} : { check: program.check }) };
  }
  return { names, ...readyzOf(program, place) };
}

const SECURE_PORT = '6443';
const EVERYWHERE = new Set(['0.0.0.0', '::']);

function readyzOf(program: FlaggedProgram, place: Place): Pick<Questions, 'readyz'> {
  if (program.kind !== 'kubeApiserver' || program.readyz === 'off') return {};
  if (program.readyz !== undefined) return { readyz: program.readyz };
  const port = place.flag('secure-port');
  const bound = place.flag('bind-address');
  const address = bound.ok && !EVERYWHERE.has(bound.value) ? bound.value : '127.0.0.1';
  const host = address.includes(':') ? `[${address}]` : address;
  return { readyz: `https://${host}:${port.ok ? port.value : SECURE_PORT}/readyz` };
}

type Answers = Pick<Facts, 'addressesOf' | 'ready' | 'check'>;

async function answersTo(
  parts: Parts,
  consumer: Consumer,
  questions: Questions,
  signal: AbortSignal,
): Promise<Result<Answers, string>> {
  const { names, readyz, check } = questions;
  if (names.length === 0 && readyz === undefined && check === undefined) {
    return ok({ addressesOf: new Map() });
  }
  const end = await runOn(parts, consumer, 'ask after the health', askScript(questions), signal);
  return end.kind === 'ok' ? ok(parseFacts(end.stdout)) : err(end.because);
}

function linkOf(
  program: ConsumerProgram,
  facts: Facts,
  answers: Answers,
  endpoints: readonly string[],
): ConsumerLink {
  if (program.kind === 'file') {
    return answers.check === undefined || answers.check === 'ok'
      ? { kind: 'unknown' }
      : { kind: 'broken', because: `its check ${answers.check}` };
  }
  const process = processOf(facts);
  if (process === undefined) return { kind: 'broken', because: nothingRuns(program, facts) };
  if (answers.ready !== undefined && answers.ready !== 'ok') {
    return { kind: 'broken', because: `/readyz answers ${answers.ready.trim()}` };
  }
  const remotes =
    program.at.kind === 'unit' ? facts.processes.flatMap((each) => each.remotes) : process.remotes;
  const to = endpoints.filter((endpoint) => {
    const address = addressOfEndpoint(endpoint);
    if (address === undefined) return false;
    const { host, port } = address;
    const ips = isIP(host) ? [plainIP(host)] : (answers.addressesOf.get(host) ?? []);
    return remotes.some((remote) => remote.port === port && ips.includes(remote.ip));
  });
  return { kind: 'connected', to };
}

function nothingRuns({ at, kind }: FlaggedProgram, { shown }: Facts): string {
  if (at.kind === 'manifest') return `no ${flagsOf({ at, kind }).process} runs`;
  const [active = '', sub = '', result = ''] = ['ActiveState', 'SubState', 'Result'].map((key) =>
    shown.get(key),
  );
  const why = result === '' || result === 'success' ? '' : `, ${result}`;
  return `systemd says that ${at.unit} is ${active} (${sub}${why})`;
}

/** What an earlier change left beside the kept file; what cannot be read is as good as absent. */
function marked<T>(
  parts: Parts,
  consumer: Consumer,
  { files }: Facts,
  mark: 'pending' | 'refused',
): T | undefined {
  const text = files.get(`${stateDirOf(parts, consumer)}/${mark}`);
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as { readonly endpoints?: unknown } | null;
    return Array.isArray(value?.endpoints) ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
