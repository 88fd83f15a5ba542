import { formatDurationMs } from '../../../base/index.js';
import type { NewTokenReport, TokenLook } from '../discovery-ports.js';
import type { Style } from '../io.js';
import { problemData, problemsView } from './problems.js';
import { table } from './table.js';
import type { View } from './view.js';

export const discoveryServiceView: View<{
  readonly url: string;
  readonly endpoints: readonly string[];
}> = {
  text: ({ url, endpoints }, style) =>
    [
      `discovery at ${style.bold(url)}`,
      '',
      `  tokens  in etcd at ${endpoints.join(',')}`,
      `  new     quorate discovery new --service ${url} --size 3`,
      `          curl '${url}/new?size=3'`,
      '',
    ].join('\n'),
  data: ({ url, endpoints }) => ({ url, endpoints }),
};

export const newTokenView: View<NewTokenReport> = {
  text: ({ token, url, secret, ttlMs, flags, size }, style) =>
    [
      `${style.bold(url ?? token)}\n`,
      '\n',
      table([
        ['  token', token],
        ['  size', String(size)],
        ['  secret', `${secret}  (told once; deletes a registration while the token is open)`],
        ['  expires', ttlMs === undefined ? 'never' : `in ${formatDurationMs(ttlMs)}`],
      ]),
      ...flags.map(
        (each) =>
          `\n${style.dim(`etcd ${each.minors.join(', ')} (${each.protocol}), every member beside its own name and URLs:`)}\n` +
          each.flags.map((flag) => `  ${flag}\n`).join(''),
      ),
    ].join(''),
  data: ({ token, size, url, endpoints, secret, ttlMs, flags }) => ({
    token,
    size,
    url: url ?? null,
    endpoints,
    secret,
    expiresInMs: ttlMs ?? null,
    flags: flags.map(({ protocol, minors, flags: each }) => ({ protocol, minors, flags: each })),
  }),
};

export const tokenView: View<TokenLook> = {
  text: (look, style) => {
    const { token, protocol, size, url, clusterID, members, missing, problems } = look;
    const registered = members.length;
    const awaited = missing === 0 ? '' : `, ${missing} missing`;
    return [
      `${style.bold(token)} ${stateOf(look, style)}: ${registered} of ${size} registered over ${protocol}${awaited}\n`,
      url === undefined ? '' : `  ${url}\n`,
      clusterID === undefined ? '' : `  ClusterID ${clusterID}\n`,
      members.length === 0 ? '' : '\n',
      members.length === 0
        ? ''
        : table([
            ['MEMBER', 'ID', 'PEER URLS', 'ANSWERS'].map((word) => style.dim(word)),
            ...members.map((member) => [
              member.name,
              member.id,
              member.peerURLs.join(','),
              ANSWERS[member.answers],
            ]),
          ]),
      problems.length === 0 ? '' : '\n',
      problemsView.text(problems, style),
    ].join('');
  },
  data: ({ token, protocol, url, size, state, clusterID, members, missing, problems }) => ({
    token,
    protocol,
    url: url ?? null,
    size,
    state,
    clusterID: clusterID ?? null,
    members: members.map(({ id, name, peerURLs, index, answers }) => ({
      id,
      name,
      peerURLs,
      index: String(index),
      answers,
    })),
    missing,
    problems: problems.map(problemData),
  }),
};

function stateOf({ state }: TokenLook, style: Style): string {
  switch (state) {
    case 'open':
      return style.warn('is open');
    case 'closed':
      return style.good('is complete');
    case 'burnt':
      return style.bad('is burnt');
  }
}

const ANSWERS: Readonly<Record<TokenLook['members'][number]['answers'], string>> = {
  'this-cluster': 'as a member of this cluster',
  'other-cluster': 'for another cluster',
  silent: 'not',
  waits: 'waits for the others',
  beyond: 'came after the last place',
};
