import {
  type Problem,
  type ProblemData,
  type ProblemKind,
  type ProblemText,
  defineProblem,
} from '../../base/index.js';

/** Where in the spec: `spec.members[1].name`, and where in the text when it came from one (both from 1). */
export type SpecPlace = { readonly path: string; readonly line?: number; readonly column?: number };

/** What every problem of a spec carries. */
export type SpecProblemData = SpecPlace & {
  readonly found: string;
  readonly allowed: string;
  /** The nearest valid spelling. */
  readonly nearest?: string;
};

export interface SpecProblem extends Problem {
  readonly data: SpecProblemData & ProblemData;
}

/** `Line 12, column 5: spec.members[1].name`, or the path alone. */
const at = ({ path, line, column }: SpecPlace): string =>
  line === undefined ? path : `Line ${line}, column ${column ?? 1}: ${path}`;

const didYouMean = (nearest: string | undefined): string =>
  nearest === undefined ? '' : `Did you mean "${nearest}"?`;

type Said<D> = string | ((data: D) => string);
const say = <D>(said: Said<D>, data: D): string => (typeof said === 'string' ? said : said(data));

/** Place and what is wrong; what was found and what is allowed; the nearest spelling and a hint. */
const told =
  <D extends SpecProblemData = SpecProblemData>(saying: Said<D>, hint: Said<D> = '') =>
  (d: D): ProblemText => ({
    summary: `${at(d)} ${say(saying, d)}`,
    detail: `Found ${d.found}. Allowed: ${d.allowed}.`,
    hint: [didYouMean(d.nearest), say(hint, d)].filter((part) => part !== '').join('\n'),
  });

/** The same factory; its problems are known to say where. */
const inSpec = <D extends SpecProblemData>(kind: ProblemKind<D>) =>
  kind as ((data: D) => SpecProblem) & ProblemKind<D>;

/** The text is no YAML; nothing more can be said about it before it is. */
export const syntax = inSpec(
  defineProblem(
    'spec-syntax',
    told(
      (d: SpecProblemData & { readonly because: string }) =>
        `is not readable as YAML: ${d.because}`,
    ),
  ),
);
export const empty = inSpec(
  defineProblem('spec-empty', told('is empty', 'Write one to begin with:\n  quorate init')),
);
export const severalDocuments = inSpec(
  defineProblem(
    'spec-several-documents',
    told('holds more than one YAML document', 'Keep one cluster per file.'),
  ),
);
export const unknownField = inSpec(defineProblem('spec-unknown-field', told('is no known field')));
export const missingField = inSpec(defineProblem('spec-missing-field', told('is missing')));
export const wrongType = inSpec(defineProblem('spec-wrong-type', told('has the wrong type')));
export const wrongValue = inSpec(
  defineProblem('spec-wrong-value', told('has a value that is not allowed')),
);
export const badName = inSpec(defineProblem('spec-bad-name', told('is not a valid name')));
export const badURL = inSpec(defineProblem('spec-bad-url', told('is not a valid URL')));
export const duplicate = inSpec(
  defineProblem(
    'spec-duplicate',
    told((d: SpecProblemData & { readonly first: string }) => `is the same as ${d.first}`),
  ),
);
export const noMembers = inSpec(defineProblem('spec-no-members', told('lists no member')));
export const tooManyMembers = inSpec(
  defineProblem(
    'spec-too-many-members',
    told(
      'lists too many members',
      'More voters make every write slower and nothing safer; let the others be spec.proxies.',
    ),
  ),
);
export const severalKinds = inSpec(
  defineProblem(
    'spec-several-kinds',
    told('must name exactly one kind', ({ found }) =>
      found === 'none' ? 'Name one of them.' : 'Keep one of them.',
    ),
  ),
);
/** `version: 3.10` is the number 3.1 to every YAML reader. */
export const versionNotText = inSpec(
  defineProblem(
    'spec-version-not-text',
    told(
      'is a number, and a version must be text',
      (d) => `YAML reads 3.10 as the number 3.1. Quote it:\n  version: "${d.nearest ?? '3.6'}"`,
    ),
  ),
);
export const versionUnsupported = inSpec(
  defineProblem(
    'spec-version-unsupported',
    told('is not a version that Quorate runs', 'See what is at hand:\n  quorate versions'),
  ),
);

