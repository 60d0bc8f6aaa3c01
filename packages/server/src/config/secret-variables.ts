/** Variables of the environment with keys, tokens and passwords: no program that the server runs inherits them. */
export const SECRET_VARIABLES = [
  'VOLARY_ADMIN_KEY',
  'VOLARY_SECRETS_KEY',
  'VOLARY_REDIS_URL',
  'LOKI_URL',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
  'GITHUB_TOKEN',
  'GITHUB_WEBHOOK_SECRET',
  'SLACK_BOT_TOKEN',
  'SLACK_SIGNING_SECRET',
  'DISCORD_BOT_TOKEN',
] as const;
