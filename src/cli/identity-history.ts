/** `vaktrom identity history`: who went by which identity when, as the log tells it. */

import { parseEntry } from '../audit/entry.ts';
import { Identities, type IdentityEvent } from '../audit/identities.ts';
import { type Directory, openDirectory } from '../config/directory.ts';
import { fileNames } from '../daemon.ts';
import { visibleLine } from '../output/text.ts';
import { ledgerFiles } from '../store/ledger-files.ts';
import { readLines } from '../store/lines.ts';
import type { ExitCode, Io } from './io.ts';

export interface HistoryOptions {
  readonly dir: string;
  readonly json: boolean;
}

/** `account`: of this one only. */
export async function identityHistory(
  account: string | undefined,
  { dir, json }: HistoryOptions,
  io: Io,
): Promise<ExitCode> {
  const { events, identities } = await readIdentities(await openDirectory(dir));
  for (const event of events)
    if (account === undefined || event.account === account)
      io.out(json ? JSON.stringify(event) : visibleLine(describe(event)));
  const suspended = [...new Set(events.map((event) => event.account))].filter(
    (each) => (account === undefined || each === account) && identities.suspended(each),
  );
  for (const each of suspended)
    io.err(visibleLine(`${each} is suspended until an administrator pins its identity anew`));
  return 0;
}

function describe({ seq, ts, what, account, identity, code }: IdentityEvent): string {
  const words: Readonly<Record<IdentityEvent['what'], string>> = {
    seen: 'first seen with',
    refused: `suspended (${code}) with`,
    pinned: identity === '' ? 'named in the policy, without a pin' : 'pinned in the policy:',
    dropped: 'no more in the policy',
    verified: 'compared by emoji:',
  };
  return `${String(seq).padStart(6)}  ${ts}  ${account}  ${words[what]} ${identity}`.trimEnd();
}

/** Reads the log itself, daemon or not. What is in it is checked by `vaktrom audit verify`. */
export async function readIdentities({ statePath }: Pick<Directory, 'statePath'>) {
  const identities = new Identities();
  const events: IdentityEvent[] = [];
  for await (const { bytes, complete } of readLines(ledgerFiles(fileNames.audit(statePath)).log)) {
    const entry = parseEntry(bytes);
    const event = complete && entry.ok ? identities.note(entry.value) : undefined;
    if (event) events.push(event);
  }
  return { events, identities };
}
