/** What the flags that people set mean, in our own words. `quorate explain spec.etcd.<flag>` and editors show them. */
export const FLAG_MEANINGS: Readonly<Record<string, string>> = {
  'advertise-client-urls': 'Where clients are told to find this member.',
  'auth-token': 'How a logged-in client proves itself afterwards: simple, or jwt with its options.',
  'auth-token-ttl': 'How long a simple token stays valid without being used.',
  'auto-compaction-mode':
    'Whether auto-compaction-retention counts time (periodic) or revisions (revision).',
  'auto-compaction-retention':
    'How much history is kept before old revisions are dropped by themselves; 0 keeps everything.',
  'auto-tls': 'Serves clients with a certificate that the member makes for itself.',
  'backend-batch-interval':
    'The longest time that writes wait before they are committed to the database file.',
  'backend-batch-limit': 'How many writes are committed to the database file at once, at most.',
  'backend-bbolt-freelist-type':
    'How the database file keeps its free pages: map is faster for large files.',
  'bcrypt-cost': 'How expensive hashing a password is; each step doubles it.',
  'bootstrap-defrag-threshold-megabytes':
    'At its start a member defragments its file when that frees at least this much; 0 never does.',
  'cert-file': 'The certificate that this member shows to clients.',
  'cipher-suites': 'The TLS ciphers that are accepted; empty leaves the choice to Go.',
  'client-cert-allowed-hostname':
    'Only clients whose certificate carries this host name are served.',
  'client-cert-auth': 'Only clients with a certificate from the trusted authority are served.',
  'client-crl-file': 'A list of revoked client certificates.',
  'compact-hash-check-time':
    'How often the leader compares the hashes that members keep from compactions.',
  'compaction-batch-limit': 'How many revisions one step of a compaction removes.',
  'compaction-sleep-interval':
    'The pause between two steps of a compaction, so that requests get their turn.',
  'corrupt-check-time': 'How often members compare their whole contents while they run; 0 never.',
  cors: 'The web origins that may call the HTTP gateway.',
  'data-dir': 'Where the member keeps its log and its database.',
  'discovery-srv': 'The DNS domain whose SRV records name the first members.',
  'distributed-tracing-address': 'The OpenTelemetry collector that traces are sent to.',
  'distributed-tracing-instance-id': 'This member as the traces name it; it must be unique.',
  'distributed-tracing-sampling-rate': 'How many of a million requests are traced.',
  'distributed-tracing-service-name': 'The service as the traces name it.',
  'downgrade-check-time':
    'How often a member looks whether a downgrade of the cluster has finished.',
  'election-timeout':
    'How long a follower hears nothing from the leader before it asks for an election; the same on every member.',
  'enable-distributed-tracing': 'Sends traces of requests to an OpenTelemetry collector.',
  'enable-grpc-gateway': 'Serves the same calls as JSON over HTTP.',
  'enable-pprof': 'Serves Go profiles under /debug/pprof on the client port.',
  'enable-v2': 'Serves the old v2 API.',
  'feature-gates': 'Switches optional behaviour on or off: Gate=true, separated by commas.',
  'force-new-cluster': 'Makes a cluster of one out of this member alone. Only for recovery.',
  'grpc-keepalive-interval': 'How often the member asks a silent client whether it is still there.',
  'grpc-keepalive-min-time': 'How often a client may ask at most, before it is disconnected.',
  'grpc-keepalive-timeout':
    'How long the member waits for that answer before it closes the connection.',
  'heartbeat-interval':
    'How often the leader tells its followers that it lives; about one round trip between members.',
  'host-whitelist': 'The host names under which HTTP clients may address a member without TLS.',
  'initial-advertise-peer-urls':
    'Where the other members find this one, read at its first start only.',
  'initial-cluster': 'The first members with their peer URLs, read at the first start only.',
  'initial-cluster-state':
    'Whether this first start founds the cluster (new) or joins it (existing).',
  'initial-cluster-token':
    'Sets one birth of a cluster apart from every other, read at the first start only.',
  'initial-election-tick-advance': 'Shortens the wait for the first election after a start.',
  'listen-client-urls': 'The addresses that the member opens for clients.',
  'listen-metrics-urls':
    'Addresses that serve only metrics and health, without client authentication.',
  'listen-peer-urls': 'The addresses that the member opens for other members.',
  'log-level': 'The least important messages that are still logged.',
  'log-outputs': 'Where the log goes.',
  'max-concurrent-streams': 'How many requests one client connection may have open at once.',
  'max-learners': 'How many learners the cluster may have; Quorate adds one at a time.',
  'max-request-bytes': 'The largest request that a client may send.',
  'max-snapshots': 'How many raft snapshots are kept.',
  'max-txn-ops': 'How many operations one transaction may hold.',
  'max-wals': 'How many files of the write-ahead log are kept after they are no longer needed.',
  'memory-mlock': 'Keeps the database in memory, so that it is never swapped out.',
  metrics: 'How detailed the metrics are; extensive adds histograms of requests.',
  name: 'The human name of the member.',
  'peer-cert-allowed-cn': 'Only members whose certificate has this common name may connect.',
  'peer-cert-allowed-hostname':
    'Only members whose certificate carries this host name may connect.',
  'peer-crl-file': 'A list of revoked certificates of members.',
  'peer-skip-client-san-verification':
    'Members do not compare the address in the certificate of one that connects.',
  'pre-vote': 'A member asks whether it could win before it disturbs the cluster with an election.',
  'quota-backend-bytes':
    'The largest database file; beyond it writes are refused until space is freed. 0 means 2GiB.',
  'raft-read-timeout': 'How long reading from another member may stall.',
  'raft-write-timeout': 'How long writing to another member may stall.',
  'self-signed-cert-validity': 'For how many years certificates made by auto-tls are valid.',
  'snapshot-catchup-entries':
    'How many log entries are kept after a snapshot for followers that are a little behind.',
  'snapshot-count': 'After how many changes the log is cut by a snapshot.',
  'socket-reuse-address': 'Lets a restarted member take its port at once.',
  'socket-reuse-port': 'Lets several processes open the same port.',
  'strict-reconfig-check':
    "etcd's own guard: membership changes that would lose quorum are refused.",
  'tls-max-version': 'The newest TLS version that is spoken; empty leaves it to Go.',
  'tls-min-version': 'The oldest TLS version that is accepted.',
  'trusted-ca-file': 'The authority that client certificates must come from.',
  'unsafe-no-fsync': 'Does not wait for the disk; a crash loses acknowledged writes.',
  'wal-dir': 'A directory of its own for the write-ahead log.',
  'warning-apply-duration': 'Requests that take longer than this are logged.',
  'warning-unary-request-duration': 'Calls of clients that take longer than this are logged.',
  'watch-progress-notify-interval': 'How often an idle watch is told how far it is.',
};
