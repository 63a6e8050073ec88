/** Synapse's configuration for tests: SQLite, no federation, no rate limits. */
import type { JsonObject } from '../../src/demo/homeserver/json.ts';

export interface SynapseOptions {
  readonly serverName: string;
  readonly port: number;
  /** Whoever has it registers accounts. */
  readonly registrationSecret: string;
  /** More settings of Synapse, or others. */
  readonly more?: JsonObject | undefined;
}

/** Paths are those inside the sandbox, where the state directory is /data. */
export const synapseConfig = (options: SynapseOptions): JsonObject => ({
  server_name: options.serverName,
  public_baseurl: `http://127.0.0.1:${options.port}/`,
  listeners: [
    {
      port: options.port,
      bind_addresses: ['127.0.0.1'],
      type: 'http',
      tls: false,
      resources: [{ names: ['client'], compress: false }],
    },
  ],
  database: { name: 'sqlite3', args: { database: '/data/homeserver.db' } },
  pid_file: '/data/homeserver.pid',
  signing_key_path: '/data/signing.key',
  media_store_path: '/data/media',
  log_config: '/data/log.config',
  registration_shared_secret: options.registrationSecret,
  macaroon_secret_key: options.registrationSecret,
  form_secret: options.registrationSecret,
  bcrypt_rounds: 4,
  max_upload_size: '50M',
  report_stats: false,
  trusted_key_servers: [],
  suppress_key_server_warning: true,
  federation_domain_whitelist: [],
  presence: { enabled: false },
  push: { enabled: false },
  encryption_enabled_by_default_for_room_type: 'off',
  ...Object.fromEntries(LIMITS.map((name) => [name, UNLIMITED])),
  rc_login: { address: UNLIMITED, account: UNLIMITED, failed_attempts: UNLIMITED },
  rc_joins: { local: UNLIMITED, remote: UNLIMITED },
  rc_invites: { per_room: UNLIMITED, per_user: UNLIMITED, per_issuer: UNLIMITED },
  ...options.more,
});

const UNLIMITED = { per_second: 100_000, burst_count: 100_000 };

const LIMITS = [
  'rc_message',
  'rc_registration',
  'rc_admin_redaction',
  'rc_joins_per_room',
  'rc_key_requests',
  'rc_media_create',
  'rc_room_creation',
  'rc_delayed_event_mgmt',
  'rc_user_directory',
];

export const logConfig: JsonObject = {
  version: 1,
  formatters: { plain: { format: '%(asctime)s %(levelname)s %(name)s %(message)s' } },
  handlers: { console: { class: 'logging.StreamHandler', formatter: 'plain' } },
  root: { level: 'WARNING', handlers: ['console'] },
  disable_existing_loggers: false,
};
