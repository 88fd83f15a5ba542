import { expect, test } from 'vitest';
import { HpackDecoder } from './hpack-decoder.js';
import { encodeHeaderBlock, NO_TABLE } from './hpack-encoder.js';
import { decodeHuffman } from './huffman.js';
import type { HeaderField } from './header-field.js';
import { HpackFault } from './hpack-fault.js';

type Pairs = readonly (readonly [name: string, value: string])[];

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const pairs = (fields: readonly HeaderField[] | undefined): Pairs | undefined =>
  fields?.map(({ name, value }) => [name, value]);
const newDecoder = (tableBytesMax = 4_096, listBytesMax = 65_536) =>
  new HpackDecoder({ tableBytesMax, listBytesMax });
const decode = (decoder: HpackDecoder, text: string) => {
  const block = hex(text);
  return pairs(decoder.decode(block, 0, block.length));
};

const REQUEST_1: Pairs = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
];
const REQUEST_2: Pairs = [...REQUEST_1, ['cache-control', 'no-cache']];
const REQUEST_3: Pairs = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/index.html'],
  [':authority', 'www.example.com'],
  ['custom-key', 'custom-value'],
];
const response = (status: string, second: string): Pairs => [
  [':status', status],
  ['cache-control', 'private'],
  ['date', `Mon, 21 Oct 2013 20:13:${second} GMT`],
  ['location', 'https://www.example.com'],
];
const RESPONSE_3: Pairs = [
  ...response('200', '22'),
  ['content-encoding', 'gzip'],
  ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
];

/** Appendix C of RFC 7541: blocks of one connection in their order, each with its list and the table's size after it. */
const SERIES: Readonly<
  Record<string, { tableBytesMax: number; steps: readonly (readonly [string, Pairs, number])[] }>
> = {
  'C.3, requests': {
    tableBytesMax: 4_096,
    steps: [
      ['828684410f7777772e6578616d706c652e636f6d', REQUEST_1, 57],
      ['828684be58086e6f2d6361636865', REQUEST_2, 110],
      ['828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565', REQUEST_3, 164],
    ],
  },
  'C.4, requests with Huffman codes': {
    tableBytesMax: 4_096,
    steps: [
      ['828684418cf1e3c2e5f23a6ba0ab90f4ff', REQUEST_1, 57],
      ['828684be5886a8eb10649cbf', REQUEST_2, 110],
      ['828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf', REQUEST_3, 164],
    ],
  },
  'C.5, responses that outgrow the table': {
    tableBytesMax: 256,
    steps: [
      [
        `4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54
         6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
        response('302', '21'),
        222,
      ],
      ['4803333037c1c0bf', response('307', '21'), 222],
      [
        `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f
         3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076
         657273696f6e3d31`,
        RESPONSE_3,
        215,
      ],
    ],
  },
  'C.6, responses with Huffman codes that outgrow the table': {
    tableBytesMax: 256,
    steps: [
      [
        `488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f
         0b97c8e9ae82ae43d3`,
        response('302', '21'),
        222,
      ],
      ['4883640effc1c0bf', response('307', '21'), 222],
      [
        `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335df
         dfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
        RESPONSE_3,
        215,
      ],
    ],
  },
};

test.each(Object.entries(SERIES))('RFC 7541 %s', (_name, { tableBytesMax, steps }) => {
  const decoder = newDecoder(tableBytesMax);
  for (const [block, fields, tableBytes] of steps) {
    expect(decode(decoder, block)).toEqual(fields);
    expect(decoder.tableBytes).toBe(tableBytes);
  }
});

test.each<[string, string, Pairs, number]>([
  [
    'C.2.1, a literal that is kept',
    '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
    [['custom-key', 'custom-header']],
    55,
  ],
  [
    'C.2.2, a literal that is not kept',
    '040c2f73616d706c652f70617468',
    [[':path', '/sample/path']],
    0,
  ],
  [
    'C.2.3, a literal never to be kept',
    '100870617373776f726406736563726574',
    [['password', 'secret']],
    0,
  ],
  ['C.2.4, an indexed field', '82', [[':method', 'GET']], 0],
])('RFC 7541 %s', (_name, block, fields, tableBytes) => {
  const decoder = newDecoder();
  expect(decode(decoder, block)).toEqual(fields);
  expect(decoder.tableBytes).toBe(tableBytes);
});

