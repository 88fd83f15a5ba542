import type { z } from 'zod';
import { nearest } from '../../base/index.js';
import { SUPPORTED_MINORS } from '../cluster/index.js';
import { type SpecProblem, minorsWith, specProblems, versionFault } from '../spec/index.js';
import { fieldAt } from './json-schema.js';
import type { CheckParams } from './schema-parts.js';
import { show, valueAt } from './values.js';
import type { Path, SpecText } from './yaml-text.js';

type Issue = z.core.$ZodIssue;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** zod's issues as problems with our words and the places of the text. */
export function problemsOfShape(
  issues: readonly Issue[],
  text: SpecText,
  at: Path = [],
): SpecProblem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, text, [...at, ...pathOf(issue)]));
}

function problemsOfIssue(issue: Issue, text: SpecText, path: Path): SpecProblem[] {
  const value = valueAt(text.value, path);
  const found = show(value, text.sourceOf(path));
  const place = text.placeOf(path);
  switch (issue.code) {
    case 'invalid_type': {
      const allowed = TYPE_WORDS[issue.expected] ?? issue.expected;
      if (value === undefined) return [specProblems.missingField({ ...place, found, allowed })];
      if (place.path === 'spec.version' && typeof value === 'number')
        return [versionAsNumber(text, path)];
      return [specProblems.wrongType({ ...place, found, allowed })];
    }
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(text, path, key));
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (value === undefined) {
        return [specProblems.missingField({ ...place, found, allowed: values.join(', ') })];
      }
      const near = nearest(String(value), values);
      const allowed = values.join(', ');
      return [specProblems.wrongValue({ ...place, found, allowed, ...nearestOf(near) })];
    }
    case 'invalid_union':
      return problemsOfUnion(issue.errors, text, path);
    case 'custom': {
      const { problem, allowed } = issue.params as unknown as CheckParams;
      const data = { ...place, found, allowed };
      switch (problem) {
        case 'bad-url':
          return [specProblems.badURL(data)];
        case 'bad-name':
          return [specProblems.badName(data)];
        case 'bad-value':
          return [specProblems.wrongValue(data)];
      }
    }
    case 'too_small':
      return [specProblems.wrongValue({ ...place, found, allowed: `at least ${issue.minimum}` })];
    case 'too_big':
      return [specProblems.wrongValue({ ...place, found, allowed: `at most ${issue.maximum}` })];
    default:
      // Nothing in our schema makes the other kinds today; if one day it does, zod's own words are still true.
      return [specProblems.wrongValue({ ...place, found, allowed: issue.message })];
  }
}

/** The alternative whose outer type fits, if there is one: its complaints are about what was meant. */
function problemsOfUnion(
  alternatives: readonly (readonly Issue[])[],
  text: SpecText,
  path: Path,
): SpecProblem[] {
  const isOuter = (issue: Issue) =>
    issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
  const meant = alternatives.find((issues) => issues.length > 0 && !issues.some(isOuter));
  if (meant !== undefined) return problemsOfShape(meant, text, path);
  const found = show(valueAt(text.value, path), text.sourceOf(path));
  const place = text.placeOf(path);
  const words = alternatives.flat().filter(isOuter).map(wordOf);
  return [specProblems.wrongType({ ...place, found, allowed: [...new Set(words)].join(', or ') })];
}

const wordOf = (issue: Issue): string =>
  issue.code === 'invalid_type'
    ? (TYPE_WORDS[issue.expected] ?? issue.expected)
    : issue.code === 'invalid_value'
      ? issue.values.map((value) => `"${String(value)}"`).join(', ')
      : issue.message;

function versionAsNumber(text: SpecText, path: Path): SpecProblem {
  const source = text.sourceOf(path) ?? '';
  const fault = versionFault(source);
  return specProblems.versionNotText({
    ...text.placeOf(path),
    found: `the number ${source}`,
    allowed: `text, in quotes (${SUPPORTED_MINORS.join(', ')}, or an exact version)`,
    ...nearestOf(fault === undefined ? source : fault.nearest),
  });
}

function unknownField(text: SpecText, parent: Path, key: string): SpecProblem {
  const place = text.placeOfKey([...parent, key]);
  const known = fieldAt(parent)?.fields ?? [];
  const base = { ...place, found: JSON.stringify(key) };
  if (minorsWith(key).length > 0) {
    return specProblems.unknownField({
      ...base,
      allowed: 'flags of etcd under spec.etcd',
      nearest: `etcd.${key}`,
    });
  }
  const near = nearest(key, known);
  if (
    near === undefined &&
    parent.length === 0 &&
    (fieldAt(['spec'])?.fields ?? []).includes(key)
  ) {
    return specProblems.unknownField({
      ...base,
      allowed: known.join(', '),
      nearest: `spec.${key}`,
    });
  }
  const allowed = known.length === 0 ? 'nothing' : known.join(', ');
  return specProblems.unknownField({ ...base, allowed, ...nearestOf(near) });
}

const nearestOf = (near: string | undefined) => (near === undefined ? {} : { nearest: near });

const pathOf = (issue: Issue): Path =>
  issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
