/** A header block that cannot be decoded. What follows on the connection cannot be either: the tables no longer agree. */
export class HpackFault extends Error {}
