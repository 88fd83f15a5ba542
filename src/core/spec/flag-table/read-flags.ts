import { nearest } from '../../../base/index.js';
import type { StartFlags } from '../../cluster/index.js';
import * as problems from '../problems.js';
import type { SpecPlace, SpecProblem } from '../problems.js';
import { type Gates, formatGates, gateFault, parseGates } from './feature-gates.js';
import { type FlagInfo, flagInfo, flagsOf, minorsWith, olderNameOf } from './lookup.js';
import { whyReserved } from './reserved.js';
import { FLAG_ROWS } from './rows.js';
import { type SpecFlagValue, toEtcdValue } from './values.js';

export interface ReadFlags {
  /** What can be used: converted to etcd's units, old spellings turned into the ones the minor prefers. */
  readonly flags: StartFlags;
  readonly problems: readonly SpecProblem[];
  readonly warnings: readonly SpecProblem[];
}

/** Advised maximum of the database (etcd-facts 13, "Tuning advice"). */
export const QUOTA_ADVISED_MAX_BYTES = 8 * 1024 ** 3;
/** etcd refuses more (etcd-facts 9.3, "Limits"). */
export const ELECTION_TIMEOUT_MAX_MS = 50_000;
/** etcd refuses an election timeout below this many heartbeats. */
export const HEARTBEATS_PER_ELECTION_MIN = 5;

const ownPath = (flag: string): SpecPlace => ({ path: `spec.etcd.${flag}` });

/**
 * Reads `spec.etcd` for one minor: unknown, renamed, reserved and idle flags, values, and what contradicts what.
 *
 * An old `experimental-` spelling is converted where the minor has both (3.6), with a warning, so that going to 3.7
 * changes nothing; where the minor has only the other spelling it is refused with that one (etcd would exit with 2).
 *
 * @param placeOf where the flag stands in the text, for messages.
 */
export function readFlags(
  minor: string,
  etcd: Readonly<Record<string, SpecFlagValue>>,
  placeOf: (flag: string) => SpecPlace = ownPath,
): ReadFlags {
  const reading = new Reading(minor, etcd, placeOf);
  for (const [name, value] of Object.entries(etcd)) reading.take(name, value);
  reading.checkTogether();
  return { flags: reading.flags, problems: reading.problems, warnings: reading.warnings };
}

class Reading {
  readonly flags: Record<string, string> = {};
  readonly problems: SpecProblem[] = [];
  readonly warnings: SpecProblem[] = [];
  readonly #minor: string;
  readonly #etcd: Readonly<Record<string, SpecFlagValue>>;
  readonly #placeOf: (flag: string) => SpecPlace;
  /** Which spelling in the spec a flag or gate came from, to name it when two of them meet. */
  readonly #from = new Map<string, string>();

  constructor(
    minor: string,
    etcd: Readonly<Record<string, SpecFlagValue>>,
    placeOf: (flag: string) => SpecPlace,
  ) {
    this.#minor = minor;
    this.#etcd = etcd;
    this.#placeOf = placeOf;
  }