test('a table that is made smaller forgets its oldest fields, and grows again', () => {
  const decoder = newDecoder();
  decode(decoder, '4001610162 4001630164');
  expect(decoder.tableBytes).toBe(68);
  expect(decode(decoder, '3f03 be')).toEqual([['c', 'd']]);
  expect(decoder.tableBytes).toBe(34);
  expect(decode(decoder, '20 3fe11f 4001650166 be')).toEqual([
    ['e', 'f'],
    ['e', 'f'],
  ]);
});

test('a field that is larger than the table empties it, and is no fault', () => {
  const decoder = newDecoder(64);
  decode(decoder, '4001610162');
  const block = Buffer.concat([hex('4001617f00'), Buffer.alloc(127, 'x')]);
  expect(decoder.decode(block, 0, block.length)).toEqual([{ name: 'a', value: 'x'.repeat(127) }]);
  expect(decoder.tableBytes).toBe(0);
});

test.each<[string, string]>([
  ['the index 0', '80'],
  ['an index of nothing', 'be'],
  ['a number that never ends', 'ffffffffffffffffff'],
  ['a field without its value', '4001'],
  ['a text longer than its block', '400a61'],
  ['a table larger than was agreed', '3fe21f'],
  ['a change of the table after a field', '8220'],
  ['a Huffman code that ends inside a symbol', '008161ff'],
  ['a Huffman code with a byte of padding', '00821fff00'],
  ['the end symbol inside a text', '0085fffffffffc00'],
])('%s is a fault', (_name, block) => {
  expect(() => decode(newDecoder(), block)).toThrow(HpackFault);
});

test.each(['ff', '1fff', '1fffff', '1fffffff', 'ff9fffffff', '52bc30ffffffff', 'fffffffffc', '1e'])(
  '%s is no Huffman-coded text',
  (text) => {
    const bytes = hex(text);
    expect(() => decodeHuffman(bytes, 0, bytes.length)).toThrow(HpackFault);
  },
);

test('a list above the limit is not given, and the tables stay in step', () => {
  const decoder = newDecoder(4_096, 100);
  const kept = encodeHeaderBlock([]);
  expect(decode(decoder, `4001610162 ${'be'.repeat(3)}`)).toBeUndefined();
  expect(decode(decoder, 'be')).toEqual([['a', 'b']]);
  expect(kept).toHaveLength(0);
});

test('a block that refers to one large field again and again stays within the limit', () => {
  const decoder = newDecoder(4_096, 65_536);
  const value = Buffer.alloc(4_000, 'v');
  const large = Buffer.concat([hex('4001617fa11e'), value, Buffer.alloc(60_000, 0xbe)]);
  expect(decoder.decode(large, 0, large.length)).toBeUndefined();
});

test('what we encode is what was meant, on any connection, and leaves no trace there', () => {
  const fields = [
    { name: ':method', value: 'POST' },
    { name: ':scheme', value: 'http' },
    { name: ':path', value: '/etcdserverpb.KV/Range' },
    { name: ':authority', value: '127.0.0.1:2379' },
    { name: 'content-type', value: 'application/grpc' },
    { name: 'te', value: 'trailers' },
    { name: 'token', value: 't'.repeat(5_000), isSecret: true },
  ];
  const block = encodeHeaderBlock(fields);
  const decoder = newDecoder();
  for (const bytes of [block, block, Buffer.concat([NO_TABLE, block])]) {
    expect(pairs(decoder.decode(bytes, 0, bytes.length))).toEqual(pairs(fields));
    expect(decoder.tableBytes).toBe(0);
  }
  // POST is in the static table; a secret is marked never to be kept.
  expect(block[0]).toBe(0x83);
  expect(block.includes(Buffer.from([0x10, 5, ...Buffer.from('token')]))).toBe(true);
});
