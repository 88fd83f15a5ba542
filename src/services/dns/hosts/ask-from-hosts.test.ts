import { describe, expect, test } from 'vitest';
import { seededRandom, unsafeBrand } from '../../../base/index.js';
import { judgeHosts } from '../../../core/bootstrap/index.js';
import type { HostName } from '../../../core/cluster/index.js';
import type { HostShell, ShellEnd } from '../../../engine/ports/index.js';
import { answerTo } from '../server/answer.js';
import type { Zone } from '../server/zone.js';
import { dnsWith, memberAt, threeMembers, zoneWith } from '../testing/zones.js';
import { askFromHosts } from './ask-from-hosts.js';

const wanted = dnsWith(threeMembers);
const host = (name: string): HostName => unsafeBrand(name);

interface Scripted {
  readonly zone?: Zone;
  /** Longest answer of its server over UDP. */
  readonly datagramMax?: number;
  /** What its programs find besides what the zone has. */
  readonly names?: Readonly<Record<string, string>>;
  /** Instead of the answer to one transport: the code and the words of whoever asked. */
  readonly instead?: Partial<Record<'udp' | 'tcp', string>>;
  readonly lines?: readonly string[];
}

/** The addresses that the zone has, by name. */
const namesOf = (members: typeof threeMembers): Readonly<Record<string, string>> =>
  Object.fromEntries(
    dnsWith(members).records.flatMap((each) =>
      each.type === 'SRV' ? [] : [[each.name, each.address] as const],
    ),
  );

/** A host that answers the script's own questions from a zone. */
function shellOf(hosts: Readonly<Record<string, Scripted>>, asked: string[] = []): HostShell {
  return {
    run: async (name, { script }) => {
      const scripted = hosts[name] ?? {};
      const { zone = zoneWith(threeMembers), datagramMax = 1232, instead = {} } = scripted;
      const found = { ...namesOf(threeMembers), ...scripted.names };
      const questions = [...script.matchAll(/^ask (\d+) (udp|tcp) '([^']+)' &$/gm)];
      const answers = questions.map(([, at = '', transport = '', message = '']) => {
        const bytes = Buffer.from(message, 'base64');
        const said = instead[transport as 'udp' | 'tcp'];
        if (said !== undefined) return `answer\t${at} 0 ${said}`;
        const answered =
          transport === 'udp'
            ? answerTo(bytes, zone, datagramMax)
            : answerTo(bytes.subarray(2), zone, undefined);
        return `answer\t${at} 0 0 hex:${answered.bytes?.toString('hex') ?? ''}`;
      });
      const [, names = ''] = /for name in (.*); do/.exec(script) ?? [];
      asked.push(`${name} ${questions.length} ${names}`);
      const resolved = names
        .split(' ')
        .map((each) => each.replaceAll("'", ''))
        .map((each) => `name\t${each} ${found[each] === undefined ? 2 : 0} ${found[each] ?? ''}`);
      const lines = scripted.lines ?? ['server\t10.0.1.53 53', ...answers, ...resolved, 'end\t'];
      return ended(lines);
    },
  };
}

const ended = (lines: readonly string[]): ShellEnd => ({
  kind: 'ended',
  code: 0,
  stdout: Buffer.from(lines.map((line) => `${line}\n`).join('')),
  stderr: '',
});

async function judged(hosts: Readonly<Record<string, Scripted>>, asked: string[] = []) {
  const answers = await askFromHosts(wanted, Object.keys(hosts).map(host), {
    shell: shellOf(hosts, asked),
    random: seededRandom(1),
    servers: undefined,
    signal: new AbortController().signal,
  });
  const { findings, unasked } = judgeHosts(wanted, answers);
  return {
    answers,
    findings: findings.map(({ code, data }) => `${code} ${String(data['place'] ?? data['host'])}`),
    unasked: unasked.map((each) => `${each.host} ${each.what}: ${each.because}`),
  };
}

