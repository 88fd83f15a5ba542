/** e_machine of an ELF file, and what `uname -m` says on such a machine. */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [62, 'x86_64'],
  [183, 'aarch64'],
  [243, 'riscv64'],
  [22, 's390x'],
]);

const LITTLE_ENDIAN = 1;

/** For what kind of machine a program is, in the words of `uname -m`; undefined when the file does not say. */
export function machineOf(program: Uint8Array): string | undefined {
  const head = Buffer.from(program.buffer, program.byteOffset, Math.min(program.length, 20));
  if (head.length < 20 || head.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const machine = head[5] === LITTLE_ENDIAN ? head.readUInt16LE(18) : head.readUInt16BE(18);
  return MACHINES.get(machine);
}
