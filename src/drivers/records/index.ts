/**
 * drivers/records — how record, wish and journal are written as text, alike wherever they are kept.
 *
 * Contract: pure. Reads what a Quorate wrote before, field by field; anything else is told with the place where it is
 * wrong and never guessed.
 */
export * from './shape.js';
export { memberID, parseRecord } from './record.js';
export { parseWish } from './wish.js';
export { parseEntry } from './journal-line.js';
export { parseText } from './text.js';
export { stateDamaged, wishConflict } from './problems.js';
