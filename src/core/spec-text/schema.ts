import { z } from 'zod';
import {
  CONSUMER_KINDS,
  NAME_LENGTH_MAX,
  SUPPORTED_MINORS,
  VOTERS_MAX,
  parseClientURL,
  parseClusterName,
  parseDiscoveryURL,
  parseDomainName,
  parseHostName,
  parseMemberName,
  parsePeerURL,
  parseSRVServiceName,
} from '../cluster/index.js';
import { consumerSchema } from './consumer-schema.js';
import { about, exactlyOne, parsedBy } from './schema-parts.js';
import { parseAbsolutePath, parseSeatPath, parseValidity } from '../spec/index.js';

export const API_VERSION = 'quorate.dev/v1alpha1';
export const KIND = 'EtcdCluster';

/** The kinds of which a section names exactly one. */
export const KINDS = {
  bootstrap: ['static', 'discovery', 'dns'],
  driver: ['local', 'ssh', 'kubernetes'],
  tls: ['auto', 'files', 'off'],
  consumer: CONSUMER_KINDS,
  discovery: ['serve', 'url', 'endpoints'],
} as const;

const memberName = parsedBy(parseMemberName, 'bad-name');
const hostName = parsedBy(parseHostName, 'bad-name');
const nothing = z.strictObject({});

const memberSchema = z
  .strictObject({
    name: memberName.meta({
      ...about('The name of the member. A rename keeps its host, data and identity.', 'm1'),
      maxLength: NAME_LENGTH_MAX,
    }),
    host: hostName
      .meta(
        about(
          'The machine it runs on; for the local driver a slot in the state directory. Default: its name.',
          '10.0.1.10',
        ),
      )
      .optional(),
    peerURLs: z
      .array(parsedBy(parsePeerURL, 'bad-url'))
      .min(1)
      .meta(
        about('Where the other members find it. Default: what the driver finds.', [
          'http://10.0.1.10:2380',
        ]),
      )
      .optional(),
    clientURLs: z
      .array(parsedBy(parseClientURL, 'bad-url'))
      .min(1)
      .meta(
        about('Where clients find it. Default: what the driver finds.', ['http://10.0.1.10:2379']),
      )
      .optional(),
    start: z
      .enum(['quorate', 'by-hand'])
      .meta(
        about(
          'Who starts and stops its process. by-hand: a person; Quorate registers, promotes and removes it.',
          'by-hand',
          'quorate',
        ),
      )
      .optional(),
  })
  .meta(about('One voting member.', { name: 'm1', host: '10.0.1.10' }));

const proxySchema = z
  .strictObject({
    name: memberName.meta(about('The name of the proxy.', 'edge0')),
    host: hostName
      .meta(about('The machine it runs on. Default: its name.', '10.0.1.20'))
      .optional(),
  })
  .meta(about('A gateway that forwards reads and writes and never votes.'));

const domainName = parsedBy(parseDomainName, 'bad-name');

const dnsSchema = z.strictObject({
  domain: domainName.meta(about('The domain that holds the SRV records.', 'example.com')),
  serviceName: parsedBy(parseSRVServiceName, 'bad-name')
    .meta(about('Part of the names of the records, so that one domain can hold several.', 'prod'))
    .optional(),
  publish: z
    .strictObject({
      rfc2136: z
        .strictObject({
          server: z
            .string()
            .min(1)
            .meta(about('The primary server of the zone, HOST or HOST:PORT.', '10.0.0.53')),
          zone: domainName
            .meta(
              about('The zone to change. Default: the one of the server that holds the domain.'),
            )
            .optional(),
          tsigKeyFile: z
            .string()
            .min(1)
            .meta(
              about('The file with the TSIG key, readable by its owner only.', '/etc/tsig.key'),
            ),
        })
        .meta(about('Signed dynamic updates.')),
    })
    .meta(about('How the records get there. Default: Quorate serves them, or you write them.'))
    .optional(),
});

