/**
 * Reads JSON that we once wrote ourselves. Each reader answers the value or throws a ShapeError that says where.
 */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ShapeError(`${where} is not an object`);
  }
  return value as Fields;
}

export function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new ShapeError(`${where} is not a text`);
  return value;
}

export function wholeNumber(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value)) throw new ShapeError(`${where} is not a whole number`);
  return value as number;
}

export function flag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw new ShapeError(`${where} is not true or false`);
  return value;
}

export function oneOf<T extends string>(value: unknown, allowed: readonly T[], where: string): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new ShapeError(`${where} is none of ${allowed.join(', ')}`);
  return found;
}

export function list<T>(
  value: unknown,
  where: string,
  item: (value: unknown, where: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw new ShapeError(`${where} is not a list`);
  return value.map((entry: unknown, i) => item(entry, `${where}[${i}]`));
}

export function record<T>(
  value: unknown,
  where: string,
  item: (value: unknown, where: string) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(fields(value, where));
  return Object.fromEntries(
    entries.map(([name, entry]) => [name, item(entry, `${where}.${name}`)]),
  );
}

/** Keeps an absent field absent: `...optional(data, 'pid', wholeNumber)`. */
export function optional<K extends string, T>(
  data: Fields,
  name: K,
  read: (value: unknown, where: string) => T,
): { readonly [P in K]?: T } {
  const value = data[name];
  if (value === undefined) return {};
  return { [name]: read(value, name) } as { readonly [P in K]?: T };
}

/** A value made by one of the `parse…` functions of core/cluster. */
export function parsed<T>(
  parse: (text: string) => { ok: true; value: T } | { ok: false; error: string },
) {
  return (value: unknown, where: string): T => {
    const result = parse(text(value, where));
    if (!result.ok) throw new ShapeError(`${where} is not ${result.error}`);
    return result.value;
  };
}
