/**
 * The verb `reload`: reads the policy anew. What came of it goes over the socket as facts, for programs
 * as they are; the client puts them into words for people.
 */
import { assertNever } from '../base/errors.ts';
import { EXIT_OF_RELOAD } from './exit.ts';
import { forTheHost, type Verb } from './verbs.ts';

/** `policy` is the SHA-256 of the one that counts now. */
export type Reloaded =
  | { readonly kind: 'loaded' | 'unchanged'; readonly policy: string }
  | { readonly kind: 'rejected'; readonly policy: string; readonly problem: string };

export const openReload = (reloadPolicy: () => Promise<Reloaded>): Verb =>
  forTheHost(async (peer) => {
    const reloaded = await reloadPolicy();
    peer.print(JSON.stringify(reloaded));
    return EXIT_OF_RELOAD[reloaded.kind];
  });

/** For the client: undefined when it is nothing that this version of `reload` says. */
export function parseReloaded(text: string): Reloaded | undefined {
  const { kind, policy, problem } = parseObject(text) ?? {};
  if (typeof policy !== 'string') return undefined;
  if (kind === 'loaded' || kind === 'unchanged') return { kind, policy };
  return kind === 'rejected' && typeof problem === 'string' ? { kind, policy, problem } : undefined;
}

export function describeReloaded(reloaded: Reloaded): string {
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

function parseObject(text: string): Partial<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // the caller says that it is another version
  }
}
