import type { SessionId } from '../../domain/ids.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Principal, RequestOrigin } from '../../domain/principal/principal.ts';
import type { Session } from '../../domain/session/session.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { User } from '../../domain/user/user.ts';
import type { Client } from '../identity/session-deps.ts';
import type { Page } from '../requests.ts';

export interface LoginRequest {
  /** Which of the two `account` is. */
  readonly by: 'name' | 'email';
  readonly account: string;
  readonly password: string;
  /** A one-time code, or a recovery code. */
  readonly mfaCode: string | null;
  /** False: the refresh token stays the same, for clients that cannot take a new one. */
  readonly rotates: boolean;
}

/** What a login or a refresh gives. */
export interface Login {
  readonly user: User;
  /** Patterns of what its roles allow now. */
  readonly permissions: readonly string[];
  readonly session: Session;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Of the access token. */
  readonly expiresInSeconds: number;
}

export interface ListSessionsRequest {
  readonly limit: number;
  readonly after: SessionId | null;
  /** Name of a user; null: all that the principal may see. */
  readonly owner: string | null;
}

/** A session as its user sees it. */
export interface ShownSession extends Session {
  /** When it ends unless it is refreshed before. */
  readonly endsAt: EpochMs;
  /** The one by whose token this was asked. */
  readonly isCurrent: boolean;
}

/** A second factor that is not confirmed yet. Nobody is shown it again. */
export interface MfaEnrolment {
  /** In base32. */
  readonly secret: string;
  /** `otpauth://…` */
  readonly uri: string;
  /** The URI as a QR code: an SVG image, and lines of text for a terminal. */
  readonly qrSvg: string;
  readonly qrText: string;
}

/** Passwords, sessions and second factors. */
export interface AuthApi {
  /**
   * Throws `unauthenticated` auth.invalid_login, whatever is wrong with name and password, in the same time; auth.mfa_required /
   * auth.mfa_invalid when those are right; `resource_exhausted` auth.too_many_attempts / auth.too_many_logins.
   */
  logIn(client: Client, request: LoginRequest): Promise<Login>;
  /** Throws `unauthenticated` auth.token_expired / auth.token_invalid / auth.session_ended / auth.refresh_reused. */
  refresh(refreshToken: string, origin?: RequestOrigin): Promise<Login>;
  /** Ends the session by whose token the principal asks. Throws `failed_precondition` auth.no_session. */
  logOut(principal: Principal): Promise<void>;
  /** Sessions that last, in the order they were begun. */
  listSessions(principal: Principal, request: ListSessionsRequest): Promise<Page<ShownSession, SessionId>>;
  /** Throws `not_found` auth.unknown_session. */
  revokeSession(principal: Principal, id: SessionId): Promise<void>;
  /**
   * Ends all other sessions of the user. Throws `permission_denied` auth.wrong_password / auth.login_needed, `invalid_argument` user.weak_password,
   * `resource_exhausted` as `logIn`.
   */
  changePassword(
    principal: Principal,
    change: { readonly currentPassword: string; readonly newPassword: string },
  ): Promise<void>;
  /** A new second factor, which counts when a code of it was shown. Throws `failed_precondition` auth.mfa_enabled. */
  enrolMfa(principal: Principal): Promise<MfaEnrolment>;
  /** Returns the recovery codes, which nobody is shown again. Throws `failed_precondition` auth.mfa_enabled / auth.mfa_not_enrolled, `invalid_argument` auth.wrong_code. */
  confirmMfa(principal: Principal, code: string): Promise<readonly string[]>;
  /**
   * Of the principal's own user it needs a code; of another (`user`, a name) the permission user:update. Throws `failed_precondition`
   * auth.mfa_not_enabled, `invalid_argument` auth.wrong_code, `not_found` user.unknown, `permission_denied` access.outranked.
   */
  disableMfa(
    principal: Principal,
    request: { readonly code: string | null; readonly user: string | null },
  ): Promise<void>;
  /** New recovery codes in place of all earlier ones. Throws as `disableMfa`. */
  renewRecoveryCodes(principal: Principal, code: string): Promise<readonly string[]>;
  /** The keys that tokens can be verified by, as a JSON Web Key Set: for everybody. */
  publicKeys(): Promise<JsonObject>;
}
