/** The verb `reload`: reads the policy anew, and says what came of it. */
import { assertNever } from '../base/errors.ts';
import { EXIT_OF_RELOAD } from './exit.ts';
import type { Verb } from './verbs.ts';

/** `policy` is the SHA-256 of the one that counts now. */
export type Reloaded =
  | { readonly kind: 'loaded' | 'unchanged'; readonly policy: string }
  | { readonly kind: 'rejected'; readonly policy: string; readonly problem: string };

export const openReload =
  (reloadPolicy: () => Promise<Reloaded>): Verb =>
  async (peer) => {
    const reloaded = await reloadPolicy();
    peer.print(describeReload(reloaded));
    return EXIT_OF_RELOAD[reloaded.kind];
  };

function describeReload(reloaded: Reloaded): string {
  switch (reloaded.kind) {
    case 'loaded':
      return `The policy is loaded: ${reloaded.policy}`;
    case 'unchanged':
      return `The policy is the one that was loaded before: ${reloaded.policy}`;
    case 'rejected':
      return `The new policy is not valid, so the old one stays: ${reloaded.problem}`;
    default:
      return assertNever(reloaded);
  }
}
