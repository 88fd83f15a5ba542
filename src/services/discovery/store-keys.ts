/** Where everything is in the etcd. */
export const ROOT = '/quorate/discovery';
/** One key a token: whatever happens to it is one put, and one event that says all. */
export const TOKENS = `${ROOT}/tokens/`;
/** What sealed tokens are sealed with; whoever reads tokens here may read it. */
export const SEALING_KEY = `${ROOT}/sealing-key`;
export const tokenKey = (token: string): string => TOKENS + token;

/** Where etcd itself looks over the v3 protocol (etcd-facts 14.4). */
export const v3Root = (token: string): string => `/_etcd/registry/${token}/`;
export const v3Size = (token: string): string => `${v3Root(token)}_config/size`;
export const v3Members = (token: string): string => `${v3Root(token)}members/`;
