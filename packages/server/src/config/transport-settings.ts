/** The names of the settings of how the server is reached, and by how much: on the command line, in the environment, in the YAML file. */
export const TRANSPORT_SOURCES = {
  tlsCert: { flag: 'tls-cert', env: 'VOLARY_TLS_CERT', file: 'tls_cert' },
  tlsKey: { flag: 'tls-key', env: 'VOLARY_TLS_KEY', file: 'tls_key' },
  tlsMinVersion: { flag: null, env: 'VOLARY_TLS_MIN_VERSION', file: 'tls_min_version' },
  insecureListen: { flag: 'insecure-listen', env: 'VOLARY_INSECURE_LISTEN', file: 'insecure_listen' },
  trustedProxies: { flag: null, env: 'VOLARY_TRUSTED_PROXIES', file: 'trusted_proxies' },
  proxyHeader: { flag: null, env: 'VOLARY_PROXY_HEADER', file: 'proxy_header' },
  rateLimit: { flag: null, env: 'VOLARY_RATE_LIMIT', file: 'rate_limit' },
  rateLimits: { flag: null, env: 'VOLARY_RATE_LIMITS', file: 'rate_limits' },
  redisUrl: { flag: null, env: 'VOLARY_REDIS_URL', file: 'redis_url' },
  maxConnections: { flag: null, env: 'VOLARY_MAX_CONNECTIONS', file: 'max_connections' },
  maxAddressConnections: {
    flag: null,
    env: 'VOLARY_MAX_ADDRESS_CONNECTIONS',
    file: 'max_address_connections',
  },
  maxStreams: { flag: null, env: 'VOLARY_MAX_STREAMS', file: 'max_streams' },
  maxCallerStreams: { flag: null, env: 'VOLARY_MAX_CALLER_STREAMS', file: 'max_caller_streams' },
  maxBodyKib: { flag: null, env: 'VOLARY_MAX_BODY_KIB', file: 'max_body_kib' },
  maxHeaderKib: { flag: null, env: 'VOLARY_MAX_HEADER_KIB', file: 'max_header_kib' },
  maxUploadMib: { flag: null, env: 'VOLARY_MAX_UPLOAD_MIB', file: 'max_upload_mib' },
  maxMessageKib: { flag: null, env: 'VOLARY_MAX_MESSAGE_KIB', file: 'max_message_kib' },
  headerTimeoutSeconds: { flag: null, env: 'VOLARY_HEADER_TIMEOUT_SECONDS', file: 'header_timeout_seconds' },
  bodyTimeoutSeconds: { flag: null, env: 'VOLARY_BODY_TIMEOUT_SECONDS', file: 'body_timeout_seconds' },
  keepAliveSeconds: { flag: null, env: 'VOLARY_KEEP_ALIVE_SECONDS', file: 'keep_alive_seconds' },
} as const satisfies Record<string, { flag: string | null; env: string; file: string }>;

/** What was told of them, as text, before it is checked. Null where nothing was. */
export type TransportSettings = Readonly<Record<keyof typeof TRANSPORT_SOURCES, string | null>>;
