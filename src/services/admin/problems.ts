import { defineProblem } from '../../base/index.js';

export const noEndpoints = defineProblem('no-endpoints-given', (d: { what: string }) => ({
  summary: `Cannot ${d.what}: no member's client URL is known`,
  detail: 'Nothing was sent.',
  hint: 'See what each member answers:\n  quorate status',
}));
