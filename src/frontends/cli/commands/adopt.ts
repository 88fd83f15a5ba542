import { type Result, err, ok } from '../../../base/index.js';
import type { Adoption } from '../../../core/adoption/index.js';
import { type HostName, parseHostName } from '../../../core/cluster/index.js';
import type { FilesOfPlane, SSHOptions } from '../../../core/spec/index.js';
import { DEFAULT_CLUSTER, readClusterName } from '../choose.js';
import { type Context, fail, show, tell } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { ManagedCluster } from '../ports.js';
import { badValue, clusterKnown, specFileThere, usage } from '../problems.js';
import { DEFAULT_FILE } from '../read-spec.js';
import { adoptView } from '../views/adopt.js';

export interface AdoptOptions {
  readonly endpoints: string;
  readonly hosts?: string;
  readonly out?: string;
  readonly user?: string;
  readonly port?: string;
  readonly identityFile?: string;
  readonly config?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Takes a cluster that somebody made by hand into our keeping: reads it, writes the record and the spec. etcd, its units and
 * its data are not touched; the plan for the spec is empty.
 */
export async function adopt(context: Context, options: AdoptOptions): Promise<ExitCode> {
  const name = readClusterName(context.cluster ?? DEFAULT_CLUSTER);
  if (!name.ok) return fail(context, name.error, EXIT.usage);
  const asked = readOptions(options);
  if (!asked.ok) return fail(context, asked.error, EXIT.usage);
  const { ports, interrupt: signal } = context;
  const file = options.out ?? DEFAULT_FILE;
  // Known before anything is written: a spec that a person wrote is not replaced.
  if (file !== '-' && (await ports.files.exists(file))) {
    return fail(context, specFileThere({ file }), EXIT.usage);
  }
  tell(context, 'reading the cluster and its hosts');
  const adoption = await ports.adoption();
  const read = await adoption.read({ name: name.value, ...asked.value, signal });
  if (!read.ok) return fail(context, read.error);
  const { spec, record } = read.value;
  const text = await textOf(read.value);
  if (!text.ok) return fail(context, text.error);

  const cluster = ports.clusters.open(spec.name, spec);
  const known = await whyKnown(cluster);
  if (known !== undefined) return fail(context, known);
  const adopted = await cluster.adopt(spec, record);
  if (!adopted.ok) return fail(context, adopted.error);
  if (file === '-') {
    context.io.out(text.value);
    return EXIT.done;
  }
  const written = await ports.files.write(file, text.value, { replace: false });
  if (!written.ok) return fail(context, written.error);
  await show(context, adoptView, { ...read.value, file });
  return EXIT.done;
}

/** Somebody keeps a cluster of this name already; undefined: nobody, or we were interrupted in the middle of this. */
async function whyKnown(cluster: ManagedCluster) {
  const exists = await cluster.exists();
  if (!exists.ok) return exists.error;
  if (!exists.value) return undefined;
  const wish = await cluster.store.readWish();
  if (!wish.ok) return wish.error;
  return wish.value === undefined
    ? undefined
    : clusterKnown({ cluster: cluster.name, place: cluster.place });
}

/** The spec as a file, under what a person should know. It reads back to the same spec. */
async function textOf({ spec, notes }: Adoption) {
  const { parseSpec, specToYAML } = await import('../../../core/spec-text/index.js');
  const remarks = ['Adopted as it ran. What could not be told in a spec:', ...notes];
  const text = `${remarks.map((line) => `# ${line}\n`).join('')}${specToYAML(spec)}`;
  const parsed = parseSpec(text);
  return parsed.ok ? ok(text) : parsed;
}

interface Asked {
  readonly endpoints: readonly string[];
  readonly hosts: readonly HostName[] | undefined;
  readonly ssh: SSHOptions;
  readonly seat: FilesOfPlane | undefined;
}

function readOptions(options: AdoptOptions): Result<Asked> {
  const endpoints = wordsOf(options.endpoints).map((text) =>
    text.includes('://') ? text : `http://${text}`,
  );
  if (endpoints.length === 0) return err(usage({ message: '--endpoints names none', hint: '' }));
  const hosts: HostName[] = [];
  for (const text of wordsOf(options.hosts ?? '')) {
    const host = parseHostName(text);
    if (!host.ok) {
      return err(badValue({ what: 'A host', found: text, allowed: host.error, nearest: '' }));
    }
    hosts.push(host.value);
  }
  const port = options.port === undefined ? undefined : Number(options.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    const allowed = 'a number from 1 to 65535';
    const found = options.port ?? '';
    return err(badValue({ what: 'The port of ssh', found, allowed, nearest: '' }));
  }
  const seat = seatOf(options);
  if (!seat.ok) return seat;
  const { user, identityFile, config } = options;
  return ok({
    endpoints,
    hosts: options.hosts === undefined ? undefined : hosts,
    ssh: {
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port }),
      ...(identityFile === undefined ? {} : { identityFile }),
      ...(config === undefined ? {} : { configFile: config }),
    },
    seat: seat.value,
  });
}

/** All three files, or none. */
function seatOf({ cacert, cert, key }: AdoptOptions): Result<FilesOfPlane | undefined> {
  if (cacert === undefined && cert === undefined && key === undefined) return ok(undefined);
  if (cacert !== undefined && cert !== undefined && key !== undefined) {
    return ok({ cert, key, ca: cacert });
  }
  return err(usage({ message: '--cacert, --cert and --key belong together', hint: '' }));
}

const wordsOf = (list: string): readonly string[] =>
  list
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