const bootstrapSchema = z
  .strictObject({
    static: nothing.meta(about('The members are told each other at the first start.')).optional(),
    discovery: z
      .strictObject({
        serve: z
          .literal(true)
          .meta(
            about(
              'Quorate runs the discovery service itself; hosts over SSH reach it through their connection.',
              true,
            ),
          )
          .optional(),
        url: parsedBy(parseDiscoveryURL, 'bad-url')
          .meta(
            about('A discovery URL (protocol v2; etcd 3.6 and older), used for this birth only.'),
          )
          .optional(),
        endpoints: z
          .array(parsedBy(parseClientURL, 'bad-url'))
          .min(1)
          .meta(about('An etcd that serves as meeting place (protocol v3; etcd 3.6 and newer).'))
          .optional(),
        token: z
          .string()
          .regex(/^[\w.-]{1,128}$/)
          .meta(about('The token of this birth there. Default: one is made.'))
          .optional(),
      })
      .meta(about('The members meet at a discovery service.', { serve: true }))
      .optional(),
    dns: dnsSchema
      .meta(about('The members find each other by DNS SRV records.', { domain: 'example.com' }))
      .optional(),
  })
  .meta({
    ...about(
      'How the first members find each other: exactly one of the kinds.',
      { static: {} },
      { static: {} },
    ),
    ...exactlyOne,
  });

const driverSchema = z
  .strictObject({
    local: nothing.meta(about('Processes on this machine.')).optional(),
    ssh: z
      .strictObject({
        user: z
          .string()
          .min(1)
          .meta(about('Who logs in: root, or who may sudo without a password.', 'root'))
          .optional(),
        port: z
          .int()
          .min(1)
          .max(65535)
          .meta(about('The port of sshd.', 22, 22))
          .optional(),
        identityFile: z
          .string()
          .min(1)
          .meta(about('The private key.', '~/.ssh/id_ed25519'))
          .optional(),
        configFile: z
          .string()
          .min(1)
          .meta(about('Instead of ~/.ssh/config.', './ssh_config'))
          .optional(),
        binaries: z
          .enum(['copied', 'fetched'])
          .meta(
            about(
              "Where a host has etcd's binaries from: this machine, or its own download.",
              'fetched',
              'copied',
            ),
          )
          .optional(),
      })
      .meta(about('Linux hosts with systemd, over SSH.', { user: 'root' }))
      .optional(),
    kubernetes: z
      .looseObject({
        namespace: z.string().meta(about('Where the pods go.', 'etcd')).optional(),
        context: z.string().meta(about('Which context of the kubeconfig.')).optional(),
      })
      .meta(about('Pods in a Kubernetes cluster.'))
      .optional(),
  })
  .meta({
    ...about('Where the members run: exactly one of the kinds.', { local: {} }, { local: {} }),
    ...exactlyOne,
  });

const seatFile = parsedBy(parseSeatPath, 'bad-value');
const hostFile = parsedBy(parseAbsolutePath, 'bad-value');

/** Certificate, key and authorities of one plane. */
const filesOf = (file: typeof hostFile) => ({
  cert: file.meta(about('The certificate, with those in between.', '/etc/etcd/server.crt')),
  key: file.meta(about('Its key.', '/etc/etcd/server.key')),
  ca: file.meta(about('The authorities to trust.', '/etc/etcd/ca.crt')),
});

const autoSchema = z.strictObject({
  validity: parsedBy(parseValidity, 'bad-value')
    .meta(
      about(
        "How long a member's certificate is valid. It is renewed when two thirds are over.",
        '90d',
        '365d',
      ),
    )
    .optional(),
  ca: z
    .strictObject({
      cert: seatFile.meta(about('Its certificate, on this machine.', '~/pki/ca.crt')),
      key: seatFile.meta(about('Its key, on this machine; never copied.', '~/pki/ca.key')),
    })
    .meta(about('An authority of your own. Default: Quorate makes one for peers, one for clients.'))
    .optional(),
  extraNames: z
    .array(hostName)
    .meta(
      about("Names and addresses that every member's certificate has beside its own.", [
        'etcd.example.com',
      ]),
    )
    .optional(),
});

