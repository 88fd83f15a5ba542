/**
 * core/spec — what the user wants: schema, defaults, parsing with paths, and edits that keep it valid.
 *
 * Contract: pure; text in, ClusterSpec or every problem at once out. Never reads a file, never knows current state.
 */
export * from './cluster-spec.js';
