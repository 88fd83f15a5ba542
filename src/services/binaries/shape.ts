/**
 * What a field of a file of ours must be. By hand, because the schema library costs a start of the whole program more
 * than everything else that `up` does with the cache.
 */
export type FieldShape = 'text' | 'number' | 'text?' | readonly string[] | RegExp;

/** True when `value` is an object that has every field in its shape; other fields are ignored. */
export function hasShape(value: unknown, shape: Readonly<Record<string, FieldShape>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(shape).every(([name, wanted]) => isOf(fields[name], wanted));
}

function isOf(value: unknown, shape: FieldShape): boolean {
  if (shape === 'text') return typeof value === 'string';
  if (shape === 'text?') return value === undefined || typeof value === 'string';
  if (shape === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (shape instanceof RegExp) return typeof value === 'string' && shape.test(value);
  return typeof value === 'string' && shape.includes(value);
}
