/** Inclusive bounds that the schemas show; the same numbers as the server's own. */
export const LIMITS = {
  vcpus: { minimum: 1, maximum: 64 },
  memoryMib: { minimum: 128, maximum: 1_048_576 },
  diskGib: { minimum: 1, maximum: 16_384 },
  labels: { count: 64, keyLength: 63, valueLength: 255 },
  /** Of each text that cloud-init is given. */
  cloudInitBytes: 65_536,
  /** Of one VM, besides its root. */
  extraDisks: 8,
  autoSuspend: {
    idleSeconds: { minimum: 10, maximum: 2_592_000 },
    cpuBelowPercent: { minimum: 0.1, maximum: 6_400 },
  },
  alertPercent: { minimum: 1, maximum: 100 },
  /** Ten years. */
  ttlSeconds: { minimum: 1, maximum: 315_360_000 },
  pageItems: { minimum: 1, maximum: 200, default: 50 },
  /** Seconds that a request may ask the server to wait. */
  waitSeconds: { minimum: 0, maximum: 300, default: 30 },
  /** Milliseconds that a guest gets to shut down by itself. */
  graceMs: { minimum: 0, maximum: 600_000, default: 30_000 },
  /** Milliseconds that a command may run; 0: without an end. Seven days. */
  execTimeoutMs: { minimum: 0, maximum: 604_800_000 },
  /** Of a webhook: characters, and how many events may be asked for again at a time. */
  webhooks: { urlLength: 2_048, descriptionLength: 256, replayed: 100 },
  /** Of a snapshot: characters. Of a fork: VMs at a time. */
  snapshots: { descriptionLength: 256, forks: 100 },
  /** Of users, roles and keys: characters, roles of a user, patterns of a role or key. */
  users: {
    displayNameLength: 128,
    passwordLength: { minimum: 12, maximum: 256 },
    descriptionLength: 256,
    keyNameLength: 64,
    roles: 16,
    patterns: 100,
  },
  /** Of a secret: bytes of its value, characters. Of a VM: how many it may be given. */
  secrets: { valueBytes: 65_536, descriptionLength: 256, ofVm: 64 },
  /** Of networks: subnets of one, rules of one or of a security group, groups that a VM is under, characters. */
  networks: { subnets: 64, rules: 64, groupsOfVm: 8, descriptionLength: 256 },
  /** Of a VM's variables: how many, characters of a name and of a value, bytes of all together. */
  environment: { count: 256, nameLength: 128, valueLength: 16_384, totalBytes: 16_384 },
  /** Of a workload. */
  workload: { arguments: 256, commandLength: 8_192, delayMs: { minimum: 100, maximum: 3_600_000 } },
  healthCheck: {
    intervalMs: { minimum: 500, maximum: 3_600_000 },
    timeoutMs: { minimum: 100, maximum: 60_000 },
    startPeriodMs: { minimum: 0, maximum: 3_600_000 },
    threshold: { minimum: 1, maximum: 100 },
  },
  /** Of a workload's OpenAPI document, bytes: given with the VM, and fetched. */
  openapi: { givenBytes: 65_536, fetchedBytes: 4_194_304 },
  /** Of what a workload can be told to do; bytes of what is sent and of what is answered. */
  actions: { count: 64, timeoutMs: { minimum: 100, maximum: 300_000 }, bodyBytes: 1_048_576, answerBytes: 4_194_304 },
  /** Of a template: characters, and bytes of its manifest as YAML. */
  templates: { descriptionLength: 256, yamlBytes: 262_144 },
  /** Of a selector of labels: characters. */
  selectorLength: 2_048,
  /** Of deployments: characters, how many replicas, and the times of a rollout. */
  deployments: {
    descriptionLength: 256,
    replicas: { minimum: 0, maximum: 5_000 },
    minReadySeconds: { minimum: 0, maximum: 3_600 },
    progressDeadlineSeconds: { minimum: 5, maximum: 86_400 },
  },
  /** Of the prep steps of a workspace: how many, characters of each, and how long one may take. */
  prepSteps: { count: 32, commandLength: 8_192, timeoutSeconds: { minimum: 1, maximum: 86_400 } },
  /** Of logins: characters that are taken of a password, a code, a token, and a name or address. */
  auth: { passwordLength: 1_024, codeLength: 32, tokenLength: 4_096, accountLength: 254 },
  /** Bytes of a JSON body, and how deep it may be nested. */
  jsonBytes: 1_048_576,
  jsonDepth: 32,
  /** Of one WebSocket to a port of a guest: bytes of a message, and of a window. */
  portSocket: { messageBytes: 1_048_576, windowBytes: { minimum: 65_536, maximum: 4_194_304 } },
  /** Of one WebSocket for events: bytes of a message, subscriptions at a time, messages a second (twice as many at once). */
  eventSocket: { messageBytes: 16_384, subscriptions: 32, messagesPerSecond: 20 },
} as const;
