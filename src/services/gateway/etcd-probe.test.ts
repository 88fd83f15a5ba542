/** What the probe makes of things that are no etcd; real members are in gateway.lab.test.ts. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../base/index.js';
import type { Backend } from './backend.js';
import { createEtcdProbe } from './etcd-probe.js';
import { type FakeBackend, fakeBackend } from './testing/fake-backend.js';

/** Long enough for an answer on a busy machine; those who are silent cost it once. */
const DEADLINE_MS = 1_000;

async function sightOf({ backend, close }: FakeBackend, as: Partial<Backend> = {}) {
  const probe = createEtcdProbe({ clock: systemClock, tls: () => undefined });
  onTestFinished(async () => {
    await probe.close();
    await close();
  });
  return await probe.ask({ ...backend, ...as }, DEADLINE_MS, false);
}

describe('the probe', () => {
  test('who takes connections and says nothing is silent', async () => {
    const hung = await fakeBackend('hung', () => undefined);
    expect(await sightOf(hung)).toMatchObject({ kind: 'silent' });
  });

  test('nobody listening is unreachable', async () => {
    const gone = await fakeBackend('gone');
    await gone.close();
    expect(await sightOf(gone)).toMatchObject({ kind: 'unreachable' });
  });

  test('something that speaks another language answers, and the reason says why no more is seen', async () => {
    const http1 = await fakeBackend('http1', (socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    const sight = await sightOf(http1);
    expect(sight).toMatchObject({ kind: 'answers' });
    expect(sight).toHaveProperty('because', expect.stringContaining('its health cannot be seen'));
  });

  test('one that hangs up answers, be it TLS or not', async () => {
    const rude = await fakeBackend('rude', (socket) => socket.destroy());
    expect(await sightOf(rude)).toMatchObject({ kind: 'answers' });
    const url = rude.backend.url.replace('http:', 'https:');
    const rudeTLS = await fakeBackend('rude', (socket) => socket.destroy());
    expect(await sightOf(rudeTLS, { secure: true, url })).toBeDefined();
  });
});
