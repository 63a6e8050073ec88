/**
 * vaktrom.yaml: where the daemon finds its homeserver and its files. Who may do what is in the policy.
 * JSON Schema cannot say which hosts the URL parser refuses, such as 1.2.3.999.
 */
import { z } from 'zod';
import { parseDeviceId, parseUserId } from '../base/ids.ts';
import { ok, type Result } from '../base/result.ts';
import { parseConforming } from './conform.ts';
import type { Problem } from './document.ts';
import { numbersTo } from './number-pattern.ts';
import { parsedBy } from './parsed-by.ts';
import { webSchema } from './settings-web.ts';

const HOMESERVER = new RegExp(
  `^https?://(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s/?#@:\\\\[\\]]+)(?::${numbersTo(65_535)})?(?:/[^\\s?#\\\\]*)?$`,
);
const NOT_A_URL = 'must be a URL such as https://matrix.example.org';

export const settingsSchema = z.strictObject({
  version: z.literal(1),
  homeserver: z
    .string()
    .regex(HOMESERVER, { error: NOT_A_URL, abort: true })
    .refine((text) => URL.canParse(text), NOT_A_URL)
    .describe('base URL of the homeserver; trusted to deliver messages, and for nothing else'),
  user: parsedBy(parseUserId, 'the account of the bot, @name:server'),
  device: parsedBy(parseDeviceId, 'the device of the bot; written by vaktrom init'),
  policy: z.string().min(1).default('policy.yaml').describe('the policy, relative to this file'),
  state: z
    .string()
    .min(1)
    .default('state')
    .describe('folder that the daemon writes to: crypto store, audit log; 0700, its own'),
  secrets: z
    .string()
    .min(1)
    .default('secrets')
    .describe(
      'folder of access-token, crypto-key, audit-key and factor-key; 0700, never in a backup in clear',
    ),
  ca_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'PEM file of a private certificate authority, trusted beside the public ones; certificates are always checked',
    ),
  control: z
    .string()
    .min(1)
    .optional()
    .describe('folder of the control socket; without it: that of systemd, or run beside this file'),
  web: webSchema.optional(),
});

export type Settings = z.output<typeof settingsSchema>;

export function parseSettings(text: string, file: string): Result<Settings, readonly Problem[]> {
  const parsed = parseConforming(settingsSchema, text, file);
  return parsed.ok ? ok(parsed.value.value) : parsed;
}