const filesSchema = z.strictObject({
  client: z
    .strictObject(filesOf(hostFile))
    .meta(about('On the hosts: what members show to clients, and whose clients they let in.')),
  peer: z
    .strictObject(filesOf(hostFile))
    .meta(about('On the hosts: what members show to each other.')),
  seat: z
    .strictObject(filesOf(seatFile))
    .meta(about('On this machine: what Quorate itself shows to members, and whom it trusts.')),
});

const tlsSchema = z
  .union([
    z.literal('off'),
    z
      .strictObject({
        auto: autoSchema
          .meta(about('Quorate makes the certificates and renews them.', { validity: '90d' }))
          .optional(),
        files: filesSchema.meta(about('Certificates that you make.')).optional(),
        off: nothing
          .meta(about('Nothing is encrypted and nobody has to prove who they are.'))
          .optional(),
      })
      .meta(exactlyOne),
  ])
  .meta(
    about(
      'Certificates: exactly one of the kinds, or the word off. Default: auto, except on loopback with the local driver.',
      { auto: {} },
    ),
  );

const backupsSchema = z
  .strictObject({
    schedule: z.string().meta(about('When, as in crontab.', '0 * * * *')).optional(),
    to: z.string().meta(about('Where to.', 's3://bucket/prod')).optional(),
    keep: z
      .looseObject({})
      .meta(about('How many are kept.', { hourly: 24, daily: 14 }))
      .optional(),
  })
  .meta(
    about('Snapshots that were each restored once.', {
      schedule: '0 * * * *',
      to: 's3://bucket/prod',
    }),
  );

export const fileSchema = z
  .strictObject({
    apiVersion: z.literal(API_VERSION).meta(about('The version of this schema.', API_VERSION)),
    kind: z.literal(KIND).meta(about('What the file describes.', KIND)),
    metadata: z
      .strictObject({
        name: parsedBy(parseClusterName, 'bad-name').meta({
          ...about('Our name for the cluster, in every command.', 'prod'),
          maxLength: NAME_LENGTH_MAX,
        }),
      })
      .meta(about('What the cluster is called.', { name: 'prod' })),
    spec: z
      .strictObject({
        version: z
          .string()
          .meta(
            about(
              `etcd's version: a minor (${SUPPORTED_MINORS.join(', ')}) for its newest patch, or an exact one. Quoted, because 3.10 is a number.`,
              '3.6',
            ),
          ),
        bootstrap: bootstrapSchema.optional(),
        driver: driverSchema.optional(),
        members: z.array(memberSchema).meta({
          ...about('The voting members.', [{ name: 'm1' }, { name: 'm2' }, { name: 'm3' }]),
          minItems: 1,
          maxItems: VOTERS_MAX,
        }),
        allowEvenSize: z
          .boolean()
          .meta(
            about(
              'An even number of members is meant. It survives no more failures than one member fewer.',
              true,
              false,
            ),
          )
          .optional(),
        proxies: z
          .array(proxySchema)
          .meta(about('Gateways beside the members.', [{ name: 'edge0', host: '10.0.1.20' }], []))
          .optional(),
        tls: tlsSchema.optional(),
        backups: backupsSchema.optional(),
        consumers: z
          .array(consumerSchema)
          .meta(
            about(
              'Programs that are told when members change.',
              [{ flannel: { host: '10.0.1.10' } }],
              [],
            ),
          )
          .optional(),
        etcd: z
          .record(
            z.string(),
            z.union([
              z.string(),
              z.number(),
              z.boolean(),
              z.array(z.union([z.string(), z.number()])),
            ]),
          )
          .meta(
            about(
              'Any other flag of etcd, without dashes; durations and sizes with their units.',
              { 'heartbeat-interval': '100ms', 'quota-backend-bytes': '8GiB' },
              {},
            ),
          )
          .optional(),
        sources: z
          .array(z.string().min(1))
          .meta(
            about("Where etcd's binaries may come from, in order. Default: every source.", [
              'cache',
            ]),
          )
          .optional(),
      })
      .meta(about('What you want.')),
  })
  .meta({ title: KIND, ...about('An etcd cluster, as Quorate keeps it.') });

export type SpecFile = z.infer<typeof fileSchema>;
