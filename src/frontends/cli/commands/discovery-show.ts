import { type Result, ok } from '../../../base/index.js';
import { type Context, fail, show } from '../context.js';
import type { TokenPlace } from '../discovery-ports.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { tokenView } from '../views/discovery.js';
import { watchWith } from '../watch.js';
import { type StorageOptions, anyStorage } from './discovery-storage.js';

export interface DiscoveryShowOptions extends StorageOptions {
  readonly service?: string;
  readonly watch?: boolean;
}

/** Who has registered, who is missing, what is wrong. */
export async function discoveryShow(
  context: Context,
  token: string,
  options: DiscoveryShowOptions,
): Promise<ExitCode> {
  const place = await placeOf(context, token, options);
  if (!place.ok) return fail(context, place.error, EXIT.usage);
  const discovery = await context.ports.discovery();
  if (options.watch === true) {
    return watchWith(context, tokenView, () => discovery.look(place.value, context.interrupt));
  }
  const look = await discovery.look(place.value, context.interrupt);
  if (!look.ok) return fail(context, look.error);
  await show(context, tokenView, look.value);
  return EXIT.done;
}

/** A URL is asked as members ask it; a bare token in the etcd that keeps it. */
async function placeOf(
  context: Context,
  token: string,
  options: DiscoveryShowOptions,
): Promise<Result<TokenPlace>> {
  if (/^https?:\/\//.test(token)) return ok({ kind: 'url', url: token });
  const { service, endpoints } = options;
  if (service !== undefined && endpoints === undefined) {
    return ok({ kind: 'url', url: `${service.replace(/\/+$/, '')}/${token}` });
  }
  const storage = await anyStorage(context, options);
  return storage.ok ? ok({ kind: 'storage', storage: storage.value, token }) : storage;
}
