import type {
  HostAnswers,
  LookupAnswer,
  RRSet,
  ResolverSaid,
  SeenSet,
  Transport,
} from '../../../core/bootstrap/index.js';
import { addressText } from '../addresses.js';
import { type ReadAnswer, readAnswer } from '../client/answers.js';

/** A question as it was asked, in its place among the others. */
export interface AskedSet extends RRSet {
  readonly transport: Transport;
  /** Of the message: an answer has the same. */
  readonly id: number;
}

export type SaidByHost = Omit<HostAnswers, 'host'>;

/** What the script said, to these questions; undefined when it did not come to its end. Pure, never throws. */
export function readHostAnswers(
  output: string,
  asked: readonly AskedSet[],
): SaidByHost | undefined {
  const lines = output.split('\n').flatMap((line) => {
    const tab = line.indexOf('\t');
    return tab < 0 ? [] : [{ name: line.slice(0, tab), value: line.slice(tab + 1) }];
  });
  if (!lines.some(({ name }) => name === 'end')) return undefined;
  const all = (wanted: string) =>
    lines.flatMap(({ name, value }) => (name === wanted ? value : []));
  const servers = all('server').map(serverText);
  const answers = all('answer');
  const cannotConnect = answers.length > 0 && answers.every((line) => NO_DEVICE.test(line));
  const unasked = all('unasked').map(readUnasked);
  const srv = cannotConnect
    ? []
    : servers.flatMap((server, of) => seenOf(server, of, answers, asked));
  return {
    resolverSays: {
      srv: unasked.some(({ what }) => what === 'srv') ? [] : srv,
      addresses: Object.fromEntries(all('name').flatMap(readName)),
    },
    unasked: cannotConnect ? [...unasked, BASH_WITHOUT_NETWORK] : unasked,
  };
}

/** Some distributions build bash without it. */
const NO_DEVICE = /\/dev\/(?:udp|tcp)\/\S*: No such file or directory/;
const BASH_WITHOUT_NETWORK = {
  what: 'srv',
  because: 'its bash cannot connect to a name server',
} as const;

function serverText(line: string): string {
  const [host = '', port = ''] = line.split(' ');
  return addressText({ host, port: Number(port) });
}

function readUnasked(line: string): HostAnswers['unasked'][number] {
  const [what, ...because] = line.split(' ');
  return { what: what === 'addresses' ? 'addresses' : 'srv', because: because.join(' ') };
}

function seenOf(
  server: string,
  of: number,
  answers: readonly string[],
  asked: readonly AskedSet[],
): readonly (SeenSet & { readonly server: string })[] {
  const read = asked.map((each, at): ReadAnswer => {
    const start = `${at} ${of} `;
    const line = answers.find((one) => one.startsWith(start));
    return line === undefined ? NOT_SAID : readSaid(line.slice(start.length), each);
  });
  return asked.map(({ name, type, transport }, at) => ({
    server,
    name,
    type,
    transport,
    answer: wholeOf(read[at] ?? NOT_SAID, () => {
      const beside = asked.findIndex(
        (each) => each.name === name && each.type === type && each.transport === 'tcp',
      );
      return transport === 'udp' ? (read[beside] ?? NOT_SAID) : CUT_SHORT;
    }),
  }));
}

const NOT_SAID: LookupAnswer = { kind: 'failed', because: 'The host said nothing of it.' };
const CUT_SHORT: LookupAnswer = { kind: 'failed', because: 'It is cut short, over TCP too.' };

/** As a resolver does it: UDP said that there is more, and TCP has it. */
function wholeOf(answer: ReadAnswer, overTCP: () => ReadAnswer): LookupAnswer {
  if (answer.kind !== 'truncated') return answer;
  const whole = overTCP();
  if (whole.kind === 'truncated') return CUT_SHORT;
  if (whole.kind !== 'failed') return whole;
  const because = `The answer does not fit into a packet, and over TCP: ${whole.because}`;
  return { kind: 'failed', because };
}

/** The code that the script's `timeout` ended with, then hex or words. */
function readSaid(said: string, asked: AskedSet): ReadAnswer {
  const [, code = '', words = ''] = /^(\d+) ?(.*)$/.exec(said) ?? [];
  const [, hex] = /hex:((?:[0-9a-f]{2})+)/.exec(words) ?? [];
  if (hex !== undefined) {
    const bytes = Buffer.from(hex, 'hex');
    if (bytes.length < 2 || bytes.readUInt16BE(0) !== asked.id) {
      return { kind: 'failed', because: 'What came is no answer to it.' };
    }
    return readAnswer(bytes, asked);
  }
  return { kind: 'failed', because: whyNot(code, words) };
}

/** What `timeout` ends with when it had to end it. */
const LATE = new Set(['124', '137']);

function whyNot(code: string, words: string): string {
  if (LATE.has(code)) return 'No answer came in time.';
  if (code === '3') return 'The server closed the connection without an answer.';
  const [known] =
    /connection refused|no route to host|network is unreachable|connection reset by peer/i.exec(
      words,
    ) ?? [];
  if (known !== undefined) return `${known}.`;
  // What dd says of its work.
  const rest = words.replaceAll(/\d+\+\d+ records (?:in|out)|\d+ bytes.* copied\S*.*/g, '').trim();
  return rest === '' ? 'Nothing came.' : rest;
}

function readName(line: string): readonly (readonly [string, ResolverSaid])[] {
  const [name = '', code = '', ...addresses] = line.split(/\s+/).filter((word) => word !== '');
  if (name === '') return [];
  if (LATE.has(code)) {
    return [[name, { kind: 'failed', because: 'It was not resolved in time.' }]];
  }
  return [[name, addresses.length === 0 ? { kind: 'none' } : { kind: 'addresses', addresses }]];
}
