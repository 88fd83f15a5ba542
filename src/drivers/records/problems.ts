import { defineProblem } from '../../base/index.js';

export const stateDamaged = defineProblem(
  'state-damaged',
  (d: { path: string; because: string }) => ({
    summary: `Cannot use ${d.path}`,
    detail: `${d.because}. Quorate does not guess what it said.`,
    hint: 'Bring the file back from a copy, or move it away so that it is rebuilt from what the members say.',
  }),
);

export const wishConflict = defineProblem(
  'wish-conflict',
  (d: { path: string; basedOn: number; found: number }) => ({
    summary: 'Somebody else changed what is wanted at the same moment',
    detail: `This change was based on generation ${d.basedOn} of ${d.path}, which is at ${d.found} now.`,
    hint: 'Look at the new state and repeat the command:\n  quorate status',
  }),
);
