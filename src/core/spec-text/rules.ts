import { VOTERS_MAX } from '../cluster/index.js';
import {
  type SpecProblem,
  readFlags,
  specProblems,
  versionFault,
  versionWarnings,
} from '../spec/index.js';
import { checkConsumers } from './consumer-rules.js';
import { KINDS } from './schema.js';
import { isRecord, show, valueAt } from './values.js';
import type { Path, SpecText } from './yaml-text.js';

export interface Findings {
  readonly problems: SpecProblem[];
  readonly warnings: SpecProblem[];
}

/** What no shape can say: counts, duplicates, kinds that exclude each other, versions and flags. Takes any value. */
export function problemsOfRules(text: SpecText): Findings {
  const findings: Findings = { problems: [], warnings: [] };
  checkVersion(text, findings);
  checkKinds(text, findings);
  checkDiscovery(text, findings);
  checkMembers(text, findings);
  checkDuplicates(text, findings);
  checkConsumers(text, findings);
  checkFlags(text, findings);
  return findings;
}

function checkVersion(text: SpecText, { problems, warnings }: Findings): void {
  const path = ['spec', 'version'];
  const version = valueAt(text.value, path);
  if (typeof version !== 'string') return;
  const place = text.placeOf(path);
  const found = show(version);
  const fault = versionFault(version);
  if (fault !== undefined)
    problems.push(specProblems.versionUnsupported({ ...place, found, ...fault }));
  for (const { because, fixedIn } of versionWarnings(version)) {
    const allowed = `any version; ${fixedIn} and newer do not have this fault`;
    warnings.push(specProblems.versionFaulty({ ...place, found, allowed, because }));
  }
}

function checkKinds(text: SpecText, { problems }: Findings): void {
  const consumers = valueAt(text.value, ['spec', 'consumers']);
  const sections: readonly (readonly [Path, readonly string[]])[] = [
    [['spec', 'bootstrap'], KINDS.bootstrap],
    [['spec', 'bootstrap', 'discovery'], KINDS.discovery],
    [['spec', 'driver'], KINDS.driver],
    [['spec', 'tls'], KINDS.tls],
    ...(Array.isArray(consumers) ? consumers : []).map(
      (_, i): readonly [Path, readonly string[]] => [['spec', 'consumers', i], KINDS.consumer],
    ),
  ];
  for (const [path, kinds] of sections) {
    const section = valueAt(text.value, path);
    if (!isRecord(section)) continue;
    const named = Object.keys(section).filter((key) => kinds.includes(key));
    // A misspelt kind is an unknown field already.
    const isMisspelt = named.length === 0 && Object.keys(section).length > 0;
    if (named.length === 1 || (isMisspelt && path.at(-1) !== 'discovery')) continue;
    const found = named.length === 0 ? 'none' : named.join(' and ');
    const allowed = `exactly one of ${kinds.join(', ')}`;
    problems.push(specProblems.severalKinds({ ...text.placeOf(path), found, allowed }));
  }
}

/** Which protocol of discovery a minor speaks (etcd-facts 2.5, 3). */
const V3_SINCE = 6;
const V2_UNTIL = 6;

function checkDiscovery(text: SpecText, { problems }: Findings): void {
  const path = ['spec', 'bootstrap', 'discovery'];
  const section = valueAt(text.value, path);
  const version = minorIn(text);
  if (!isRecord(section) || version === undefined) return;
  const minor = Number(version.split('.')[1]);
  const refuse = (field: string, allowed: string) => {
    const place = text.placeOf([...path, field]);
    problems.push(specProblems.wrongValue({ ...place, found: `etcd ${version}`, allowed }));
  };
  if (section['url'] !== undefined && minor > V2_UNTIL) {
    refuse('url', `etcd up to 3.${V2_UNTIL}; newer ones meet at endpoints`);
  }
  if (section['endpoints'] !== undefined && minor < V3_SINCE) {
    refuse('endpoints', `etcd from 3.${V3_SINCE} on; older ones meet at a url`);
  }
  const hasOwnToken = section['url'] !== undefined || section['serve'] !== undefined;
  if (section['token'] !== undefined && hasOwnToken) {
    const allowed = 'a token beside endpoints only: a url has its own, and one of ours is made';
    const place = text.placeOf([...path, 'token']);
    problems.push(specProblems.wrongValue({ ...place, found: show(section['token']), allowed }));
  }
}

