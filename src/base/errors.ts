/**
 * Two sorts of exception; refusals are values (`Result`, `Decision`, `Verdict`), never exceptions.
 *
 * Fault: something failed, the request at hand fails closed and the daemon goes on.
 * Fatal: memory and disk may disagree from here on; stop taking commands and exit for the supervisor.
 */
export type FaultCode =
  | 'audit_incomplete'
  | 'config_invalid'
  | 'file_changed'
  | 'daemon_unreachable'
  | 'disk_full'
  | 'file_unsafe'
  | 'homeserver_refused'
  | 'homeserver_unreachable'
  | 'identity_differs'
  | 'identity_exists'
  | 'identity_unknown'
  | 'interrupted'
  | 'message_unsent'
  | 'policy_invalid'
  | 'recovery_key_wrong'
  | 'rotation_unfinished'
  | 'sandbox_unavailable'
  | 'secret_damaged'
  | 'secret_missing'
  | 'setup_exists'
  | 'unanswered'
  | 'usage'
  | 'verification_failed';

export type FatalCode =
  | 'audit_append_failed'
  | 'audit_head_mismatch'
  | 'crypto_store_damaged'
  | 'crypto_store_failed'
  | 'crypto_stalled'
  | 'directory_in_use'
  | 'identity_lost'
  | 'key_unreadable'
  | 'signed_out'
  | 'state_unreadable';

export class Fault extends Error {
  readonly code: FaultCode;
  constructor(code: FaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.code = code;
  }
}

export class Fatal extends Error {
  readonly code: FatalCode;
  constructor(code: FatalCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Fatal';
    this.code = code;
  }
}

/** The ends of messages: what a person does where nothing less helps. */
export const BY_RECOVER = 'set the bot up anew in another folder by vaktrom recover';
export const BY_ROTATE = 'give the bot a new device by vaktrom device rotate';

const NEEDS_PERSON: ReadonlySet<FaultCode | FatalCode> = new Set([
  'audit_head_mismatch',
  'config_invalid',
  'crypto_store_damaged',
  'file_unsafe',
  'identity_lost',
  'key_unreadable',
  'policy_invalid',
  'rotation_unfinished',
  'secret_damaged',
  'signed_out',
  'state_unreadable',
]);

/**
 * No restart mends this error, only a person does. An error of the operating system (the file is absent,
 * the disk does not answer) may be gone at the next attempt, so it does not count. EACCES is an exception:
 * permissions do not change by themselves.
 */
export const needsPerson = (error: unknown): boolean =>
  (error instanceof Fault || error instanceof Fatal) &&
  NEEDS_PERSON.has(error.code) &&
  !withCauses(error).some(mayPass);

const mayPass = (cause: unknown): boolean =>
  cause instanceof Error && 'errno' in cause && !('code' in cause && cause.code === 'EACCES');

/** Makes a `switch` exhaustive; reached only when a type lied. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** An error and its causes, outermost first, one line, no stack: what a person should read. */
export function describeError(error: unknown): string {
  const parts = withCauses(error).map((each) => {
    if (each instanceof Error) return each.message;
    return typeof each === 'string' ? each : 'something that is no error';
  });
  return parts.join(': ').replace(/\s*\n\s*/g, '; ');
}

/** Outermost first, bounded, since causes can go in a circle. */
function withCauses(error: unknown): readonly unknown[] {
  const found: unknown[] = [];
  for (let at = error; at !== undefined && found.length < 8; ) {
    found.push(at);
    at = at instanceof Error ? at.cause : undefined;
  }
  return found;
}
