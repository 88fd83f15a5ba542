/**
 * A server that reads nothing and keeps nothing: it answers every request with the same registration. What it reaches is
 * what the asker and the kernel leave to any server on this machine. `node only-answers.js PORT`
 */
import { createServer } from 'node:net';

const node =
  '{"key":"/discovery/tok/1","value":"m0=http://10.0.0.0:2380","modifiedIndex":5,"createdIndex":5}';
const body = `{"action":"create","node":${node}}\n`;
const answer = [
  'HTTP/1.1 201 Created',
  'Content-Type: application/json',
  'X-Etcd-Index: 5',
  `Content-Length: ${body.length}`,
  '',
  body,
].join('\r\n');

createServer({ noDelay: true }, (socket) => {
  // The asker sends each request in one piece.
  socket.on('data', () => socket.write(answer, 'latin1')).on('error', () => undefined);
}).listen(Number(process.argv[2]), '127.0.0.1');
