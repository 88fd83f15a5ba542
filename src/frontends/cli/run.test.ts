import { describe, expect, test } from 'vitest';
import { fakeMachine } from './testing/fake-machine.js';

describe('the command line', () => {
  test('an unknown command is a usage problem and names the nearest', async () => {
    const typed = await fakeMachine().type('statsu');
    expect(typed.exit).toBe(2);
    expect(typed.out).toBe('');
    expect(typed.err).toBe("problem: Unknown command 'statsu' [usage]\n  Did you mean status?\n");
  });

  test('an unknown option names the nearest', async () => {
    const typed = await fakeMachine().type('up', '--sise', '5');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('Did you mean --size?');
  });

  test('in JSON a problem is the result', async () => {
    const typed = await fakeMachine().type('member', 'lsit', '-o', 'json');
    expect(typed.exit).toBe(2);
    expect(typed.err).toBe('');
    expect(JSON.parse(typed.out)).toEqual({
      problems: [
        {
          code: 'usage',
          summary: "Unknown command 'lsit'",
          detail: '',
          hint: 'Did you mean list?',
          data: { message: "Unknown command 'lsit'", hint: 'Did you mean list?' },
        },
      ],
    });
  });

  test('a missing argument is a usage problem', async () => {
    const typed = await fakeMachine().type('member', 'add');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain("Missing required argument 'name'");
  });

  test('an unknown format names the nearest and the others', async () => {
    const typed = await fakeMachine().type('status', '-o', 'jsn');
    expect(typed.exit).toBe(2);
    expect(typed.err).toBe(
      'problem: The output format cannot be "jsn" [bad-value]\n  Allowed: text, json, yaml.\n  Did you mean json?\n',
    );
  });

  test('options may stand before or after the command', async () => {
    const machine = fakeMachine();
    const before = await machine.type('-o', 'json', 'versions');
    const after = await machine.type('versions', '-o', 'json');
    expect(before.exit).toBe(0);
    expect(before.out).toBe(after.out);
    expect(JSON.parse(after.out)).toHaveProperty('atHand.0.version', '3.6.15');
  });

  test('--version before a command is ours, after `up` it is etcd’s', async () => {
    const machine = fakeMachine();
    expect((await machine.type('--version')).out).toBe('9.9.9\n');
    expect((await machine.type('up', '--version', '3.5')).exit).toBe(0);
    expect(machine.cluster('default').record?.version).toBe('3.5.15');
  });

  test('help goes to standard output and is no failure', async () => {
    const typed = await fakeMachine().type('member', 'add', '--help');
    expect(typed.exit).toBe(0);
    expect(typed.out).toContain('Usage: quorate member add [options] <name>');
    expect(typed.out).toContain('--peer-urls <urls>');
  });

  test('no command at all shows the help and is a usage problem', async () => {
    const typed = await fakeMachine().type();
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('Commands:');
  });

  test('colour only on a terminal, and not with NO_COLOR or --no-color', async () => {
    const escape = String.fromCharCode(27);
    const machine = fakeMachine();
    await machine.type('up');
    expect((await machine.type('status')).out).not.toContain(escape);
    expect((await machine.typeAt({ colour: true }, 'status')).out).toContain(escape);
    const refused = await machine.typeAt({ colour: true, env: { NO_COLOR: '1' } }, 'status');
    expect(refused.out).not.toContain(escape);
    expect((await machine.typeAt({ colour: true }, 'status', '--no-color')).out).not.toContain(
      escape,
    );
    expect((await machine.typeAt({ colour: true }, '--no-color', 'status')).out).not.toContain(
      escape,
    );
  });
});
