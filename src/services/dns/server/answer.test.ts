import type { DecodedPacket } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { edns, memberAt, queryFor, readMessage, threeMembers, zoneWith } from '../testing/zones.js';
import { answerTo, truncatedAnswer } from './answer.js';

const zone = zoneWith(threeMembers);
const SERVER = '_etcd-server._tcp.example.com';

function ask(query: Buffer, bytesMax: number | 'tcp' = 1_232, of = zone) {
  const { kind, bytes } = answerTo(query, of, bytesMax === 'tcp' ? undefined : bytesMax);
  return { kind, bytes, packet: bytes === undefined ? undefined : readMessage(bytes) };
}

const valuesOf = (packet: DecodedPacket | undefined): readonly unknown[] =>
  (packet?.answers ?? []).map((answer) => ('data' in answer ? answer.data : undefined));

describe('an authoritative answer', () => {
  test('holds the records of the name and nothing else', () => {
    const { packet } = ask(queryFor(SERVER, 'SRV'));
    expect(packet).toMatchObject({
      id: 4711,
      flag_qr: true,
      flag_aa: true,
      flag_rd: true,
      flag_ra: false,
    });
    expect(packet?.rcode).toBe('NOERROR');
    expect(valuesOf(packet)).toEqual(
      [1, 2, 3].map((n) => ({ priority: 0, weight: 0, port: 2380, target: `m${n}.example.com` })),
    );
    expect(packet?.authorities).toEqual([]);
    expect(packet?.additionals).toEqual([]);
  });

  test('repeats the question letter for letter, and finds it whatever its case', () => {
    const { packet } = ask(queryFor('M1.eXample.COM'));
    expect(packet?.questions?.[0]?.name).toBe('M1.eXample.COM');
    expect(packet?.answers?.[0]?.name).toBe('M1.eXample.COM');
    expect(valuesOf(packet)).toEqual(['10.0.1.11']);
  });

  test.each([
    ['a name that does not exist', 'm9.example.com', 'A', 'NXDOMAIN'],
    ['a type that the name does not have', 'm1.example.com', 'AAAA', 'NOERROR'],
    ['a name that only has names below it', '_tcp.example.com', 'SRV', 'NOERROR'],
    ['a type nobody knows', 'm1.example.com', 'TLSA', 'NOERROR'],
  ] as const)('says with the SOA that there is nothing: %s', (_, name, type, rcode) => {
    const { packet } = ask(queryFor(name, type));
    expect(packet?.rcode).toBe(rcode);
    expect(packet?.answers).toEqual([]);
    expect(packet?.authorities).toMatchObject([
      { type: 'SOA', name: 'example.com', ttl: 5, data: { serial: 7, minimum: 5 } },
    ]);
  });

  test('knows its own SOA, NS and the address of its server', () => {
    expect(valuesOf(ask(queryFor('example.com', 'SOA')).packet)).toMatchObject([
      { mname: 'ns.example.com' },
    ]);
    expect(valuesOf(ask(queryFor('example.com', 'NS')).packet)).toEqual(['ns.example.com']);
    expect(valuesOf(ask(queryFor('ns.example.com')).packet)).toEqual(['127.0.0.53']);
  });

  test.each([
    ['another zone', queryFor('example.org')],
    ['the parent', queryFor('com')],
    ['a name that ends alike', queryFor('notexample.com')],
    ['a transfer', queryFor('example.com', 'AXFR')],
    [
      'another class',
      queryFor('m1.example.com', 'A', {
        questions: [{ name: 'm1.example.com', type: 'A', class: 'CH' }],
      }),
    ],
  ])('refuses %s', (_, query) => {
    const { packet } = ask(query);
    expect(packet).toMatchObject({
      rcode: 'REFUSED',
      flag_aa: false,
      answers: [],
      authorities: [],
    });
  });

  test('a dot inside a label does not make two labels of it', () => {
    const query = Buffer.from(queryFor('m1xexample.com'));
    query[query.indexOf('xexample')] = '.'.charCodeAt(0);
    expect(ask(query).packet?.rcode).toBe('REFUSED');
  });

  test('asked for everything it gives one small thing', () => {
    const { packet } = ask(queryFor(SERVER, 'ANY'));
    expect(packet?.answers).toMatchObject([{ type: 'HINFO', data: { cpu: 'RFC8482' } }]);
    expect(ask(queryFor('m9.example.com', 'ANY')).packet?.rcode).toBe('NXDOMAIN');
  });
});

