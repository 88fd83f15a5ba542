declare const brand: unique symbol;

/** A string or number that only a `parse…` or `…Of` function can make: `Brand<string, 'PeerURL'>`. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Brands a value that the caller has just proven. Use it only inside a parse function. */
export const unsafeBrand = <B>(value: unknown): B => value as B;