function checkMembers(text: SpecText, { problems, warnings }: Findings): void {
  const path = ['spec', 'members'];
  const members = valueAt(text.value, path);
  if (!Array.isArray(members)) return;
  const place = text.placeOf(path);
  const found = `${members.length} members`;
  const allowed = `1 to ${VOTERS_MAX} members`;
  if (members.length === 0) problems.push(specProblems.noMembers({ ...place, found, allowed }));
  else if (members.length > VOTERS_MAX)
    problems.push(specProblems.tooManyMembers({ ...place, found, allowed }));
  else if (members.length % 2 === 0) {
    const even = { ...place, found, members: members.length };
    if (valueAt(text.value, ['spec', 'allowEvenSize']) === true) {
      const allowedThen = 'any number; odd ones are advised';
      warnings.push(specProblems.evenMembersAllowed({ ...even, allowed: allowedThen }));
    } else {
      const odd = 'an odd number, or an even one beside allowEvenSize: true';
      problems.push(specProblems.evenMembers({ ...even, allowed: odd }));
    }
  }
}

/** Names, hosts and URLs belong to one member each, proxies included. */
function checkDuplicates(text: SpecText, { problems }: Findings): void {
  const seen = new Map<string, Path>();
  const claim = (kind: string, path: Path, value: unknown): boolean => {
    if (typeof value !== 'string') return false;
    const key = `${kind} ${value}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, path);
      return false;
    }
    const allowed = 'a value that nothing else in the spec has';
    const firstText = text.placeOf(first).path;
    problems.push(
      specProblems.duplicate({
        ...text.placeOf(path),
        found: show(value),
        allowed,
        first: firstText,
      }),
    );
    return true;
  };
  for (const section of ['members', 'proxies']) {
    const list = valueAt(text.value, ['spec', section]);
    for (const [i, member] of (Array.isArray(list) ? list : []).entries()) {
      if (!isRecord(member)) continue;
      const path = ['spec', section, i];
      const { name, host, peerURLs, clientURLs } = member;
      const isSameName = claim('name', [...path, 'name'], name);
      if (host !== undefined) claim('host', [...path, 'host'], host);
      else if (!isSameName) claim('host', [...path, 'name'], name);
      for (const [field, urls] of Object.entries({ peerURLs, clientURLs })) {
        for (const [j, url] of (Array.isArray(urls) ? urls : []).entries()) {
          claim('url', [...path, field, j], url);
        }
      }
    }
  }
}

function checkFlags(text: SpecText, { problems, warnings }: Findings): void {
  const etcd = valueAt(text.value, ['spec', 'etcd']);
  const minor = minorIn(text);
  if (!isRecord(etcd) || minor === undefined) return;
  const placeOf = (flag: string) => text.placeOfKey(['spec', 'etcd', flag]);
  const read = readFlags(minor, scalarsOf(etcd), placeOf);
  problems.push(...read.problems);
  warnings.push(...read.warnings);
}

/** Lists are the same as their items joined by commas, which is how etcd takes them. */
export function scalarsOf(
  etcd: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string | number | boolean>> {
  const scalars: Record<string, string | number | boolean> = {};
  for (const [flag, value] of Object.entries(etcd)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      scalars[flag] = value;
    else if (Array.isArray(value)) scalars[flag] = value.join(',');
  }
  return scalars;
}

/** Also of a version that was written without quotes, so that its flags are checked in the same round. */
function minorIn(text: SpecText): string | undefined {
  const path = ['spec', 'version'];
  const version = valueAt(text.value, path);
  const written = typeof version === 'string' ? version : text.sourceOf(path);
  if (written === undefined || versionFault(written) !== undefined) return undefined;
  return written.split('.').slice(0, 2).join('.');
}
