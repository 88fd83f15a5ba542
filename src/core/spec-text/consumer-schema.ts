import { z } from 'zod';
import { type Result, err, ok } from '../../base/index.js';
import { parseClientURL, parseHostName } from '../cluster/index.js';
import { about, exactlyOne, parsedBy } from './schema-parts.js';

export const ENDPOINTS_MARK = '{{endpoints}}';
export const DEFAULT_MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';
export const DEFAULT_FLANNEL_UNIT = 'flanneld.service';
export const DEFAULT_SEPARATOR = ',';

const parsePath = (text: string): Result<string, string> =>
  /^\/[^\0\n]*[^/\0\n]$/.test(text) ? ok(text) : err('the absolute path of a file');

const parseUnit = (text: string): Result<string, string> =>
  /^[\w@.:\\-]{1,240}\.service$/.test(text) ? ok(text) : err('the name of a service: NAME.service');

const parseTemplate = (text: string): Result<string, string> =>
  text.includes(ENDPOINTS_MARK) ? ok(text) : err(`a text with ${ENDPOINTS_MARK} in it`);

const parseReadyz = (text: string): Result<string, string> =>
  text === 'off' || /^https?:\/\/[^\s'"]+$/.test(text)
    ? ok(text)
    : err('an http or https URL, or the word off');

const path = parsedBy(parsePath, 'bad-value');
const unit = parsedBy(parseUnit, 'bad-value');
const command = z.string().min(1);

const host = parsedBy(parseHostName, 'bad-name').meta(
  about('The machine it runs on.', '10.0.1.10'),
);

const endpoints = z
  .union([z.literal('members'), z.array(parsedBy(parseClientURL, 'bad-url')).min(1)])
  .meta(
    about(
      'members: its endpoints follow the members. A list: it was pointed there once, at a gateway or a DNS name; that is checked and left alone.',
      'members',
      'members',
    ),
  )
  .optional();

const environmentFile = path
  .meta(about('The file with the environment of the unit, when the endpoints stand there.'))
  .optional();

export const consumerSchema = z
  .strictObject({
    kubeApiserver: z
      .strictObject({
        host,
        manifest: path
          .meta(
            about('The static pod; the kubelet restarts it.', DEFAULT_MANIFEST, DEFAULT_MANIFEST),
          )
          .optional(),
        unit: unit
          .meta(about('The systemd unit, instead of a manifest.', 'kube-apiserver.service'))
          .optional(),
        environmentFile,
        readyz: parsedBy(parseReadyz, 'bad-value')
          .meta(
            about(
              'Asked on its host after a change, or off. Default: /readyz at its own secure port.',
              'https://127.0.0.1:6443/readyz',
            ),
          )
          .optional(),
        endpoints,
      })
      .meta(about('A kube-apiserver whose --etcd-servers follows.', { host: '10.0.1.10' }))
      .optional(),
    flannel: z
      .strictObject({
        host,
        unit: unit
          .meta(about('Its systemd unit.', DEFAULT_FLANNEL_UNIT, DEFAULT_FLANNEL_UNIT))
          .optional(),
        environmentFile,
        endpoints,
      })
      .meta(about('A flanneld whose --etcd-endpoints follows.', { host: '10.0.1.10' }))
      .optional(),
    file: z
      .strictObject({
        host,
        path: path.meta(about('The file, written whole.', '/etc/app/etcd.conf')),
        template: parsedBy(parseTemplate, 'bad-value').meta(
          about(
            `What stands in it; ${ENDPOINTS_MARK} is replaced by the endpoints.`,
            `servers = ${ENDPOINTS_MARK}`,
          ),
        ),
        separator: z
          .string()
          .meta(about('What stands between two endpoints.', ' ', DEFAULT_SEPARATOR))
          .optional(),
        reload: command
          .meta(about('Run on the host once the file is written.', 'systemctl reload app'))
          .optional(),
        check: command
          .meta(about('Run on the host: succeeds when all is well.', 'systemctl is-active app'))
          .optional(),
        endpoints,
      })
      .meta(about('Any other file with the endpoints in it.'))
      .optional(),
  })
  .meta({
    ...about('A program that is told when members change: exactly one of the kinds.', {
      flannel: { host: '10.0.1.10' },
    }),
    ...exactlyOne,
  });

export type ConsumerFile = z.infer<typeof consumerSchema>;
