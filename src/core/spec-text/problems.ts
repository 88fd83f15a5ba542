import { defineProblem } from '../../base/index.js';

/** `quorate explain` was asked about something that is no field. */
export const noSuchField = defineProblem(
  'no-such-field',
  (d: { readonly path: string; readonly known: readonly string[]; readonly nearest?: string }) => ({
    summary: `The spec has no field ${d.path}`,
    detail: d.known.length === 0 ? '' : `Known there: ${d.known.join(', ')}.`,
    hint: d.nearest === undefined ? '' : `Did you mean this?\n  quorate explain ${d.nearest}`,
  }),
);