  take(name: string, value: SpecFlagValue): void {
    const place = this.#placeOf(name);
    const found = show(value);
    const because = whyReserved(name);
    if (because !== undefined) {
      const allowed = 'every flag that Quorate does not set itself';
      this.problems.push(problems.flagReserved({ ...place, found, allowed, because }));
      return;
    }
    const info = flagInfo(this.#minor, name);
    if (info === undefined) {
      this.problems.push(this.#notHere(name, place));
      return;
    }
    if (info.type === 'ignored') {
      this.problems.push(problems.flagWithoutEffect({ ...place, found, allowed: 'nothing' }));
      return;
    }
    const converted = toEtcdValue(info, value);
    if (!converted.ok) {
      this.problems.push(problems.flagValue({ ...place, found, ...converted.error }));
      return;
    }
    if (info.type === 'featureGates') this.#takeGates(name, parseGates(converted.value), found);
    else this.#takeFlag(info, converted.value, found);
  }

  /** What only shows when every flag is known. */
  checkTogether(): void {
    this.#checkTimings();
    this.#checkRetention();
    this.#checkLeaseCheckpoints();
    this.#checkQuota();
  }

  #takeFlag(info: FlagInfo, text: string, found: string): void {
    const { name, replacedBy } = info;
    if (info.deprecated === true) {
      const place = this.#placeOf(name);
      const nearestName = replacedBy === undefined ? {} : { nearest: asInSpec(replacedBy) };
      const allowed =
        replacedBy === undefined ? 'it still works; a later minor drops it' : asInSpec(replacedBy);
      this.warnings.push(
        problems.flagDeprecated({ ...place, found, allowed, minor: this.#minor, ...nearestName }),
      );
      if (replacedBy !== undefined && replacedBy.startsWith('feature-gates=')) {
        const [, gate = ''] = replacedBy.split('=');
        this.#takeGates(name, new Map([[gate, text]]), found);
        return;
      }
      if (replacedBy !== undefined && flagInfo(this.#minor, replacedBy) !== undefined) {
        this.#set(replacedBy, text, name, found);
        return;
      }
    }
    this.#set(name, text, name, found);
  }

  #takeGates(from: string, gates: Gates, found: string): void {
    const fault = gateFault(formatGates(gates), this.#minor);
    if (fault !== undefined) {
      this.problems.push(problems.flagValue({ ...this.#placeOf(from), found, ...fault }));
      return;
    }
    const before = parseGates(this.flags['feature-gates'] ?? '');
    for (const gate of gates.keys()) this.#claim(`feature gate ${gate}`, from, found);
    this.flags['feature-gates'] = formatGates(new Map([...before, ...gates]));
  }

  #set(name: string, text: string, from: string, found: string): void {
    this.#claim(name, from, found);
    this.flags[name] = text;
  }

  /** etcd ends with exit code 1 when one setting is given in two spellings (etcd-facts 14.3). */
  #claim(what: string, from: string, found: string): void {
    const first = this.#from.get(what);
    if (first !== undefined) {
      this.#clash(from, found, first, `one spelling of ${what}`);
    }
    this.#from.set(what, from);
  }

  #clash(flag: string, found: string, other: string, allowed: string): void {
    this.problems.push(
      problems.flagClash({ ...this.#placeOf(flag), found, allowed, other: `spec.etcd.${other}` }),
    );
  }

  #notHere(name: string, place: SpecPlace): SpecProblem {
    const minor = this.#minor;
    const row = Object.hasOwn(FLAG_ROWS, name) ? FLAG_ROWS[name] : undefined;
    const newName = row?.replacedBy;
    const newHere =
      newName !== undefined && flagInfo(minor, newName.split('=')[0] ?? '') !== undefined;
    const spelling = newHere ? asInSpec(newName) : olderNameOf(minor, name);
    const found = name;
    if (spelling !== undefined) {
      const allowed = `${spelling} (etcd ${minor})`;
      return problems.flagRenamed({ ...place, found, allowed, minor, nearest: spelling });
    }
    const elsewhere = minorsWith(name);
    if (elsewhere.length > 0) {
      const allowed = `nothing in ${minor} (etcd ${elsewhere.join(', ')} only)`;
      return problems.flagUnknown({ ...place, found, allowed, minor });
    }
    const candidates = flagsOf(minor).filter(({ type }) => type !== 'ignored');
    const near = nearest(
      name.replace(/^-+/, ''),
      candidates.map((info) => info.name),
    );
    const allowed = `the flags of \`etcd --help\` in ${minor}, without dashes`;
    return problems.flagUnknown({
      ...place,
      found,
      allowed,
      minor,
      ...(near === undefined ? {} : { nearest: near }),
    });
  }

  #checkTimings(): void {
    const heartbeatMs = this.#number('heartbeat-interval') ?? 100;
    const electionMs = this.#number('election-timeout') ?? 1000;
    const culprit = 'election-timeout' in this.flags ? 'election-timeout' : 'heartbeat-interval';
    if (this.#number('heartbeat-interval') === 0) {
      const found = show(this.#etcd['heartbeat-interval'] ?? 0);
      const allowed = 'at least 1ms';
      this.problems.push(
        problems.flagValue({ ...this.#placeOf('heartbeat-interval'), found, allowed }),
      );
      return;
    }
    const low = HEARTBEATS_PER_ELECTION_MIN * heartbeatMs;
    if (electionMs >= low && electionMs <= ELECTION_TIMEOUT_MAX_MS) return;
    this.problems.push(
      problems.flagTiming({
        ...this.#placeOf(culprit),
        found: `a heartbeat of ${heartbeatMs} ms and an election timeout of ${electionMs} ms`,
        allowed: `an election timeout of at least ${HEARTBEATS_PER_ELECTION_MIN} heartbeats (${low} ms) and at most ${ELECTION_TIMEOUT_MAX_MS} ms`,
      }),
    );
  }

  #checkRetention(): void {
    const { 'auto-compaction-retention': retention, 'auto-compaction-mode': mode } = this.flags;
    if (mode !== 'revision' || retention === undefined || /^\d+$/.test(retention)) return;
    this.problems.push(
      problems.flagValue({
        ...this.#placeOf('auto-compaction-retention'),
        found: show(this.#etcd['auto-compaction-retention'] ?? retention),
        allowed: 'a number of revisions, because auto-compaction-mode is revision',
      }),
    );
  }

  #checkLeaseCheckpoints(): void {
    const gates = parseGates(this.flags['feature-gates'] ?? '');
    const oldPersist = 'experimental-enable-lease-checkpoint-persist';
    const oldCheckpoint = 'experimental-enable-lease-checkpoint';
    const persists =
      gates.get('LeaseCheckpointPersist') === 'true' || this.flags[oldPersist] === 'true';
    const checkpoints =
      gates.get('LeaseCheckpoint') === 'true' || this.flags[oldCheckpoint] === 'true';
    if (!persists || checkpoints) return;
    const flag = this.#from.get('feature gate LeaseCheckpointPersist') ?? oldPersist;
    const wanted = 'feature-gates' in this.flags ? 'the gate LeaseCheckpoint=true' : oldCheckpoint;
    this.problems.push(
      problems.flagValue({
        ...this.#placeOf(flag),
        found: show(this.#etcd[flag] ?? 'true'),
        allowed: `persisted lease checkpoints only together with ${wanted}`,
      }),
    );
  }

  #checkQuota(): void {
    const quotaBytes = this.#number('quota-backend-bytes');
    if (quotaBytes === undefined || quotaBytes <= QUOTA_ADVISED_MAX_BYTES) return;
    this.warnings.push(
      problems.largeQuota({
        ...this.#placeOf('quota-backend-bytes'),
        found: show(this.#etcd['quota-backend-bytes'] ?? quotaBytes),
        allowed: 'any size; at most 8GiB is advised',
      }),
    );
  }

  #number(flag: string): number | undefined {
    const text = this.flags[flag];
    return text === undefined ? undefined : Number(text);
  }
}

/** `feature-gates=A=true` as a line of spec.etcd. */
const asInSpec = (spelling: string): string => spelling.replace('=', ': ');

/** As a person wrote it. */
const show = (value: SpecFlagValue): string =>
  typeof value === 'string' ? JSON.stringify(value) : String(value);
