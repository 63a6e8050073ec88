/**
 * Branded names. Each is made only by the parser beside it, so that a value of the type has been
 * looked at once. Matrix ids are compared byte for byte and never normalised: two ids that look alike
 * are two ids.
 */
import { err, ok, type Result } from './result.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<'UserId'>;
export type DeviceId = Branded<'DeviceId'>;
export type RoomId = Branded<'RoomId'>;
export type EventId = Branded<'EventId'>;
export type PersonName = Branded<'PersonName'>;
export type RoomName = Branded<'RoomName'>;
export type ActionName = Branded<'ActionName'>;
export type RequestId = Branded<'RequestId'>;

/** Milliseconds since the Unix epoch, UTC, by our own clock. */
export type Instant = number;

const MAX_ID_BYTES = 255; // Matrix specification, appendix "Common Identifier Format"

/** A parser, and the shape of what it accepts, for a schema to show. */
export interface Shaped<T extends string> {
  (text: string): Result<T, string>;
  readonly shape: RegExp;
  readonly maxLength: number;
}

const parser = <T extends string>(what: string, shape: RegExp, example: string): Shaped<T> =>
  Object.assign(
    (text: string): Result<T, string> =>
      shape.test(text) && Buffer.byteLength(text) <= MAX_ID_BYTES
        ? ok(text as T)
        : err(`${JSON.stringify(text.slice(0, 80))} is not ${what} (like ${example})`),
    { shape, maxLength: MAX_ID_BYTES },
  );

// The historical user id grammar: any printable ASCII. Narrower than what a server may hand us,
// so that no id with an invisible or look-alike character is ever in a policy.
const SERVER = '[A-Za-z0-9.\\-:\\[\\]]+';

export const parseUserId = parser<UserId>(
  'a Matrix account',
  new RegExp(`^@[\\x21-\\x39\\x3B-\\x7E]+:${SERVER}$`),
  '@alice:example.org',
);

// Room version 12 ids have no server part (MSC4291).
export const parseRoomId = parser<RoomId>(
  'a Matrix room id',
  new RegExp(`^!(?:[\\x21-\\x39\\x3B-\\x7E]+:${SERVER}|[A-Za-z0-9_-]{43})$`),
  '!danger:example.org',
);

export const parseEventId = parser<EventId>('an event id', /^\$[\x21-\x7E]+$/, '$abc');
export const parseDeviceId = parser<DeviceId>('a device id', /^[\x21-\x7E]+$/, 'ABCDEFGH');

const NAME = /^[a-z][a-z0-9_-]{0,31}$/;
export const parsePersonName = parser<PersonName>('a name', NAME, 'alice');
export const parseRoomName = parser<RoomName>('a name', NAME, 'danger');
export const parseActionName = parser<ActionName>('a name', NAME, 'db-failover');

/**
 * The short form by which people name a request: six characters of Crockford's base 32, in two
 * groups. Letters are accepted in either case and with the look-alikes that Crockford names.
 */
export function parseRequestId(text: string): Result<RequestId, string> {
  // ASCII before anything else: upper case would turn ſ into S and ı into I.
  const [, first = '', last = ''] = /^([0-9A-Za-z]{4})-?([0-9A-Za-z]{2})$/.exec(text) ?? [];
  const plain = `${first}${last}`.toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1');
  return /^[0-9A-HJKMNP-TV-Z]{6}$/.test(plain)
    ? ok(`${plain.slice(0, 4)}-${plain.slice(4)}` as RequestId)
    : err(`${JSON.stringify(text.slice(0, 20))} is not a request (like K7QF-2M)`);
}
