import { type Static, Type } from 'typebox';
import { VmRef } from './ids.ts';
import { LIMITS } from './limits.ts';
import { component, object, pageOf, stringEnum } from './schema.ts';

/** Why the server closes a socket to a port; the reason that comes with it is that of an error, such as `guest.link_lost`. */
export const PORT_SOCKET_CLOSE = {
  /** Both sides have ended. */
  ended: 1000,
  /** The server stops. */
  stopping: 1001,
  /** What came is none of the messages, or more than was granted. */
  violation: 1008,
  /** A message is too long. */
  tooLong: 1009,
  /** The guest has broken off the connection, or its link is lost: what came may not be all. */
  reset: 4001,
} as const;

const Port = Type.Integer({ minimum: 1, maximum: 65_535, description: 'A TCP port of the guest.', examples: [8080] });
/** 1 to 65535, as a path has it. */
const PORT_PATTERN = '^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$';

export const VmPortParams = object(
  {
    ref: VmRef,
    port: Type.String({
      pattern: PORT_PATTERN,
      description: 'A TCP port of the guest, 1 to 65535.',
      examples: ['8080'],
    }),
  },
  { description: 'A port of a VM.' },
);

/** The text messages of a socket to a port, in both directions. All others are bytes of the connection. */
export const PortMessage = Type.Union([
  component(
    'PortEnd',
    { type: stringEnum(['end']) },
    { description: 'The sender sends no more bytes; it still takes them.', examples: [{ type: 'end' }] },
  ),
  component(
    'PortTaken',
    {
      type: stringEnum(['taken']),
      bytes: Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'How many bytes the sender has passed on, from the first one of the connection.',
      }),
    },
    {
      description: 'With `window` only: so far the other side has no bytes under way any more.',
      examples: [{ type: 'taken', bytes: 65_536 }],
    },
  ),
]);
export type PortMessage = Static<typeof PortMessage>;

export const PortWindow = Type.Integer({
  minimum: LIMITS.portSocket.windowBytes.minimum,
  maximum: LIMITS.portSocket.windowBytes.maximum,
  description:
    'Bytes that may be under way in each direction: each side then tells by `taken` what it has passed on, and neither sends more than this beyond it. For clients that cannot make their socket wait, such as browsers. Without it a reader is waited for by TCP alone.',
});

const EXAMPLE_PORT = { protocol: 'tcp', address: '0.0.0.0', port: 8080, reachable: true } as const;

export const GuestPort = component(
  'GuestPort',
  {
    protocol: stringEnum(['tcp'], { description: 'Of which transport.' }),
    address: Type.String({ description: 'Where it listens; `0.0.0.0` and `::`: on all addresses of the guest.' }),
    port: Port,
    reachable: Type.Boolean({
      description: "Whether it takes connections to the guest's loopback, as those by way of its agent are.",
    }),
  },
  { description: 'What listens in a guest.', examples: [EXAMPLE_PORT] },
);
export type GuestPort = Static<typeof GuestPort>;

export const GuestPortPage = pageOf('GuestPortPage', GuestPort, EXAMPLE_PORT);
export type GuestPortPage = Static<typeof GuestPortPage>;

export const PortAnswer = component(
  'PortAnswer',
  { port: Port, accepts: Type.Boolean({ description: 'True: a connection was taken, and ended at once.' }) },
  { description: 'That a port takes connections.', examples: [{ port: 8080, accepts: true }] },
);
export type PortAnswer = Static<typeof PortAnswer>;
