/** `!whoami`: who the daemon takes somebody for, why, and what is missing to be fully trusted. */
import { type Block, code, line, strong } from '../output/block.ts';
import { LOCAL } from '../trust/local.ts';
import type { Context } from './context.ts';

export function answerWhoami(context: Context): Block[] {
  const { by, policy } = context;
  const roles = policy.people.get(by.person)?.roles.join(', ') ?? '';
  const missing = [...missingOf(context)];
  return [
    line('You are ', strong(by.person), `, with the roles ${roles}.`),
    line('account ', code(by.account), ' · device ', code(by.device)),
    ...(by.room === LOCAL ? [] : [line('identity ', code(by.identity), ` · ${pinOf(context)}`)]),
    line(factorsOf(context)),
    ...(missing.length > 0
      ? [line('Missing to be fully trusted:'), ...missing.map((text) => line(`– ${text}`))]
      : [line('Nothing is missing: you are fully trusted.')]),
  ];
}

function pinOf({ by, standing }: Context): string {
  const verified = standing.identities.verified(by.account, by.identity);
  return [
    by.pinned ? 'pinned in the policy' : 'not pinned',
    verified ? `compared by emoji on ${verified.ts.slice(0, 10)}` : 'never compared by emoji',
  ].join(' · ');
}

function factorsOf({ by, standing }: Context): string {
  const names = [
    ...(standing.has(by.person, 'totp') ? ['one-time codes'] : []),
    ...(standing.has(by.person, 'webauthn') ? ['passkey'] : []),
  ];
  return `factors: ${names.length > 0 ? names.join(', ') : 'none'}`;
}

function* missingOf({ by, standing }: Context): Iterable<string> {
  if (!by.pinned)
    yield 'Your identity is not pinned, so you may only read. An administrator compares it with your client and runs: vaktrom identity pin';
  if (standing.isLocked(by.person)) yield 'You are locked out after too many wrong codes.';
  if (!standing.has(by.person, 'totp') && !standing.has(by.person, 'webauthn'))
    yield 'You have no factor, so what asks for a proof of you will not start. In the direct room: !enrol';
}