describe('asked from hosts', () => {
  test('what is wanted is found over both transports, in one script a host', async () => {
    const asked: string[] = [];
    const { answers, findings, unasked } = await judged({ h1: {}, h2: {} }, asked);
    expect({ findings, unasked }).toEqual({ findings: [], unasked: [] });
    expect(answers[0]?.resolverSays.srv).toHaveLength(4 * 2);
    const names = "'m1.example.com' 'm2.example.com' 'm3.example.com'";
    expect(asked).toEqual([`h1 8 ${names}`, `h2 8 ${names}`]);
  });

  test('what does not fit into a datagram is whole over TCP', async () => {
    const { findings } = await judged({ h1: { datagramMax: 100 } });
    expect(findings).toEqual([]);
  });

  test('a server that is closed over TCP, and one that says nothing at all, have their reason', async () => {
    const refused =
      '1 bash: connect: Connection refused bash: /dev/tcp/10.0.1.53/53: Connection refused';
    const { findings, answers } = await judged({
      h1: { instead: { tcp: refused } },
      h2: { instead: { tcp: '124 ', udp: '124 ' } },
    });
    expect(findings).toEqual([
      'dns-server-silent h1',
      'dns-server-silent h2',
      'dns-server-silent h2',
    ]);
    const reasons = answers.map(({ resolverSays: { srv } }) =>
      srv.flatMap(({ answer }) => (answer.kind === 'failed' ? [answer.because] : [])),
    );
    expect(reasons.map((each) => [...new Set(each)])).toEqual([
      ['Connection refused.'],
      ['No answer came in time.'],
    ]);
  });

  test('a target that is found and not wanted is looked up too, by a second script', async () => {
    const asked: string[] = [];
    const zone = zoneWith([...threeMembers, memberAt(4)]);
    const { findings } = await judged({ h1: { zone } }, asked);
    expect(asked).toEqual([expect.any(String), "h1 0 'm4.example.com'"]);
    expect(findings).toContain('dns-target-unresolved h1');
  });

  test('a target made of anything but a name is not brought into a script', async () => {
    const asked: string[] = [];
    const evil = { ...memberAt(4), name: 'm4' };
    const { records } = dnsWith([...threeMembers, evil]);
    expect(records.some(({ name }) => name === 'm4.example.com')).toBe(true);
    const raw = zoneWith([...threeMembers, memberAt(4)]);
    await judged({ h1: { zone: raw, names: { 'm4.example.com': '10.0.1.14' } } }, asked);
    for (const line of asked) expect(line).toMatch(/^h1 \d ('[\w.-]+' ?)+$/);
  });

  test('a host without bash is asked for names, and it is said what it could not be asked', async () => {
    const because = 'there is no bash on it, which could ask a name server itself';
    const lines = [
      'server\t10.0.1.53 53',
      `unasked\tsrv ${because}`,
      'name\tm1.example.com 0 10.0.1.11 ',
      'name\tm2.example.com 2 ',
      'name\tm3.example.com 124 ',
      'end\t',
    ];
    const { findings, unasked } = await judged({ h1: { lines } });
    expect(findings).toEqual(['dns-target-unresolved h1', 'dns-target-unresolved h1']);
    expect(unasked).toEqual([`h1 srv: ${because}`]);
  });

  test('a bash that was built without its network is no server that is silent', async () => {
    const words = '1 bash: line 2: /dev/X/10.0.1.53/53: No such file or directory';
    const { findings, unasked } = await judged({
      h1: { instead: { udp: words.replace('X', 'udp'), tcp: words.replace('X', 'tcp') } },
    });
    expect(findings).toEqual([]);
    expect(unasked).toEqual(['h1 srv: its bash cannot connect to a name server']);
  });

  test('half of what a host says is nothing', async () => {
    const { unasked } = await judged({ h1: { lines: ['server\t10.0.1.53 53'] } });
    expect(unasked).toEqual([
      'h1 srv: its script did not come to its end',
      'h1 addresses: its script did not come to its end',
    ]);
  });
});
