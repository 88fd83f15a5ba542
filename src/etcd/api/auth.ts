import type { Authenticate, Caller, CallOptions } from '../calls/caller.js';
import { lazyCodec } from '../calls/codec.js';
import { ok } from '../../base/index.js';
import type { CallResult } from '../errors.js';
import { rpcs } from '../rpcs.js';
import type * as Wire from '../wire/generated/auth.js';
import type {
  Permission as WirePermission,
  Permission_Type,
} from '../wire/generated/permission.js';
import {
  acknowledged,
  headerOf,
  keyRangeOf,
  mapCall,
  type Acknowledged,
  type KeyRange,
  type ResponseHeader,
} from './common.js';

export type Access = 'read' | 'write' | 'read-write';

export interface Permission {
  readonly access: Access;
  readonly key: Uint8Array;
  /** Empty: only `key`. One zero byte: everything from `key` on. */
  readonly rangeEnd: Uint8Array;
}

export interface AuthStatus {
  readonly header: ResponseHeader;
  readonly isEnabled: boolean;
  readonly authRevision: bigint;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Users, roles and the switch. A client that was given credentials logs in by itself; none of this is needed for it. */
export class AuthAPI {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Checks a name and a password; the value is a token, which this client does not keep.
   *
   * @example
   * const token = await client.auth.authenticate({ username: 'ann', password });
   * if (!token.ok && token.error.kind === 'refused') console.log(token.error.reason);
   */
  async authenticate(
    { username, password }: Credentials,
    options?: CallOptions,
  ): Promise<CallResult<string>> {
    const request = { name: username, password };
    const answer = await this.#caller.unary(rpcs.authenticate, authenticateCodec, request, options);
    return mapCall(answer, ({ token }) => token);
  }

  /**
   * Whether the cluster asks for users. Since 3.5.
   *
   * @example
   * const status = await client.auth.status();
   * if (status.ok && !status.value.isEnabled) console.warn('everybody may do everything');
   */
  async status(options?: CallOptions): Promise<CallResult<AuthStatus>> {
    const request = {};
    const answer = await this.#caller.unary(rpcs.authStatus, codecs.status, request, options);
    return mapCall(answer, authStatusOf);
  }

  /**
   * From now on every call needs a user. Needs a user `root` with the role `root`.
   *
   * @example
   * await client.auth.userAdd('root', password);
   * await client.auth.userGrantRole('root', 'root');
   * await client.auth.enable();
   */
  async enable(options?: CallOptions): Promise<CallResult<Acknowledged>> {
    const request = {};
    const answer = await this.#caller.unary(rpcs.authEnable, codecs.enable, request, options);
    return mapCall(answer, acknowledged);
  }

  /**
   * Nobody is asked for a user any more; users and roles stay. Only root may.
   *
   * @example
   * const opened = await client.auth.disable();
   * if (!opened.ok) console.error(opened.error.message);
   */
  async disable(options?: CallOptions): Promise<CallResult<Acknowledged>> {
    const request = {};
    const answer = await this.#caller.unary(rpcs.authDisable, codecs.disable, request, options);
    return mapCall(answer, acknowledged);
  }

  /**
   * Without a password the user can only come with a certificate.
   *
   * @example
   * await client.auth.userAdd('ann', password);
   * await client.auth.userAdd('kube-apiserver', undefined);
   */
  async userAdd(
    name: string,
    password: string | undefined,
    options?: CallOptions,
  ): Promise<CallResult<Acknowledged>> {
    const request = {
      name,
      password: password ?? '',
      options: { noPassword: password === undefined },
    };
    const answer = await this.#caller.unary(rpcs.userAdd, codecs.userAdd, request, options);
    return mapCall(answer, acknowledged);
  }

  /**
   * The roles of one user.
   *
   * @example
   * const roles = await client.auth.userRoles('ann');
   * if (roles.ok) console.log(roles.value.join(', '));
   */
  async userRoles(name: string, options?: CallOptions): Promise<CallResult<readonly string[]>> {
    const request = { name };
    const answer = await this.#caller.unary(rpcs.userGet, codecs.userRoles, request, options);
    return mapCall(answer, ({ roles }) => roles);
  }