/** The flag is in no minor, or in another one only. */
export const flagUnknown = inSpec(
  defineProblem(
    'spec-flag-unknown',
    told((d: SpecProblemData & { readonly minor: string }) => `is no flag of etcd ${d.minor}`),
  ),
);
export const flagRenamed = inSpec(
  defineProblem(
    'spec-flag-renamed',
    told(
      (d: SpecProblemData & { readonly minor: string }) =>
        `is spelt differently in etcd ${d.minor}`,
    ),
  ),
);
export const flagReserved = inSpec(
  defineProblem(
    'spec-flag-reserved',
    told((d: SpecProblemData & { readonly because: string }) => `cannot be set here: ${d.because}`),
  ),
);
export const flagWithoutEffect = inSpec(
  defineProblem(
    'spec-flag-without-effect',
    told('does nothing: etcd accepts it for old command lines and ignores it', 'Take it out.'),
  ),
);
export const flagValue = inSpec(
  defineProblem('spec-flag-value', told('has a value that etcd would refuse')),
);
export const flagClash = inSpec(
  defineProblem(
    'spec-flag-clash',
    told((d: SpecProblemData & { readonly other: string }) => `contradicts ${d.other}`),
  ),
);
/** etcd's own check at every start (etcd-facts 9.3, "Limits"). */
export const flagTiming = inSpec(
  defineProblem(
    'spec-flag-timing',
    told(
      'makes heartbeat and election timeout unfit for each other',
      'Use the same two values on every member; ten heartbeats per election is usual.',
    ),
  ),
);

/** Warnings: the spec is accepted. */
type EvenData = SpecProblemData & { readonly members: number };
const evenSummary = ({ members }: EvenData): string =>
  `lists ${members} members, which can lose no more of them than ${members - 1} could`;

export const evenMembers = inSpec(
  defineProblem(
    'spec-even-members',
    told(
      evenSummary,
      (d: EvenData) =>
        `One more of them can fail, and no more failures are survived. Take one away, add one, or say that ${d.members} are meant:\n  allowEvenSize: true`,
    ),
  ),
);
/** A note: it was asked for. */
export const evenMembersAllowed = inSpec(
  defineProblem(
    'spec-even-members-allowed',
    told(evenSummary, 'One more of them can fail, and no more failures are survived.'),
  ),
);
export const flagDeprecated = inSpec(
  defineProblem(
    'spec-flag-deprecated',
    told((d: SpecProblemData & { readonly minor: string }) => `is deprecated in etcd ${d.minor}`),
  ),
);
export const largeQuota = inSpec(
  defineProblem(
    'spec-large-quota',
    told(
      'is above what etcd advises',
      'A larger database makes starts, snapshots and defragmentation slow.',
    ),
  ),
);
export const versionFaulty = inSpec(
  defineProblem(
    'spec-version-faulty',
    told(
      (d: SpecProblemData & { readonly because: string }) => `has a known fault: ${d.because}`,
      'Name the minor only, to run its newest patch.',
    ),
  ),
);

/** Edits. */
export const memberNotInSpec = defineProblem(
  'member-not-in-spec',
  (d: {
    readonly name: string;
    readonly members: readonly string[];
    readonly nearest?: string;
  }) => ({
    summary: `The spec has no member "${d.name}"`,
    detail: `Its members: ${d.members.join(', ')}.`,
    hint: didYouMean(d.nearest),
  }),
);
export const lastMember = defineProblem('last-member', (d: { readonly name: string }) => ({
  summary: `Cannot remove ${d.name}: it is the last member`,
  detail: 'A cluster has at least one voter; its data lives nowhere else.',
  hint: 'To end the cluster:\n  quorate destroy',
}));
export const sizeNeedsHosts = defineProblem(
  'size-needs-hosts',
  (d: { readonly driver: string; readonly size: number; readonly members: number }) => ({
    summary: `Cannot grow to ${d.size} members by number alone`,
    detail: `The spec has ${d.members} members on the ${d.driver} driver, and nobody said which hosts the others get.`,
    hint: 'Add each member with its host:\n  quorate member add NAME --host HOST',
  }),
);
