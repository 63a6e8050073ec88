import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import type { UserId } from '../../base/ids.ts';

/**
 * As the crate wants them; a call uses them up. Some ids that we can name the crate cannot (a server
 * name like `[[`): nobody has such an account, so they are left out.
 */
export const toUserIds = (users: readonly UserId[]): wasm.UserId[] =>
  users.flatMap((user) => {
    try {
      return [new wasm.UserId(user)];
    } catch {
      return [];
    }
  });