describe('EDNS and truncation', () => {
  const many = zoneWith(
    [1, 2, 3, 4, 5, 6, 7].map((n) => memberAt(n)),
    `${'long-label-'.repeat(5)}.example.com`,
  );
  const name = `_etcd-server._tcp.${many.apex}`;

  test('an answer that does not fit is empty and truncated; over TCP it is whole', () => {
    const over = ask(queryFor(name, 'SRV'), 1_232, many);
    expect(over.packet).toMatchObject({ flag_tc: true, answers: [], rcode: 'NOERROR' });
    expect(over.bytes?.length).toBeLessThanOrEqual(512);
    expect(ask(queryFor(name, 'SRV'), 'tcp', many).packet?.answers).toHaveLength(7);
  });

  test('a client that can take more gets more, and never above our own limit', () => {
    const { packet } = ask(queryFor(name, 'SRV', edns(4_096)), 1_232, many);
    expect(packet?.answers).toHaveLength(7);
    expect(packet?.additionals).toMatchObject([
      { type: 'OPT', udpPayloadSize: 1_232, ednsVersion: 0 },
    ]);
    expect(ask(queryFor(name, 'SRV', edns(4_096)), 600, many).packet?.flag_tc).toBe(true);
  });

  test('a client that claims to take less than 512 bytes is not believed', () => {
    expect(ask(queryFor('m1.example.com', 'A', edns(1))).packet?.answers).toHaveLength(1);
  });

  test('a version of EDNS that nobody has yet is told so', () => {
    const { packet } = ask(queryFor('m1.example.com', 'A', edns(1_232, 1)));
    expect(packet?.additionals).toMatchObject([{ type: 'OPT', extendedRcode: 1 }]);
    expect(packet?.answers).toEqual([]);
  });

  test('two EDNS records are malformed', () => {
    const [option] = edns(1_232).additionals ?? [];
    const twice = option === undefined ? [] : [option, option];
    expect(ask(queryFor('m1.example.com', 'A', { additionals: twice })).packet?.rcode).toBe(
      'FORMERR',
    );
  });
});

describe('what is no query', () => {
  test('an answer is not answered, nor what is too short', () => {
    expect(ask(Buffer.from([0x12, 0x34])).kind).toBe('dropped');
    const answer = answerTo(queryFor('m1.example.com'), zone, undefined).bytes ?? Buffer.alloc(0);
    expect(ask(answer).kind).toBe('dropped');
  });

  test('an update is not for us', () => {
    const update = Buffer.from(queryFor('example.com', 'SOA'));
    update.writeUInt16BE(5 << 11, 2);
    expect(ask(update).packet).toMatchObject({ rcode: 'NOTIMP', opcode: 'UPDATE', id: 4711 });
  });

  test.each([
    [
      'two questions',
      queryFor('a.b', 'A', {
        questions: [
          { name: 'a.b', type: 'A' },
          { name: 'c.d', type: 'A' },
        ],
      }),
    ],
    ['no question', queryFor('a.b', 'A', { questions: [] })],
    ['a question that is cut off', queryFor('m1.example.com').subarray(0, -3)],
    [
      'a pointer in the question',
      Buffer.concat([queryFor('a.b').subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]),
    ],
    [
      'more additional records than there are',
      Buffer.from(queryFor('m1.example.com')).fill(2, 11, 12),
    ],
  ])('%s is malformed', (_, query) => {
    expect(ask(query).packet?.rcode).toBe('FORMERR');
  });
});

test('no answer over UDP is longer than twelve times its question, an empty one not longer than it', () => {
  for (const [name, type] of [
    [SERVER, 'SRV'],
    [SERVER, 'ANY'],
    ['m9.example.com', 'A'],
  ] as const) {
    const query = queryFor(name, type);
    expect(ask(query).bytes?.length ?? 0).toBeLessThan(12 * query.length);
    expect(truncatedAnswer(query)?.length).toBe(query.length);
  }
});
