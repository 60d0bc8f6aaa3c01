import { ALERT_DEFAULTS, type AlertSettings } from '../domain/alert/alert.ts';
import type { HostId } from '../domain/ids.ts';
import type { SessionLifetimes } from '../domain/session/session.ts';
import type { Quota } from '../domain/user/quota.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentSource } from '../ports/document-source.ts';
import type { Driver } from '../ports/driver.ts';
import type { Fingerprinter } from '../ports/fingerprinter.ts';
import type { HostProbe } from '../ports/host-facts.ts';
import type { HostMeter } from '../ports/host-meter.ts';
import type { Ids } from '../ports/ids.ts';
import type { ImageSource } from '../ports/image-source.ts';
import type { Integration } from '../ports/integration.ts';
import type { KeyMaterial } from '../ports/key-material.ts';
import type { Log } from '../ports/log.ts';
import type { LogArchive } from '../ports/log-archive.ts';
import type { LogStore } from '../ports/log-store.ts';
import type { Meter } from '../ports/meter.ts';
import type { MetricStore } from '../ports/metric-store.ts';
import type { Networks } from '../ports/networks.ts';
import type { OneTimeCodes } from '../ports/one-time-codes.ts';
import type { PasswordHasher } from '../ports/password-hasher.ts';
import type { Queue } from '../ports/queue.ts';
import type { RateLimiter } from '../ports/rate-limiter.ts';
import type { Keyring } from '../ports/sealer.ts';
import type { Store } from '../ports/store.ts';
import type { TokenSigner } from '../ports/token-signer.ts';
import type { ToolSource } from '../ports/tool-source.ts';
import type { Tracer } from '../ports/tracer.ts';
import type { Turns } from '../ports/turns.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import type { RatePolicies } from './access/rate-limits.ts';
import type { NewTemplate } from './apis/template-api.ts';
import type { CloudInitProgram } from './cloud-init/cloud-init-program.ts';
import type { Drivers } from './drivers.ts';
import type { Measures } from './monitoring/measures.ts';
import type { WorkKey } from './reconcile/work-key.ts';
import type { RetryPolicy } from './webhooks/after-try.ts';

/** Everything outside that the engine needs. Each part of it takes only what it uses, by `Pick`. */
export interface EngineDeps {
  readonly store: Store;
  readonly drivers: Drivers;
  /** The first of them, which alone has saved machines, warm templates and spares. What is about a VM asks for that VM's own. */
  readonly driver: Driver;
  readonly images: ImageSource;
  readonly tools: ToolSource;
  readonly networks: Networks;
  readonly metrics: MetricStore;
  readonly logs: LogStore;
  /** Keeps lines for longer; null: nothing does. */
  readonly logArchive: LogArchive | null;
  readonly queue: Queue<WorkKey>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly ids: Ids;
  readonly hostProbe: HostProbe;
  readonly hostMeter: HostMeter;
  readonly meter: Meter;
  /** What the engine's parts measure by it. */
  readonly measures: Measures;
  /** Seals what may not be read in the database. */
  readonly keyring: Keyring;
  readonly fingerprinter: Fingerprinter;
  readonly webhookSender: WebhookSender;
  /** Those that this server is connected with, each once. */
  readonly integrations: readonly Integration[];
  readonly documents: DocumentSource;
  readonly rateLimiter: RateLimiter;
  readonly keyMaterial: KeyMaterial;
  readonly passwordHasher: PasswordHasher;
  readonly tokenSigner: TokenSigner;
  readonly oneTimeCodes: OneTimeCodes;
  /** What came with the program to make VMs from. */
  readonly builtInTemplates: () => Promise<readonly NewTemplate[]>;
  /** What came with the program to run cloud-init in guests of ours. */
  readonly cloudInitProgram: () => Promise<CloudInitProgram>;
  /** Null: nobody wants traces, and nothing is done for them. */
  readonly tracer: Tracer | null;
  readonly log: Log;
}

