import type { RotationReport } from '../reports/rotation-report.js';

/** For whom the exchange of authorities waits, and what to do about it. */
export const rotationText = ({ clients, consumers }: RotationReport): string =>
  [
    'The old authority stays until those that trust it alone have new certificates, and trust both:',
    ...clients.map((name) => `  ${name}`),
    ...consumers.map(({ consumer, because }) => `  ${consumer}: ${because}`),
    'Make them, put certificate, key and authorities in their places, and start the programs again:',
    '  quorate certificates issue client NAME --replace',
    ...(consumers.length === 0 ? [] : ['It goes on by itself when those of the spec are seen so.']),
    ...(clients.length === 0
      ? []
      : [
          'Then say that it is done, or that the rest may be shut out:',
          '  quorate certificates rotate-ca --finish',
        ]),
  ].join('\n');
