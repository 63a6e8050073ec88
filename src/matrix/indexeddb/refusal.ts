/**
 * The one way in which this IndexedDB says no: a DOMException with the name that the standard gives
 * to the situation (W3C IndexedDB 3.0). `NotSupportedError` is ours: valid IndexedDB, outside the
 * subset.
 */
export type RefusalName =
  | 'AbortError'
  | 'ConstraintError'
  | 'DataCloneError'
  | 'DataError'
  | 'InvalidAccessError'
  | 'InvalidStateError'
  | 'NotFoundError'
  | 'NotSupportedError'
  | 'ReadOnlyError'
  | 'SyntaxError'
  | 'TransactionInactiveError'
  | 'VersionError';

export const refusal = (name: RefusalName, message: string): DOMException =>
  new DOMException(message, name);
