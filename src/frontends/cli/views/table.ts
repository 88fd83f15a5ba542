/** Columns aligned for people: two spaces between, nothing behind the last. Cells may carry colour. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, shownLength(cell));
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - shownLength(cell)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');

/** Length as shown: without the escapes of colours. */
export const shownLength = (text: string): number => text.replace(COLOUR, '').length;

/** Every line of `text` indented; no indent on an empty line. */
export const indent = (text: string, by = '  '): string => text.replace(/^(?=.)/gm, by);
