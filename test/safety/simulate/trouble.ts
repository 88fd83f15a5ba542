import { defineProblem } from '../../../src/base/index.js';

/** Whatever the simulated world refuses, in words. */
export const trouble = defineProblem('simulated-trouble', (d: { readonly what: string }) => ({
  summary: d.what,
  detail: '',
  hint: '',
}));

/** Why a simulated member's process ended, as a driver tells it. */
export const memberEnded = defineProblem(
  'simulated-exit',
  (d: { readonly host: string; readonly reason: string }) => ({
    summary: `the member on ${d.host} ended: ${d.reason}`,
    detail: '',
    hint: '',
  }),
);
