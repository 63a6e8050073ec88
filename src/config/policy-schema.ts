/**
 * The shape of policy.yaml as a person writes it. What a name refers to is checked one file on, in
 * policy-file.ts. The JSON Schema for editors is generated from this, so a check is a pattern or a rule
 * (rules.ts) wherever JSON Schema can say it. It cannot say: that there is such a time zone, or such a day.
 */
import { z } from 'zod';
import {
  parseActionName,
  parsePersonName,
  parseRoomId,
  parseRoomName,
  parseUserId,
} from '../base/ids.ts';
import { DENY_CODES } from '../policy/decision.ts';
import { numbersTo } from './number-pattern.ts';
import { parsedBy } from './parsed-by.ts';
import { exactlyOneOf, onlyWhere, ruled, together } from './rules.ts';

/** The problem if a pattern does not fit; what is said of its parts would only repeat it. */
const first = (error: string) => ({ error, abort: true });

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Nothing is waited for longer; timers take no more than 24 days and end at once beyond. */
const MAX_DURATION_MS = 7 * UNIT_MS.d;
const SHORT_ENOUGH = Object.entries(UNIT_MS)
  .map(([unit, ms]) => `${numbersTo(MAX_DURATION_MS / ms)}${unit}`)
  .join('|');
const duration = z
  .string()
  .regex(/^[1-9][0-9]{0,5}[smhd]$/, first('must be a duration such as 90s, 15m, 2h or 1d'))
  .regex(new RegExp(`^(?:${SHORT_ENOUGH})$`), 'must be at most 7d')
  .transform((text) => Number(text.slice(0, -1)) * UNIT_MS[text.at(-1) as keyof typeof UNIT_MS])
  .describe('a duration: 90s, 15m, 2h, 1d');

const UNIT_BYTES = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const;
const size = z
  .string()
  .regex(/^[1-9][0-9]{0,5}[KMG]$/, 'must be a size such as 512K, 256M or 2G')
  .transform(
    (text) => Number(text.slice(0, -1)) * UNIT_BYTES[text.at(-1) as keyof typeof UNIT_BYTES],
  )
  .describe('a size in bytes: 512K, 256M, 2G');

const time = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time such as "22:00"');
const endTime = z
  .string()
  .regex(/^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/, 'must be a time such as "02:00" or "24:00"');
const word = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,31}$/,
    'must be a name: a lower-case letter, then letters, digits, - _',
  );
const absolutePath = z
  .string()
  .regex(
    /^(?:\/(?!\.{0,2}(?:\/|$))[^/]+)+$/,
    'must be an absolute path in its shortest form: no . or .. or //, no / at the end',
  );
const factor = z.enum(['totp', 'webauthn']);
const roles = z.array(word).min(1);
const some = <T extends z.ZodType>(item: T) => z.array(item).min(1, 'must not be empty');

const NO_SUCH_TIME = 'there is no such time';
const moment = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/,
    first('must be a time with its zone, such as 2026-03-03T22:30+01:00'),
  )
  .regex(/-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T/, first(NO_SUCH_TIME))
  .regex(/T(?:24:00(?::00)?|(?:[01]\d|2[0-3])(?::[0-5]\d){1,2})(?:Z|[+-])/, first(NO_SUCH_TIME))
  .regex(/(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/, first(NO_SUCH_TIME))
  .refine((text) => isDay(text.slice(0, 'YYYY-MM-DD'.length)), NO_SUCH_TIME)
  .transform((text) => Date.parse(text));

/** Date takes the 30th of February for the 2nd of March. */
const isDay = (day: string): boolean => new Date(day).toISOString().startsWith(day);

const timeZone = z.string().refine(
  (name) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
      return true;
    } catch {
      return false; // the runtime's way of saying that it knows no such zone
    }
  },
  { message: 'must be a time zone such as Europe/Berlin' },
);

const destination = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}$/, first('must be host:port'))
  .regex(new RegExp(`:0*${numbersTo(65_535)}$`), 'the port must be from 1 to 65535')
  // What stands in the place of a top-level domain and is a number makes an address of all of it.
  .regex(/^(?!(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*):)/, 'must be a host name, not an address')
  .transform((text) => ({
    host: text.slice(0, text.lastIndexOf(':')),
    port: Number(text.slice(text.lastIndexOf(':') + 1)),
  }));
const network = z
  .union([z.literal('none').transform(() => []), z.array(destination)])
  .describe('"none", or the host:port pairs that can be reached');

const account = z.strictObject({
  id: parsedBy(parseUserId, 'the Matrix account, @name:server'),
  identity: z
    .string()
    .regex(
      /^[A-Za-z0-9+/]{43}$/,
      first('must be 43 characters of unpadded base64 (see: vaktrom identity show)'),
    )
    // 32 bytes leave two bits of the last character over (RFC 4648, 3.5).
    .regex(/[AEIMQUYcgkosw048]$/, 'is no key: a character is wrong')
    .optional()
    .describe('the pinned master key; without it: read actions only'),
});