export interface EngineConfig {
  readonly version: string;
  readonly hostId: HostId;
  /** A key of the built-in administrator's, from outside; kept as a digest alone. Null: there is none. */
  readonly adminKey: string | null;
  readonly limits: {
    /** How long a guest may take from its machine's start to its agent's first answer. */
    readonly bootMs: number;
    /** The same for a whole system, which may have no agent at all: after this time it is left as it is. */
    readonly systemBootMs: number;
    /** How long any operation may take before the planner gives up, boot and image build included. */
    readonly operationMs: number;
    /** Memory never promised to VMs, MiB. */
    readonly memoryReserveMib: number;
    /** What a machine may take besides its guest's memory, MiB. */
    readonly memoryOverheadMib: number;
    /** Disk never promised to a new VM out of what is free now, GiB. */
    readonly diskReserveGib: number;
    /** All disks' virtual sizes together may be this many times the host's disk: disks are thin. */
    readonly diskOvercommit: number;
    /** How long a request's key is kept, and what came of the request with it. */
    readonly idempotencyMs: number;
    /** How long events are kept, and how many. */
    readonly eventMs: number;
    readonly eventCount: number;
    /** How long operations are kept after they are finished, and commands with their output. */
    readonly finishedMs: number;
    /** How long it is kept who did what. */
    readonly auditMs: number;
    /** How long lines of the log are kept, and what those of one VM and all of them may take, bytes. */
    readonly logMs: number;
    readonly logBytesPerVm: number;
    readonly logBytes: number;
    /** By how many events the log may grow while somebody who follows it is busy with what it was given. */
    readonly readerLagEvents: number;
    readonly maxSnapshots: number;
    /** What each user may have who has no limits of the own; absent: as much as there is. */
    readonly quota: Quota;
  };
  readonly timers: {
    /** How often each VM is looked at even when no hint came. */
    readonly sweepMs: number;
    /** How often a running guest's agent is asked whether it is there. */
    readonly pingMs: number;
    /** How often VMs are looked at that something may be wrong with. */
    readonly alertsMs: number;
    /** How often a part of all VMs is measured. */
    readonly sampleMs: number;
    /** How often the activity of VMs is looked at that are suspended when they are idle. */
    readonly idleMs: number;
    /** How often it is looked whether the time of a VM is over. */
    readonly expiryMs: number;
    /** How often workspaces are looked at that are not ready, even when no hint came. */
    readonly workspacesMs: number;
    /** How long something of ours without an owner is left alone before it is ended. */
    readonly orphanGraceMs: number;
    /** How often what has been kept long enough is looked for. */
    readonly retentionMs: number;
  };
  readonly webhooks: WebhookLimits;
  readonly alerts: AlertSettings;
  readonly workspaces: {
    /** The driver of those that ask for none; null: the host's first. */
    readonly provider: string | null;
    /** How long one may live from any moment on; null: for good. Who asks for nothing gets so much. */
    readonly maxTtlSeconds: number | null;
    /** One that is idle for so long is suspended, where its driver can; 0: never. */
    readonly idleSuspendSeconds: number;
  };
  /** How often one caller may ask, by face. */
  readonly rateLimits: RatePolicies;
  readonly sessions: SessionLimits;
  readonly warm: {
    /** Whether VMs begin as forks of templates, and templates are made. */
    readonly isEnabled: boolean;
    /** What all templates together may take on the disk. */
    readonly maxBytes: number;
    /** What the memory of all spare machines together may be, MiB, and how many there may be; 0: none are made. */
    readonly poolMemoryMib: number;
    readonly poolCount: number;
  };
}

/** How long logins last, and how many of them there may be. */
export interface SessionLimits extends SessionLifetimes {
  /** After this time the key of tokens gets a successor, which is shown for `keyAnnounceMs` before it signs. */
  readonly keyAgeMs: number;
  readonly keyAnnounceMs: number;
  /** Of one user; beyond that the one that was used longest ago is ended. */
  readonly maxPerUser: number;
}

/** How persistently receivers are told of events, and how many of them there may be. */
export interface WebhookLimits extends RetryPolicy {
  /** A webhook that has failed for so long, and so many times in a row, is disabled. */
  readonly disableAfterMs: number;
  readonly disableAfterTries: number;
  /** How long a secret signs beside the one that took its place. */
  readonly secretOverlapMs: number;
  /** How long deliveries that are over are kept. */
  readonly keepDeliveriesMs: number;
  readonly maxCount: number;
  /** Deliveries of one webhook that may wait at the same time because somebody asked for them. */
  readonly maxWaiting: number;
}

/** The defaults of a server that was told nothing. */
export const ENGINE_DEFAULTS = {
  limits: {
    bootMs: 120_000,
    systemBootMs: 300_000,
    operationMs: 30 * 60_000,
    memoryReserveMib: 512,
    memoryOverheadMib: 0,
    diskReserveGib: 1,
    diskOvercommit: 4,
    idempotencyMs: 24 * 3_600_000,
    eventMs: 7 * 24 * 3_600_000,
    eventCount: 1_000_000,
    finishedMs: 7 * 24 * 3_600_000,
    auditMs: 365 * 24 * 3_600_000,
    logMs: 7 * 24 * 3_600_000,
    logBytesPerVm: 256 * 1024 ** 2,
    logBytes: 2 * 1024 ** 3,
    readerLagEvents: 4_096,
    maxSnapshots: 1_000,
    quota: {},
  },
  timers: {
    sweepMs: 30_000,
    pingMs: 10_000,
    alertsMs: 5_000,
    sampleMs: 1_000,
    idleMs: 5_000,
    expiryMs: 1_000,
    workspacesMs: 5_000,
    orphanGraceMs: 60_000,
    retentionMs: 60_000,
  },
  alerts: ALERT_DEFAULTS,
  webhooks: {
    firstRetryMs: 10_000,
    longestRetryMs: 3_600_000,
    giveUpAfterMs: 24 * 3_600_000,
    maxTries: 60,
    disableAfterMs: 3 * 24 * 3_600_000,
    disableAfterTries: 20,
    secretOverlapMs: 24 * 3_600_000,
    keepDeliveriesMs: 30 * 24 * 3_600_000,
    maxCount: 100,
    maxWaiting: 1_000,
  },
  workspaces: { provider: null, maxTtlSeconds: null, idleSuspendSeconds: 1_800 },
  rateLimits: {
    v1: { perMinute: 6_000, burst: 200 },
    aetherium: { perMinute: 100, burst: 20 },
    novacron: { perMinute: 100, burst: 0, perSecond: 20 },
    volant: null,
    'vm-api': null,
  },
  sessions: {
    accessTokenMs: 3_600_000,
    sessionMs: 30 * 24 * 3_600_000,
    idleMs: 7 * 24 * 3_600_000,
    keyAgeMs: 30 * 24 * 3_600_000,
    keyAnnounceMs: 3_600_000,
    maxPerUser: 100,
  },
  warm: { isEnabled: true, maxBytes: 4 * 1024 ** 3, poolMemoryMib: 1_024, poolCount: 8 },
} as const satisfies Pick<
  EngineConfig,
  'limits' | 'timers' | 'alerts' | 'webhooks' | 'workspaces' | 'rateLimits' | 'sessions' | 'warm'
>;
