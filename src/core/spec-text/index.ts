/**
 * core/spec-text — the spec as text: YAML or JSON in, every problem at once out; and back; and the schema of it.
 *
 * Contract: pure. The only room that loads zod and yaml, which cost a start about 100 ms: import it only where a spec
 * file is read or written, and there with `await import(…)`.
 */
export { type ParsedSpec, parseSpec } from './parse.js';
export { specToYAML } from './spec-to-yaml.js';
export { jsonSchema } from './json-schema.js';
export { type FieldExplanation, explainField } from './explain.js';
export { scaffold } from './scaffold.js';
export * as specTextProblems from './problems.js';