const person = z.strictObject({
  roles,
  accounts: some(account),
  local_users: z
    .array(z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be a user name of this host'))
    .optional()
    .describe('users of the host who are this person: vaktrom request, approve, deny, pending'),
});

const posture = z.strictObject({
  encrypted: z.literal(true).optional(),
  invite_only: z.literal(true).optional(),
  members: z.literal('policy').optional().describe('every member is an account of the policy'),
  history: z.enum(['joined', 'invited', 'shared']).optional(),
  guests: z.literal(false).optional(),
  servers: some(z.string()).optional().describe('the only servers that members may be on'),
});

const room = z.strictObject({
  id: parsedBy(parseRoomId, 'the room id, !opaque:server (not an alias)'),
  posture: posture.optional(),
  max_members: z.int().min(2).optional(),
  encrypted: z.literal(true).optional().describe('always so; false cannot be asked for'),
  verified_devices_only: z
    .literal(true)
    .optional()
    .describe('always so: only cross-signed devices are heard'),
});

const window = z.strictObject({
  tz: timeZone,
  days: some(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])),
  from: time,
  to: endTime.describe('before "from": on the next day'),
});

const parameter = ruled(
  z.strictObject({
    enum: some(z.string().min(1).max(200)).optional(),
    pattern: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('a regular expression for the whole value'),
    max_length: z.int().min(1).max(256).optional().describe('demanded with pattern'),
    integer: z.strictObject({ min: z.int(), max: z.int() }).optional(),
    default: z.string().optional(),
    allow_dash: z.boolean().optional().describe('a value may begin with "-"'),
  }),
  exactlyOneOf('enum', 'pattern', 'integer'),
  together('pattern', 'max_length'),
);

const quorum = z.strictObject({
  count: z.int().min(1).max(9).describe('distinct people, the requester excluded'),
  roles,
  step_up: factor.optional(),
  within: duration.optional(),
});

const sandbox = z.strictObject({
  network: network.optional(),
  read: z.array(absolutePath).optional(),
  write: z.array(absolutePath).optional(),
  timeout: duration.optional(),
  memory: size.optional(),
  max_output: size.optional(),
  processes: z.int().min(1).max(4096).optional(),
});

const action = z.strictObject({
  summary: z.string().min(1).max(200),
  run: z
    .tuple([absolutePath], z.string())
    .describe('argv, no shell; {name} is replaced inside one argument'),
  params: z.record(word, parameter).optional(),
  env: z
    .record(
      z
        .string()
        .regex(/^(?!VAKTROM_)[A-Z_][A-Z0-9_]*$/, 'must be a variable name, and not VAKTROM_…'),
      z.string(),
    )
    .optional(),
  effect: z.enum(['read', 'change', 'destructive']),
  mode: z.enum(['observe', 'warn', 'enforce']).optional(),
  allow: z.strictObject({ roles, rooms: some(word), windows: some(word).optional() }),
  require: z
    .strictObject({
      step_up: factor.optional(),
      approvals: z.union([some(quorum), quorum]).optional(),
      within: duration.optional().describe('for giving what is missing; 30m'),
      start_within: duration
        .optional()
        .describe('the requester then has to !start it within this time; else it starts by itself'),
    })
    .optional(),
  sandbox: sandbox.optional(),
  files: z
    .array(absolutePath)
    .optional()
    .describe('their content is part of what is approved, as is that of the program'),
  break_glass: z
    .strictObject({ roles })
    .optional()
    .describe('who may run it without sign-offs, with a reason, loudly, and reviewed'),
  allowance: z
    .strictObject({ times: z.int().min(1).max(100), for: duration })
    .optional()
    .describe('the most that !allow may ask for at once'),
});

const approval = z
  .string()
  .regex(/^[a-z][a-z0-9_-]*(:(totp|webauthn))?$/, 'must be such as bob, bob:totp or bob:webauthn');

const expectation = ruled(
  z.strictObject({
    as: word,
    do: z.string().min(1).describe('what is typed, with or without the !'),
    in: word,
    at: moment.optional().describe('without it: a Wednesday, noon UTC'),
    step_up: factor.optional(),
    approved_by: z.array(approval).optional(),
    expect: z.enum(['allow', 'deny', 'pending']),
    because: z.enum(DENY_CODES).optional(),
    missing: z.array(z.string()).optional().describe('such as [totp, "1 approval"]'),
  }),
  onlyWhere('because', 'expect', 'deny'),
  onlyWhere('missing', 'expect', 'pending'),
);

export const policySchema = z.strictObject({
  version: z.literal(1),
  people: z.record(parsedBy(parsePersonName, 'a name'), person),
  rooms: z.record(parsedBy(parseRoomName, 'a name'), room),
  windows: z.record(word, window).optional(),
  defaults: z
    .strictObject({
      timeout: duration.optional(),
      network: z.literal('none').optional(),
      output: z
        .literal('redact-secrets')
        .optional()
        .describe('accepted and without effect: no secret is given to an action yet'),
      memory: size.optional(),
      max_output: size.optional(),
      processes: z.int().min(1).max(4096).optional(),
    })
    .optional(),
  actions: z.record(parsedBy(parseActionName, 'a name'), action),
  freeze: z
    .strictObject({ roles, unfreeze: roles.optional() })
    .optional()
    .describe('who may !freeze and !unfreeze; without it: every role that the policy knows'),
  recovery: z
    .strictObject({ count: z.int().min(1).max(9), roles })
    .optional()
    .describe(
      'who has to agree before somebody may enrol a lost factor anew; without it: nobody can',
    ),
  tests: z.array(expectation).optional(),
});

export type PolicyDocument = z.output<typeof policySchema>;
