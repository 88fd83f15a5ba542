import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** sha256 of files of this seat, each read once as long as it does not change. */
export class BinaryDigests {
  readonly #known = new Map<string, { readonly as: string; readonly digest: string }>();

  async of(path: string): Promise<string> {
    const { size, mtimeMs } = await stat(path);
    const as = `${size} ${mtimeMs}`;
    const known = this.#known.get(path);
    if (known?.as === as) return known.digest;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
    const digest = hash.digest('hex');
    this.#known.set(path, { as, digest });
    return digest;
  }
}