  /**
   * The names of all users.
   *
   * @example
   * const users = await client.auth.userList();
   * if (users.ok && !users.value.includes('root')) console.warn('there is no root yet');
   */
  async userList(options?: CallOptions): Promise<CallResult<readonly string[]>> {
    const request = {};
    const answer = await this.#caller.unary(rpcs.userList, codecs.userList, request, options);
    return mapCall(answer, ({ users }) => users);
  }

  /**
   * Deletes a user; its tokens are worth nothing from then on.
   *
   * @example
   * await client.auth.userDelete('ann');
   */
  async userDelete(name: string, options?: CallOptions): Promise<CallResult<Acknowledged>> {
    const request = { name };
    const answer = await this.#caller.unary(rpcs.userDelete, codecs.userDelete, request, options);
    return mapCall(answer, acknowledged);
  }

  /**
   * Sets another password; whoever is logged in has to log in again.
   *
   * @example
   * await client.auth.userChangePassword('ann', newPassword);
   */
  async userChangePassword(
    name: string,
    password: string,
    options?: CallOptions,
  ): Promise<CallResult<Acknowledged>> {
    const request = { name, password };
    const answer = await this.#caller.unary(
      rpcs.userChangePassword,
      codecs.userChangePassword,
      request,
      options,
    );
    return mapCall(answer, acknowledged);
  }

  /**
   * Gives a user a role that exists.
   *
   * @example
   * await client.auth.userGrantRole('ann', 'jobs-writer');
   */
  async userGrantRole(
    user: string,
    role: string,
    options?: CallOptions,
  ): Promise<CallResult<Acknowledged>> {
    const request = { user, role };
    const answer = await this.#caller.unary(
      rpcs.userGrantRole,
      codecs.userGrantRole,
      request,
      options,
    );
    return mapCall(answer, acknowledged);
  }

  /**
   * Takes a role from a user.
   *
   * @example
   * await client.auth.userRevokeRole('ann', 'jobs-writer');
   */
  async userRevokeRole(
    name: string,
    role: string,
    options?: CallOptions,
  ): Promise<CallResult<Acknowledged>> {
    const request = { name, role };
    const answer = await this.#caller.unary(
      rpcs.userRevokeRole,
      codecs.userRevokeRole,
      request,
      options,
    );
    return mapCall(answer, acknowledged);
  }

  /**
   * A new role, which may do nothing yet.
   *
   * @example
   * await client.auth.roleAdd('jobs-writer');
   * await client.auth.roleGrant('jobs-writer', 'write', { prefix: 'jobs/' });
   */
  async roleAdd(name: string, options?: CallOptions): Promise<CallResult<Acknowledged>> {
    const request = { name };
    const answer = await this.#caller.unary(rpcs.roleAdd, codecs.roleAdd, request, options);
    return mapCall(answer, acknowledged);
  }

  /**
   * What one role may do.
   *
   * @example
   * const may = await client.auth.rolePermissions('jobs-writer');
   * if (may.ok) for (const { access, key } of may.value) console.log(access, textOf(key));
   */
  async rolePermissions(
    role: string,
    options?: CallOptions,
  ): Promise<CallResult<readonly Permission[]>> {
    const request = { role };
    const answer = await this.#caller.unary(rpcs.roleGet, codecs.rolePermissions, request, options);
    return mapCall(answer, ({ perm }) => perm.map(permissionOf));
  }

  /**
   * The names of all roles.
   *
   * @example
   * const roles = await client.auth.roleList();
   * if (roles.ok) console.log(roles.value.length);
   */
  async roleList(options?: CallOptions): Promise<CallResult<readonly string[]>> {
    const request = {};
    const answer = await this.#caller.unary(rpcs.roleList, codecs.roleList, request, options);
    return mapCall(answer, ({ roles }) => roles);
  }

  /**
   * Deletes a role; users who had it lose what it gave them.
   *
   * @example
   * await client.auth.roleDelete('jobs-writer');
   */
  async roleDelete(role: string, options?: CallOptions): Promise<CallResult<Acknowledged>> {
    const request = { role };
    const answer = await this.#caller.unary(rpcs.roleDelete, codecs.roleDelete, request, options);
    return mapCall(answer, acknowledged);
  }

  /**
   * Lets a role read, write or both, one key, a range or a prefix.
   *
   * @example
   * await client.auth.roleGrant('jobs-reader', 'read', { prefix: 'jobs/' });
   */
  async roleGrant(
    role: string,
    access: Access,
    range: KeyRange,
    options?: CallOptions,
  ): Promise<CallResult<Acknowledged>> {
    const request = { name: role, perm: { permType: ACCESS[access], ...keyRangeOf(range) } };
    const answer = await this.#caller.unary(
      rpcs.roleGrantPermission,
      codecs.roleGrant,
      request,
      options,
    );
    return mapCall(answer, acknowledged);
  }

  /**
   * Takes back what was granted for exactly this range.
   *
   * @example
   * await client.auth.roleRevoke('jobs-reader', { prefix: 'jobs/' });
   */
  async roleRevoke(
    role: string,
    range: KeyRange,
    options?: CallOptions,
  ): Promise<CallResult<Acknowledged>> {
    const request = { role, ...keyRangeOf(range) };
    const answer = await this.#caller.unary(
      rpcs.roleRevokePermission,
      codecs.roleRevoke,
      request,
      options,
    );
    return mapCall(answer, acknowledged);
  }
}

