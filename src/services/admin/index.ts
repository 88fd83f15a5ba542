/**
 * services/admin — the controller's questions and requests to etcd itself (engine/ports, EtcdAdmin), over src/etcd.
 *
 * Contract: decides nothing and remembers nothing but open connections. Never throws for what a member or a network
 * does. A request that changes something is sent at most once; when nobody knows whether it was done, the outcome is
 * `unknown`. 64-bit ids never pass through a JSON number.
 */
export { type EtcdAdminOptions, createEtcdAdmin } from './admin.js';
