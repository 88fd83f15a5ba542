/** What can happen, as a small number: a kind and the host, shape or voter it happens to. */
export const MOVE_KINDS = [
  'crash',
  'fail-start',
  'lose-data',
  'cut',
  'heal',
  'hide',
  'show',
  'catch-up',
  'time',
  'elect',
  'revive',
  'wish',
  'decide',
  'apply',
  'lose-request',
  'delay-request',
  'late',
  'hide-consumer',
  'show-consumer',
  'equip-consumer',
] as const;

export type MoveKind = (typeof MOVE_KINDS)[number];

const ARGS = 256;
const CODES = new Map(MOVE_KINDS.map((kind, code) => [kind, code]));

export const moveOf = (kind: MoveKind, arg = 0): number => (CODES.get(kind) ?? 0) * ARGS + arg;

export const kindOfMove = (move: number): MoveKind => MOVE_KINDS[Math.floor(move / ARGS)] ?? 'time';
export const argOfMove = (move: number): number => move % ARGS;