/** Logs in for a client's own calls; no token when the cluster asks for no users. */
export const authenticateWith =
  ({ username, password }: Credentials): Authenticate =>
  async (caller, turn) => {
    const request = { name: username, password };
    const answer = await caller.unaryAt(turn, rpcs.authenticate, authenticateCodec, request);
    if (answer.ok) return ok(answer.value.token);
    const isOpen = answer.error.kind === 'refused' && answer.error.reason === 'auth-not-enabled';
    return isOpen ? ok(undefined) : answer;
  };

const wire = () => import('../wire/generated/auth.js');
const authenticateCodec = lazyCodec(wire, 'AuthenticateRequest', 'AuthenticateResponse');
const codecs = {
  status: lazyCodec(wire, 'AuthStatusRequest', 'AuthStatusResponse'),
  enable: lazyCodec(wire, 'AuthEnableRequest', 'AuthEnableResponse'),
  disable: lazyCodec(wire, 'AuthDisableRequest', 'AuthDisableResponse'),
  userAdd: lazyCodec(wire, 'AuthUserAddRequest', 'AuthUserAddResponse'),
  userRoles: lazyCodec(wire, 'AuthUserGetRequest', 'AuthUserGetResponse'),
  userList: lazyCodec(wire, 'AuthUserListRequest', 'AuthUserListResponse'),
  userDelete: lazyCodec(wire, 'AuthUserDeleteRequest', 'AuthUserDeleteResponse'),
  userChangePassword: lazyCodec(
    wire,
    'AuthUserChangePasswordRequest',
    'AuthUserChangePasswordResponse',
  ),
  userGrantRole: lazyCodec(wire, 'AuthUserGrantRoleRequest', 'AuthUserGrantRoleResponse'),
  userRevokeRole: lazyCodec(wire, 'AuthUserRevokeRoleRequest', 'AuthUserRevokeRoleResponse'),
  roleAdd: lazyCodec(wire, 'AuthRoleAddRequest', 'AuthRoleAddResponse'),
  rolePermissions: lazyCodec(wire, 'AuthRoleGetRequest', 'AuthRoleGetResponse'),
  roleList: lazyCodec(wire, 'AuthRoleListRequest', 'AuthRoleListResponse'),
  roleDelete: lazyCodec(wire, 'AuthRoleDeleteRequest', 'AuthRoleDeleteResponse'),
  roleGrant: lazyCodec(wire, 'AuthRoleGrantPermissionRequest', 'AuthRoleGrantPermissionResponse'),
  roleRevoke: lazyCodec(
    wire,
    'AuthRoleRevokePermissionRequest',
    'AuthRoleRevokePermissionResponse',
  ),
};

const ACCESS = { read: 0, write: 1, 'read-write': 2 } as const satisfies Readonly<
  Record<Access, Permission_Type>
>;
const ACCESS_OF: readonly Access[] = ['read', 'write', 'read-write'];

const permissionOf = ({ permType, key, rangeEnd }: WirePermission): Permission => ({
  access: ACCESS_OF[permType] ?? 'read',
  key,
  rangeEnd,
});

const authStatusOf = ({ header, enabled, authRevision }: Wire.AuthStatusResponse): AuthStatus => ({
  header: headerOf(header),
  isEnabled: enabled,
  authRevision,
});
