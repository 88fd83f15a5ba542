import { Document, isMap, isSeq } from 'yaml';
import { assertNever } from '../../base/index.js';
import type {
  BootstrapSpec,
  ClusterSpec,
  DiscoverySite,
  DriverSpec,
  TLSSpec,
} from '../spec/index.js';
import { fileOfConsumer } from './consumer-text.js';
import { API_VERSION, KIND } from './schema.js';

/** The spec as a file that parseSpec reads to the same spec. Comments of an older file are not in it. */
export function specToYAML(spec: ClusterSpec): string {
  const document = new Document(fileOf(spec));
  for (const section of ['members', 'proxies']) {
    const list = document.getIn(['spec', section]);
    if (!isSeq(list)) continue;
    for (const item of list.items) if (isMap(item)) item.flow = true;
  }
  return document.toString({ lineWidth: 100 });
}

function fileOf(spec: ClusterSpec) {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: spec.name },
    spec: {
      version: spec.version,
      bootstrap: bootstrapOf(spec.bootstrap),
      driver: driverOf(spec.driver),
      members: spec.members.map(({ start, ...member }) => ({
        ...withoutOwnHost(member),
        ...(start === 'quorate' ? {} : { start }),
      })),
      ...(spec.allowEvenSize === true ? { allowEvenSize: true } : {}),
      ...(spec.proxies.length === 0 ? {} : { proxies: spec.proxies.map(withoutOwnHost) }),
      tls: tlsOf(spec.tls),
      ...(spec.backups === undefined ? {} : { backups: spec.backups }),
      ...(spec.consumers.length === 0 ? {} : { consumers: spec.consumers.map(fileOfConsumer) }),
      ...(Object.keys(spec.etcd).length === 0 ? {} : { etcd: spec.etcd }),
      ...(spec.sources === undefined ? {} : { sources: spec.sources }),
    },
  };
}

/** The host is the name unless somebody said otherwise. */
const withoutOwnHost = <M extends { readonly name: string; readonly host: string }>(member: M) => {
  const { name, host, ...rest } = member;
  return { name, ...(host === name ? {} : { host }), ...rest };
};

function bootstrapOf(bootstrap: BootstrapSpec) {
  switch (bootstrap.kind) {
    case 'static':
      return { static: {} };
    case 'discovery':
      return { discovery: siteOf(bootstrap.at) };
    case 'dns': {
      const { kind: _kind, ...dns } = bootstrap;
      return { dns };
    }
    default:
      return assertNever(bootstrap);
  }
}

function siteOf(site: DiscoverySite) {
  switch (site.kind) {
    case 'serve':
      return { serve: true };
    case 'url':
      return { url: site.url };
    case 'endpoints': {
      const { kind: _kind, ...etcd } = site;
      return etcd;
    }
    default:
      return assertNever(site);
  }
}

function driverOf(driver: DriverSpec) {
  switch (driver.kind) {
    case 'local':
      return { local: {} };
    case 'ssh':
      return { ssh: driver.options };
    case 'kubernetes':
      return { kubernetes: driver.options };
    default:
      return assertNever(driver);
  }
}

function tlsOf(tls: TLSSpec) {
  switch (tls.kind) {
    case 'auto': {
      const { kind: _kind, ...auto } = tls;
      return { auto };
    }
    case 'files':
      return { files: tls.files };
    case 'off':
      return { off: {} };
    default:
      return assertNever(tls);
  }
}
