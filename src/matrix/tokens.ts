/** The tokens of a session, as servers hand them out. */
import { text } from './events.ts';

export interface Tokens {
  readonly accessToken: string;
  /** Good once, for the next pair. */
  readonly refreshToken?: string;
  /** Left out: it does not expire by itself. */
  readonly lifetimeMs?: number;
}

/** As the homeserver answers to a login and to a refresh (Matrix, "Refreshing access tokens"). */
export function tokensIn(answer: Readonly<Record<string, unknown>>): Tokens {
  const [refreshToken, lifetimeMs] = [text(answer['refresh_token']), answer['expires_in_ms']];
  return {
    accessToken: text(answer['access_token']),
    ...(refreshToken === '' ? {} : { refreshToken }),
    ...(typeof lifetimeMs === 'number' && lifetimeMs > 0 ? { lifetimeMs } : {}),
  };
}
