/**
 * frontends/cli — the command line: reads what people type, shows what they asked for.
 *
 * Contract: decides nothing about membership; a change is a changed wish, and the planner says whether and how. Touches
 * the world only through CliPorts and CliIO, which main implements and tests fake. Results go to standard output in
 * text, JSON or YAML, progress and problems for people to standard error; exit codes are those of exit-codes.ts.
 * Asks nothing without a terminal. Imports only base, core and engine.
 * Start reading at program.ts (the tree of commands), then commands/ and views/.
 */
export { type RunHooks, runCLI } from './run.js';
export { type CliIO, type Style, colourStyle, plainStyle, styleFor } from './io.js';
export { EXIT, type ExitCode } from './exit-codes.js';
export {
  DISCOVERY_CLUSTER,
  DISCOVERY_FLAGS,
  type Discovery,
  type DiscoveryPlace,
  type DiscoveryStorage,
  type TokenPlace,
} from './discovery-ports.js';
export type {
  BootHook,
  CliPorts,
  Clusters,
  Files,
  FoundOptions,
  GatewaySettings,
  ImaginedWish,
  Look,
  ManagedCluster,
  RunOptions,
  RunningGateway,
  VersionAtHand,
  VersionOffer,
  Versions,
} from './ports.js';
export type { AdoptionPorts, AdoptionSettings } from './adoption-ports.js';
export type { CertificatePorts, IssuedFiles, KnownAuthorities } from './certificate-ports.js';
export type { Join, JoinEnd, JoinSettings, JoinState } from './join-ports.js';
export type {
  DNSFromHostsSettings,
  DNSListSettings,
  DNSLook,
  DNSLookSettings,
  DNSPorts,
  DNSPublishSettings,
  DNSPublished,
  DNSServeSettings,
  RunningDNSServer,
} from './dns-ports.js';
export type {
  HostsCheckSettings,
  Fitness,
  FitnessSettings,
  HostsPorts,
  HostsReport,
  HostStanding,
  HostVerdict,
} from './hosts-ports.js';
export * as cliProblems from './problems.js';
