const ADDRESSES = 'Quorate finds the addresses; fix them in spec.members[].peerURLs and clientURLs';
const BIRTH = 'Quorate decides by what it sees whether a member founds the cluster or joins it';
const DISCOVERY = 'it belongs to spec.bootstrap';
const CERTIFICATES = 'it belongs to spec.tls';
const LOG = "Quorate reads the member's log, as JSON lines, from its standard error";
const PROXY =
  'the proxy of etcd 3.5 and older is gone; what is beyond the cluster goes to spec.proxies';

/** Flags that Quorate sets itself, or that no cluster should run with, and why. */
const RESERVED: Readonly<Record<string, string>> = {
  name: 'it is spec.members[].name',
  'data-dir': "the driver places the member's data",
  'wal-dir': "the log stays inside the data directory, where the member's identity is read from it",
  'initial-advertise-peer-urls': ADDRESSES,
  'initial-cluster': BIRTH,
  'initial-cluster-state': BIRTH,
  'initial-cluster-token': BIRTH,
  'advertise-client-urls': ADDRESSES,
  'listen-client-urls': ADDRESSES,
  'listen-client-http-urls': ADDRESSES,
  'listen-peer-urls': ADDRESSES,
  'listen-metrics-urls': ADDRESSES,
  'auto-tls': CERTIFICATES,
  'cert-file': CERTIFICATES,
  'client-cert-auth': CERTIFICATES,
  'client-cert-file': CERTIFICATES,
  'client-key-file': CERTIFICATES,
  'key-file': CERTIFICATES,
  'trusted-ca-file': CERTIFICATES,
  'peer-auto-tls': CERTIFICATES,
  'peer-cert-file': CERTIFICATES,
  'peer-client-cert-auth': CERTIFICATES,
  'peer-client-cert-file': CERTIFICATES,
  'peer-client-key-file': CERTIFICATES,
  'peer-key-file': CERTIFICATES,
  'peer-trusted-ca-file': CERTIFICATES,
  'config-file': 'with a configuration file etcd ignores every other flag',
  'force-new-cluster':
    'it throws the other members away; `quorate recover` does that, once, with a plan',
  'unsafe-no-fsync': 'a crash would lose writes that were acknowledged',
  'strict-reconfig-check': "it is etcd's own guard against losing quorum, and stays on",
  logger: LOG,
  'log-output': LOG,
  'log-outputs': LOG,
  'log-format': LOG,
  'enable-log-rotation': LOG,
  'log-rotation-config-json': LOG,
  version: 'it prints the version and ends',
};

/** Why a spec may not set the flag; undefined when it may. */
export function whyReserved(name: string): string | undefined {
  if (Object.hasOwn(RESERVED, name)) return RESERVED[name];
  if (name === 'discovery' || name.startsWith('discovery-')) return DISCOVERY;
  if (name === 'proxy' || name.startsWith('proxy-')) return PROXY;
  return undefined;
}
