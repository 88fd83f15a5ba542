import { type Problem, type Result, err, ok } from '../../base/index.js';
import type { FilesOfPlane, TLSSpec } from '../spec/index.js';
import type { FoundMember } from './find-members.js';
import { membersUnlike, tlsUnfit } from './problems.js';
import type { ClusterSighting } from './sights.js';

const FLAGS = {
  client: ['cert-file', 'key-file', 'trusted-ca-file'],
  peer: ['peer-cert-file', 'peer-key-file', 'peer-trusted-ca-file'],
} as const;

/** Plain text everywhere, or TLS everywhere by files at the same paths on every host. */
export function readTLS(
  cluster: string,
  members: readonly FoundMember[],
  { seat, membership }: ClusterSighting,
): Result<TLSSpec, readonly Problem[]> {
  const urls = membership.members.flatMap(({ peerURLs, clientURLs }) => [
    ...peerURLs,
    ...clientURLs,
  ]);
  const secure = urls.filter((url) => url.startsWith('https:'));
  if (secure.length === 0) return ok({ kind: 'off' });
  const problems: Problem[] = [];
  const unfit = (because: string, then: string): void => {
    problems.push(tlsUnfit({ cluster, because, then }));
  };
  if (secure.length < urls.length) {
    const plain = urls.filter((url) => !url.startsWith('https:'));
    unfit(
      `Some of its URLs are in plain text: ${[...new Set(plain)].join(', ')}.`,
      'In a spec TLS is for all of a cluster. Turn the rest to it first, or all of it from it.',
    );
  }
  if (seat === undefined) {
    unfit(
      'Nobody said which certificate this machine shows, and whom it trusts.',
      'Name the files:\n  quorate adopt --cacert FILE --cert FILE --key FILE …',
    );
  }
  const files = (plane: keyof typeof FLAGS): FilesOfPlane => {
    const [cert, key, ca] = FLAGS[plane].map((flag) => {
      const values = members.map(({ sorted }) => sorted.reserved[flag] ?? '');
      const [first = ''] = values;
      if (values.some((value) => value !== first)) {
        const found = members.map(({ host }, i) => `${host}: ${values[i] ?? ''}`);
        problems.push(membersUnlike({ flag, found }));
      } else if (!first.startsWith('/') && members.length > 0) {
        unfit(
          first === ''
            ? `Members run without --${flag}.`
            : `--${flag}=${first} depends on where etcd was started.`,
          'A spec names certificate, key and authority of both planes, with their whole paths.',
        );
      }
      return first;
    });
    return { cert: cert ?? '', key: key ?? '', ca: ca ?? '' };
  };
  const client = files('client');
  const peer = files('peer');
  if (problems.length > 0 || seat === undefined) return err(problems);
  return ok({ kind: 'files', files: { client, peer, seat } });
}
