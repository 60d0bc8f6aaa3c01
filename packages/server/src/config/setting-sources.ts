/** The settings there are, and the names of each on the command line, in the environment and in the YAML file. */

/** Null: it cannot be told there. */
export interface Source {
  readonly flag: string | null;
  readonly env: string | null;
  readonly file: string | null;
}

/** A setting of this server's own: `a_name` in the file, `VOLARY_A_NAME` in the environment. */
function own(file: string): Source {
  return { flag: null, env: `VOLARY_${file.toUpperCase()}`, file };
}

/** One that the command line has too, as `--a-name`. */
function flag(file: string): Source {
  return { ...own(file), flag: file.replaceAll('_', '-') };
}

/** How the server is reached, and by how much. */
export const TRANSPORT_SOURCES = {
  tlsCert: flag('tls_cert'),
  tlsKey: flag('tls_key'),
  tlsMinVersion: own('tls_min_version'),
  insecureListen: flag('insecure_listen'),
  trustedProxies: own('trusted_proxies'),
  proxyHeader: own('proxy_header'),
  rateLimit: own('rate_limit'),
  rateLimits: own('rate_limits'),
  redisUrl: own('redis_url'),
  maxConnections: own('max_connections'),
  maxAddressConnections: own('max_address_connections'),
  maxStreams: own('max_streams'),
  maxCallerStreams: own('max_caller_streams'),
  maxBodyKib: own('max_body_kib'),
  maxHeaderKib: own('max_header_kib'),
  maxUploadMib: own('max_upload_mib'),
  maxMessageKib: own('max_message_kib'),
  headerTimeoutSeconds: own('header_timeout_seconds'),
  bodyTimeoutSeconds: own('body_timeout_seconds'),
  keepAliveSeconds: own('keep_alive_seconds'),
};

/** As Aetherium's documents name them. */
export const GATEWAY_SOURCES = {
  gatewayPort: { flag: null, env: 'PORT', file: 'gateway.port' },
  gatewayLogLevel: { flag: null, env: null, file: 'gateway.log_level' },
  coreServiceUrl: { flag: null, env: null, file: 'core_service.url' },
  postgresHost: { flag: null, env: 'POSTGRES_HOST', file: null },
  postgresUser: { flag: null, env: 'POSTGRES_USER', file: null },
  postgresPassword: { flag: null, env: 'POSTGRES_PASSWORD', file: null },
  postgresDb: { flag: null, env: 'POSTGRES_DB', file: null },
  redisAddr: { flag: null, env: 'REDIS_ADDR', file: null },
};

/** In the environment these have the names that everybody gives them. */
export const INTEGRATION_SOURCES = {
  githubToken: { flag: null, env: 'GITHUB_TOKEN', file: 'integrations.github.token' },
  githubWebhookSecret: { flag: null, env: 'GITHUB_WEBHOOK_SECRET', file: 'integrations.github.webhook_secret' },
  githubApiUrl: { flag: null, env: null, file: 'integrations.github.api_url' },
  slackBotToken: { flag: null, env: 'SLACK_BOT_TOKEN', file: 'integrations.slack.bot_token' },
  slackSigningSecret: { flag: null, env: 'SLACK_SIGNING_SECRET', file: 'integrations.slack.signing_secret' },
  slackApiUrl: { flag: null, env: null, file: 'integrations.slack.api_url' },
  discordBotToken: { flag: null, env: 'DISCORD_BOT_TOKEN', file: 'integrations.discord.bot_token' },
  discordPublicKey: { flag: null, env: 'DISCORD_PUBLIC_KEY', file: 'integrations.discord.public_key' },
  discordApplicationId: { flag: null, env: 'DISCORD_APPLICATION_ID', file: 'integrations.discord.application_id' },
  discordApiUrl: { flag: null, env: null, file: 'integrations.discord.api_url' },
};

/** Sections of the YAML file whose settings are named by their paths: `gateway.port`. */
export const SECTIONS: ReadonlySet<string> = new Set(['gateway', 'core_service', 'integrations']);

/** Settings of the YAML file that hold a table, `rate_limits: { v1: 100/min }`; elsewhere `v1: 100/min`, with commas between. */
export const TABLES: ReadonlySet<string> = new Set([
  'rate_limits',
  'quotas',
  'simulated_host',
  'workspaces',
  'alerts',
  'novacron',
  'tracing',
  'volant',
]);

export const SOURCES = {
  dataDir: flag('data_dir'),
  cacheDir: own('cache_dir'),
  /** The name of a file in the data directory. */
  database: flag('database'),
  /** `HOST:PORT` and `DIALECT=HOST:PORT`, with commas between them. */
  listen: flag('listen'),
  devAuth: flag('dev_auth'),
  driver: flag('driver'),
  // No secret is to stand in the file or in a list of processes.
  adminKey: { ...own('admin_key'), file: null },
  secretsKey: { ...own('secrets_key'), file: null },
  logLevel: flag('log_level'),
  /** Ranges of addresses and HOST:PORTs, with commas between them. */
  webhookAllowedTargets: flag('webhook_allowed_targets'),
  /** The same for downloads. */
  downloadAllowedTargets: own('download_allowed_targets'),
  networkUplink: own('network_uplink'),
  /** Paths, with commas between them. */
  imageFolders: own('image_folders'),
  imageMaxGib: own('image_max_gib'),
  npmRegistry: own('npm_registry'),
  dockerSocket: own('docker_socket'),
  simulatedHost: own('simulated_host'),
  webhookFirstRetrySeconds: own('webhook_first_retry_seconds'),
  webhookLongestRetrySeconds: own('webhook_longest_retry_seconds'),
  webhookGiveUpHours: own('webhook_give_up_hours'),
  webhookMaxTries: own('webhook_max_tries'),
  webhookDisableAfterHours: own('webhook_disable_after_hours'),
  webhookDisableAfterTries: own('webhook_disable_after_tries'),
  faultPoint: { ...own('fault_point'), file: null },
  eventRetentionHours: own('event_retention_hours'),
  eventMaxCount: own('event_max_count'),
  finishedRetentionHours: own('finished_retention_hours'),
  auditRetentionDays: own('audit_retention_days'),
  logRetentionHours: own('log_retention_hours'),
  logMaxMib: own('log_max_mib'),
  logMaxMibPerVm: own('log_max_mib_per_vm'),
  // The names that others know it by, too.
  lokiUrl: { ...own('loki_url'), env: 'LOKI_URL' },
  lokiTenant: { ...own('loki_tenant'), env: 'LOKI_TENANT' },
  lokiLookbackDays: { ...own('loki_lookback_days'), env: 'LOKI_LOOKBACK_DAYS' },
  quotas: own('quotas'),
  allowedOrigins: own('allowed_origins'),
  warmTemplates: own('warm_templates'),
  warmTemplatesGib: own('warm_templates_gib'),
  warmPoolMemoryMib: own('warm_pool_memory_mib'),
  warmPoolCount: own('warm_pool_count'),
  sessionDays: own('session_days'),
  sessionIdleDays: own('session_idle_days'),
  signingKeyDays: own('signing_key_days'),
  workspaces: own('workspaces'),
  novacron: own('novacron'),
  alerts: own('alerts'),
  tracing: own('tracing'),
  volant: own('volant'),
  ...TRANSPORT_SOURCES,
  ...GATEWAY_SOURCES,
  ...INTEGRATION_SOURCES,
} satisfies Record<string, Source>;

export type SettingName = keyof typeof SOURCES;
