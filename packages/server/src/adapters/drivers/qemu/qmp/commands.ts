import { type Static, Type } from 'typebox';

/** Arguments of each QMP command that is used here; null where it takes none. Nothing else can be sent. */
export interface QmpArguments {
  readonly qmp_capabilities: null;
  readonly 'query-status': null;
  readonly 'query-uuid': null;
  readonly stop: null;
  readonly cont: null;
  readonly quit: null;
  readonly system_powerdown: null;
  readonly 'ringbuf-read': { readonly device: string; readonly size: number; readonly format: 'base64' };
}

export type QmpCommand = keyof QmpArguments;

/** What each command answers, as far as we read it: an answer of another shape is a fault of the other side. */
export const QMP_RESULTS = {
  qmp_capabilities: Type.Object({}),
  'query-status': Type.Object({ status: Type.String(), running: Type.Boolean() }),
  'query-uuid': Type.Object({ UUID: Type.String() }),
  stop: Type.Object({}),
  cont: Type.Object({}),
  quit: Type.Object({}),
  system_powerdown: Type.Object({}),
  'ringbuf-read': Type.String(),
} as const;

export type QmpResult<C extends QmpCommand> = Static<(typeof QMP_RESULTS)[C]>;

/** The first line that QEMU sends on a monitor. */
export const QMP_GREETING = Type.Object({
  QMP: Type.Object({
    version: Type.Object({
      qemu: Type.Object({ major: Type.Integer(), minor: Type.Integer(), micro: Type.Integer() }),
    }),
  }),
});

/** Something that happened by itself. `data` is what the event brings along, unchecked. */
export const QMP_EVENT = Type.Object({
  event: Type.String(),
  data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type QmpEvent = Static<typeof QMP_EVENT>;

export const QMP_RETURN = Type.Object({ return: Type.Unknown(), id: Type.Integer() });
export const QMP_ERROR = Type.Object({
  error: Type.Object({ class: Type.String(), desc: Type.String() }),
  id: Type.Optional(Type.Integer()),
});
