import { defineProblem, formatDurationMs } from '../../base/index.js';

/** What the spec says of a consumer is not what is on its host, so that nothing there can be changed without guessing. */
export const consumerUnusable = defineProblem(
  'consumer-unusable',
  (d: { consumer: string; host: string; because: string }) => ({
    summary: `Cannot tell where the endpoints of ${d.consumer} stand`,
    detail: `On ${d.host}: ${d.because}. Nothing was touched.`,
    hint: 'Say where they stand in spec.consumers:\n  quorate explain spec.consumers',
  }),
);

/** The endpoints are https, and the consumer was never told which CA to trust. */
export const consumerWithoutCA = defineProblem(
  'consumer-without-ca',
  (d: { consumer: string; flags: readonly string[]; because: string }) => ({
    summary: `Not telling ${d.consumer} https endpoints: it could not trust them`,
    detail: `${d.because}. It keeps the endpoints that it has.`,
    hint: makeItACertificate(d.flags),
  }),
);

/** The members ask for a client certificate, and it names none. */
export const consumerWithoutCertificate = defineProblem(
  'consumer-without-certificate',
  (d: { consumer: string; flags: readonly string[]; because: string }) => ({
    summary: `Not telling ${d.consumer} https endpoints: it has no certificate to show them`,
    detail: `${d.because}. It keeps the endpoints that it has.`,
    hint: makeItACertificate(d.flags),
  }),
);

/** Its host could not be asked, or refused to write; nothing was changed there. */
export const consumerNotTold = defineProblem(
  'consumer-not-told',
  (d: { consumer: string; host: string; because: string }) => ({
    summary: `Cannot tell ${d.consumer} its endpoints`,
    detail: `On ${d.host}: ${d.because}. Nothing was changed.`,
    hint: '',
  }),
);

/** We lost the host in the middle. */
export const consumerHalfTold = defineProblem(
  'consumer-half-told',
  (d: { consumer: string; host: string; because: string }) => ({
    summary: `Nobody knows whether ${d.consumer} runs with its new endpoints`,
    detail: `On ${d.host}: ${d.because}. What it had before is kept there, and the next look goes on from what it finds.`,
    hint: '',
  }),
);

/** It was told, did not come back, and has again what it had before. */
export const consumerPutBack = defineProblem(
  'consumer-put-back',
  (d: {
    consumer: string;
    host: string;
    endpoints: readonly string[];
    afterMs: number;
    because: string;
    isBack: boolean;
    back: string;
  }) => ({
    summary: `${d.consumer} did not come back with its new endpoints and has its old ones again`,
    detail:
      `With ${d.endpoints.join(',')}, after ${formatDurationMs(d.afterMs)}: ${d.because}. ` +
      (d.isBack ? 'With the old ones it is well again.' : `With the old ones: ${d.back}.`),
    hint: `See what it says on ${d.host}; it is told again later.`,
  }),
);

/** Its file says what it should, and a restart did not make it well. */
export const consumerUnwell = defineProblem(
  'consumer-unwell',
  (d: { consumer: string; host: string; endpoints: readonly string[]; because: string }) => ({
    summary: `${d.consumer} was started again with the endpoints that it should have and is not well`,
    detail: `With ${d.endpoints.join(',')}: ${d.because}.`,
    hint: `See what it says on ${d.host}.`,
  }),
);

/** It did not come back, and what was there before could not be written back. */
export const consumerLeftBroken = defineProblem(
  'consumer-left-broken',
  (d: { consumer: string; host: string; kept: string; because: string; back: string }) => ({
    summary: `${d.consumer} did not come back with its new endpoints, and its old file could not be put back`,
    detail: `${d.because}. Putting it back on ${d.host}: ${d.back}.`,
    hint: `What it had before is kept in ${d.kept} there.`,
  }),
);

const makeItACertificate = (flags: readonly string[]): string =>
  `Make it a client certificate of its own, put the files on its host (0600), and name them once with ${flags.map((flag) => `--${flag}`).join(', ')}:\n  quorate certificates issue client NAME --to DIRECTORY`;
