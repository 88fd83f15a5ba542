import { expect, test } from 'vitest';
import { parseEndpoint } from './endpoints.js';

test.each([
  ['http://127.0.0.1:2379', false, 'http://127.0.0.1:2379'],
  ['127.0.0.1:2379', false, 'http://127.0.0.1:2379'],
  ['127.0.0.1:2379', true, 'https://127.0.0.1:2379'],
  ['http://h:2379', true, 'http://h:2379'],
  ['https://Etcd-0.Example:2379/', false, 'https://etcd-0.example:2379'],
  ['https://[::1]:2379', false, 'https://[::1]:2379'],
])('“%s” (TLS given: %s) is %s', (text, hasTLS, url) => {
  const parsed = parseEndpoint(text, hasTLS);
  expect(parsed).toMatchObject({ ok: true, value: { url } });
});

test.each([
  ['', 'is no endpoint'],
  ['http://', 'is no endpoint'],
  ['ftp://h:21', 'is no endpoint'],
  ['http://h', 'has no port'],
  ['http://h:0', 'has no valid port'],
  ['http://h:99999', 'has no valid port'],
  ['http://[1.2.3.4]:1', 'is no endpoint'],
  ['http://user@h:1', 'is no endpoint'],
  ['http://h:1/path', 'is no endpoint'],
  ['http://a:1,http://b:1', 'is no endpoint'],
])('“%s” is not taken: %s', (text, because) => {
  const parsed = parseEndpoint(text, false);
  expect(parsed.ok ? parsed.value.url : parsed.error).toContain(because);
});
