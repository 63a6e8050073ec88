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
  | 'secret_missing'
  | 'setup_exists'
  | 'unanswered'
  | 'usage'
  | 'verification_failed';

export type FatalCode =
  | 'audit_append_failed'
  | 'audit_head_mismatch'
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

/** Makes a `switch` exhaustive; reached only when a type lied. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** An error and its causes, outermost first, one line, no stack: what a person should read. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 8; ) {
    if (at instanceof Error) parts.push(at.message);
    else parts.push(typeof at === 'string' ? at : 'something that is no error');
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(': ').replace(/\s*\n\s*/g, '; ');
}
