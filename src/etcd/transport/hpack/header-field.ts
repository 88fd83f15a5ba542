/** One header field. Values are bytes shown as Latin-1; gRPC's own are ASCII. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** What a field counts beyond its text, in the dynamic table and in a header list (RFC 7541 §4.1, RFC 9113 §6.5.2). */
const FIELD_OVERHEAD_BYTES = 32;

export const sizeOf = ({ name, value }: HeaderField): number =>
  name.length + value.length + FIELD_OVERHEAD_BYTES;
