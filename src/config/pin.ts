/**
 * Puts a pinned identity into the text of a policy, and nothing else: what a person has written stays
 * as it is, byte for byte. The result is a policy again, with that pin, or it is refused.
 */
import type { UserId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Policy } from '../policy/model.ts';
import { formatProblem, parseSource, type Source } from './document.ts';
import { parsePolicy } from './policy-file.ts';

export interface Pin {
  readonly account: UserId;
  /** The master key, unpadded base64. */
  readonly identity: string;
}

/** `text` is a valid policy; the other is its text with the pin. */
export function pinInText(text: string, { account, identity }: Pin): Result<string, string> {
  const place = placeOf(parsePolicyText(text), account);
  if (!place) return err(`the policy does not name ${account}`);
  const source = parseSource(text, 'policy');
  if (!source.ok) return err(source.error.map(formatProblem).join('\n'));
  const edited = edit(text, source.value, { place, identity });
  const pinned = edited && parsePolicyText(edited);
  const isPinned = pinned && pinOf(pinned, account) === identity;
  return edited && isPinned
    ? ok(edited)
    : err(`write it yourself: I do not understand how ${account} is written`);
}

function parsePolicyText(text: string): Policy | undefined {
  const parsed = parsePolicy(text, 'policy');
  return parsed.ok ? parsed.value.policy : undefined;
}

interface Place {
  readonly person: string;
  readonly index: number;
}

function placeOf(policy: Policy | undefined, account: UserId): Place | undefined {
  for (const { name, accounts } of policy?.people.values() ?? []) {
    const index = accounts.findIndex(({ id }) => id === account);
    if (index >= 0) return { person: name, index };
  }
  return undefined;
}

const pinOf = (policy: Policy, account: UserId): string | undefined =>
  [...policy.people.values()].flatMap(({ accounts }) => accounts).find(({ id }) => id === account)
    ?.identity;

function edit(
  text: string,
  source: Source,
  { place, identity }: { readonly place: Place; readonly identity: string },
): string | undefined {
  const at = ['people', place.person, 'accounts', place.index];
  const quoted = JSON.stringify(identity);
  const old = source.spanOf([...at, 'identity']);
  if (old) return text.slice(0, old[0]) + quoted + text.slice(old[1]);
  const id = source.spanOf([...at, 'id']);
  const entry = source.spanOf(at);
  if (!id || !entry) return undefined;
  // Between braces a comma goes on with the entry; else it goes on below, as far in as `id`.
  const indent = ' '.repeat(entry[0] - (text.lastIndexOf('\n', entry[0] - 1) + 1));
  const more = text[entry[0]] === '{' ? `, identity: ${quoted}` : `\n${indent}identity: ${quoted}`;
  return text.slice(0, id[1]) + more + text.slice(id[1]);
}
