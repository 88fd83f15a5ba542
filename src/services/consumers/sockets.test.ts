import { expect, test } from 'vitest';
import { addressOfEndpoint } from './endpoint.js';
import { parseKernelAddress, plainIP } from './sockets.js';

test.each([
  ['0100007F:094B', '127.0.0.1', 2379],
  ['0A01000A:1F90', '10.0.1.10', 8080],
  // What Go's sockets look like: IPv4 in IPv6 clothes.
  ['0000000000000000FFFF00000A01000A:094B', '10.0.1.10', 2379],
  ['B80D0120000000000000000001000000:094B', plainIP('2001:db8::1'), 2379],
])('%s is %s port %i', (text, ip, port) => {
  expect(parseKernelAddress(text)).toEqual({ ip, port });
});

test.each([
  ['http://10.0.1.10:2379', '10.0.1.10', 2379],
  ['https://etcd.example.com', 'etcd.example.com', 443],
  ['https://[2001:db8::1]:2379/', '2001:db8::1', 2379],
  ['10.0.1.10:2379', '10.0.1.10', 2379],
])('the address of %s', (text, host, port) => {
  expect(addressOfEndpoint(text)).toEqual({ host, port });
});

test('what is no endpoint has no address', () => {
  expect(addressOfEndpoint('http://a b:1/x')).toBeUndefined();
});
