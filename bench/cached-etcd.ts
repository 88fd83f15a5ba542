import { rm } from 'node:fs/promises';
import { newHome } from './quorate.js';

/** The path of the etcd that the product itself would run. */
export async function cachedEtcd(minor = '3.6'): Promise<string> {
  const home = await newHome();
  const text = await home.quorate('versions', '--offline', '-o', 'json');
  await rm(home.dir, { recursive: true, force: true });
  const { atHand } = JSON.parse(text) as {
    atHand: readonly { program: string; version: string; path: string }[];
  };
  const found = atHand.find(
    ({ program, version }) => program === 'etcd' && version.startsWith(`${minor}.`),
  );
  if (found === undefined) {
    throw new Error(`etcd ${minor} is not at hand: run \`quorate versions fetch ${minor}\``);
  }
  return found.path;
}
