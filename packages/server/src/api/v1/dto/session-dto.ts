import type { Login as LoginDto, Session as SessionDto } from '@volary/contract';
import type { Login, ShownSession } from '../../../engine/apis/auth-api.ts';
import { toIso } from './to-iso.ts';
import { toUserDto } from './user-dto.ts';

/** What a login or a refresh gives. */
export function toLoginDto({ user, session, accessToken, refreshToken, expiresInSeconds }: Login): LoginDto {
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    refresh_token: refreshToken,
    expires_in: expiresInSeconds,
    session_id: session.id,
    user: toUserDto(user),
  };
}

/** A session as `/v1` shows it. */
export function toSessionDto(session: ShownSession): SessionDto {
  return {
    id: session.id,
    owner: session.owner,
    is_current: session.isCurrent,
    rotates: session.rotates,
    user_agent: session.userAgent,
    address: session.address,
    created_at: toIso(session.createdAt),
    last_used_at: toIso(session.lastUsedAt),
    expires_at: toIso(session.endsAt),
  };
}
