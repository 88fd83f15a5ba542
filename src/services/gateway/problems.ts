import { defineProblem } from '../../base/index.js';

export const gatewayListenFailed = defineProblem(
  'gateway-listen-failed',
  (d: { address: string; because: string }) => ({
    summary: `The gateway cannot listen on ${d.address}`,
    detail: d.because,
    hint: 'Give an address of this machine that is free:\n  quorate gateway --listen 127.0.0.1:23790',
  }),
);

export const gatewayBadAddress = defineProblem(
  'gateway-bad-address',
  (d: { address: string; because: string }) => ({
    summary: `${JSON.stringify(d.address)} is no address to listen on`,
    detail: d.because,
    hint: 'Write HOST:PORT, [ADDRESS]:PORT or unix:PATH.',
  }),
);

export const gatewayNoBackends = defineProblem(
  'gateway-no-backends',
  (d: { source: string; because: string }) => ({
    summary: 'The gateway has nowhere to send connections',
    detail: `${d.source}: ${d.because}`,
    hint: '',
  }),
);

export const gatewayBadEndpoint = defineProblem(
  'gateway-bad-endpoint',
  (d: { endpoint: string; because: string }) => ({
    summary: `The gateway cannot use the endpoint ${JSON.stringify(d.endpoint)}`,
    detail: d.because,
    hint: '',
  }),
);
