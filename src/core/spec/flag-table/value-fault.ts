/** Why a value is refused: what would be allowed, and the nearest of it. */
export interface ValueFault {
  readonly allowed: string;
  readonly nearest?: string;
}
