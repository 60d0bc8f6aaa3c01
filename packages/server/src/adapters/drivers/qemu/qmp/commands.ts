import {
  dictionary,
  dictionaryOf,
  flag,
  integer,
  listOf,
  type Of,
  optional,
  present,
  record,
  text,
} from '../../../../lib/shape.ts';

/** A node of QEMU's block layer, with its name and driver; the rest depends on that. */
export interface BlockNode extends Readonly<Record<string, unknown>> {
  readonly 'node-name': string;
  readonly driver: string;
}

/** Arguments of each QMP command that is used here; null where it takes none. Nothing else can be sent. */
export interface QmpArguments {
  readonly qmp_capabilities: null;
  readonly 'query-status': null;
  readonly 'query-uuid': null;
  readonly stop: null;
  readonly cont: null;
  readonly quit: null;
  readonly system_powerdown: null;
  readonly system_wakeup: null;
  readonly 'send-key': { readonly keys: readonly { readonly type: 'qcode'; readonly data: 'shift' }[] };
  /** Writes the device state, without memory, to a file in the run directory. */
  readonly 'xen-save-devices-state': { readonly filename: string; readonly live: false };
  /** For what has no command of its own: the host's address of the guest's memory. */
  readonly 'human-monitor-command': { readonly 'command-line': `gpa2hva ${number}` };
  readonly set_link: { readonly name: string; readonly up: boolean };
  readonly block_resize: { readonly 'node-name': string; readonly size: number };
  readonly 'query-named-block-nodes': { readonly flat: true };
  readonly 'query-blockstats': null;
  readonly 'blockdev-add': BlockNode;
  readonly 'blockdev-reopen': { readonly options: readonly [BlockNode] };
  readonly 'blockdev-del': { readonly 'node-name': string };
  readonly 'query-hotpluggable-cpus': null;
  readonly 'query-memory-devices': null;
  readonly 'query-memdev': null;
  readonly 'object-add': object;
  readonly 'object-del': { readonly id: string };
  readonly device_add: Readonly<Record<string, unknown>>;
  readonly 'ringbuf-read': { readonly device: string; readonly size: number; readonly format: 'base64' };
}

export type QmpCommand = keyof QmpArguments;

/** What each command answers, as far as we read it: an answer of another shape is a fault of the other side. */
export const QMP_RESULTS = {
  qmp_capabilities: record({}),
  'query-status': record({ status: text, running: flag }),
  'query-uuid': record({ UUID: text }),
  stop: record({}),
  cont: record({}),
  quit: record({}),
  system_powerdown: record({}),
  system_wakeup: record({}),
  'send-key': record({}),
  'xen-save-devices-state': record({}),
  'human-monitor-command': text,
  set_link: record({}),
  block_resize: record({}),
  'query-named-block-nodes': listOf(
    record({ 'node-name': text, image: optional(record({ 'virtual-size': integer(0) })) }),
  ),
  /** One for each disk that the guest has. */
  'query-blockstats': listOf(
    record({
      stats: record({
        ...{ rd_bytes: integer(0), wr_bytes: integer(0) },
        ...{ rd_operations: integer(0), wr_operations: integer(0) },
      }),
    }),
  ),
  'blockdev-add': record({}),
  'blockdev-reopen': record({}),
  'blockdev-del': record({}),
  'query-hotpluggable-cpus': listOf(
    record({ type: text, props: dictionaryOf(integer(0)), 'qom-path': optional(text) }),
  ),
  'query-memory-devices': listOf(record({ data: record({ slot: integer(0), size: integer(1), addr: integer(0) }) })),
  'query-memdev': listOf(record({ id: optional(text) })),
  'object-add': record({}),
  'object-del': record({}),
  device_add: record({}),
  'ringbuf-read': text,
} as const;

export type QmpResult<C extends QmpCommand> = Of<(typeof QMP_RESULTS)[C]>;

/** The first line that QEMU sends on a monitor. */
export const QMP_GREETING = record({
  QMP: record({
    version: record({
      qemu: record({ major: integer(), minor: integer(), micro: integer() }),
    }),
  }),
});

/** Something that happened by itself. `data` is what the event brings along, unchecked. */
export const QMP_EVENT = record({
  event: text,
  data: optional(dictionary),
});
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

export const QMP_RETURN = record({ return: present, id: integer() });
export const QMP_ERROR = record({
  error: record({ class: text, desc: text }),
  id: optional(integer()),
});
