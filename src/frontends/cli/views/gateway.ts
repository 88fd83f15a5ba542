import type { GatewayReport } from '../ports.js';
import { table } from './table.js';
import type { View } from './view.js';

export const gatewayView: View<GatewayReport> = {
  text: ({ listening, metrics, backends }, style) =>
    [
      ...listening.map((address) => `listening on ${style.bold(address)}\n`),
      metrics === undefined ? '' : `metrics at http://${metrics}/metrics\n`,
      '\n',
      table([
        ['BACKEND', '', 'CONDITION', 'WHY'].map((word) => style.dim(word)),
        ...backends.map(({ endpoint, in: isIn, condition, reason }) => [
          endpoint,
          isIn ? style.good('in') : style.bad('out'),
          condition,
          reason,
        ]),
      ]),
    ].join(''),
  data: ({ listening, metrics, backends }) => ({
    listening,
    metrics: metrics ?? null,
    backends: backends.map(({ endpoint, in: isIn, condition, reason, leader }) => ({
      endpoint,
      in: isIn,
      condition,
      reason,
      leader,
    })),
  }),
};
