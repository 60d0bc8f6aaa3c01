/** The guest broke the protocol. It ends the session, and another is begun; it never leaves this folder. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}
