import {
  parseClientURL,
  parseClusterName,
  parseDomainName,
  parseHostName,
  parseMemberName,
  parsePeerURL,
} from '../cluster/index.js';
import {
  type BootstrapSpec,
  type ClusterSpec,
  type DNSBootstrap,
  type DiscoverySite,
  type DriverSpec,
  type MemberSpec,
  type SSHOptions,
  type TLSSpec,
  defaultTLS,
} from '../spec/index.js';
import { consumerOf } from './consumer-text.js';
import { proven } from './proven.js';
import { scalarsOf } from './rules.js';
import type { SpecFile } from './schema.js';

/** A file whose every problem has been ruled out, with the defaults filled in. */
export function toDomain({ metadata, spec }: SpecFile): ClusterSpec {
  const driver = driverOf(spec.driver);
  const members = spec.members.map(memberOf);
  return {
    name: proven(parseClusterName(metadata.name)),
    version: spec.version,
    bootstrap: bootstrapOf(spec.bootstrap),
    driver,
    members,
    ...(spec.allowEvenSize === true ? { allowEvenSize: true } : {}),
    etcd: scalarsOf(spec.etcd ?? {}),
    tls: tlsOf(spec.tls) ?? defaultTLS(driver, members),
    proxies: (spec.proxies ?? []).map(({ name, host }) => ({
      name: proven(parseMemberName(name)),
      host: proven(parseHostName(host ?? name)),
    })),
    ...(spec.backups === undefined ? {} : { backups: spec.backups }),
    consumers: (spec.consumers ?? []).map(consumerOf),
    ...(spec.sources === undefined ? {} : { sources: spec.sources }),
  };
}

type FileSpec = SpecFile['spec'];
type DiscoveryFile = NonNullable<NonNullable<FileSpec['bootstrap']>['discovery']>;
type DNSFile = NonNullable<NonNullable<FileSpec['bootstrap']>['dns']>;

const memberOf = (member: FileSpec['members'][number]): MemberSpec => ({
  name: proven(parseMemberName(member.name)),
  host: proven(parseHostName(member.host ?? member.name)),
  ...(member.peerURLs === undefined
    ? {}
    : { peerURLs: member.peerURLs.map((url) => proven(parsePeerURL(url))) }),
  ...(member.clientURLs === undefined
    ? {}
    : { clientURLs: member.clientURLs.map((url) => proven(parseClientURL(url))) }),
  start: member.start ?? 'quorate',
});

function bootstrapOf(bootstrap: FileSpec['bootstrap']): BootstrapSpec {
  if (bootstrap?.discovery !== undefined) {
    return { kind: 'discovery', at: siteOf(bootstrap.discovery) };
  }
  if (bootstrap?.dns !== undefined) return { kind: 'dns', ...dnsOf(bootstrap.dns) };
  return { kind: 'static' };
}

function siteOf({ url, endpoints, token }: DiscoveryFile): DiscoverySite {
  if (url !== undefined) return { kind: 'url', url };
  if (endpoints === undefined) return { kind: 'serve' };
  return { kind: 'endpoints', endpoints, ...(token === undefined ? {} : { token }) };
}

function dnsOf({ domain, serviceName, publish }: DNSFile): DNSBootstrap {
  const { server, zone, tsigKeyFile } = publish?.rfc2136 ?? {};
  return {
    domain: proven(parseDomainName(domain)),
    ...(serviceName === undefined ? {} : { serviceName }),
    ...(server === undefined || tsigKeyFile === undefined
      ? {}
      : {
          publish: {
            rfc2136: {
              server,
              ...(zone === undefined ? {} : { zone: proven(parseDomainName(zone)) }),
              tsigKeyFile,
            },
          },
        }),
  };
}

function driverOf(driver: FileSpec['driver']): DriverSpec {
  if (driver?.ssh !== undefined) return { kind: 'ssh', options: sshOf(driver.ssh) };
  if (driver?.kubernetes !== undefined) return { kind: 'kubernetes', options: driver.kubernetes };
  return { kind: 'local' };
}

type SSHFile = NonNullable<NonNullable<FileSpec['driver']>['ssh']>;

const sshOf = ({ user, port, identityFile, configFile, binaries }: SSHFile): SSHOptions => ({
  ...(user === undefined ? {} : { user }),
  ...(port === undefined ? {} : { port }),
  ...(identityFile === undefined ? {} : { identityFile }),
  ...(configFile === undefined ? {} : { configFile }),
  ...(binaries === undefined ? {} : { binaries }),
});

function tlsOf(tls: FileSpec['tls']): TLSSpec | undefined {
  if (tls === undefined) return undefined;
  if (tls === 'off' || tls.off !== undefined) return { kind: 'off' };
  if (tls.files !== undefined) return { kind: 'files', files: tls.files };
  const { validity, ca, extraNames } = tls.auto ?? {};
  return {
    kind: 'auto',
    ...(validity === undefined ? {} : { validity }),
    ...(ca === undefined ? {} : { ca }),
    ...(extraNames === undefined ? {} : { extraNames }),
  };
}
