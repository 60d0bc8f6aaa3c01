/** What a stream can be opened for (PROTOCOL.md, section 5). */
export const KINDS = {
  EXEC: 1,
  READ: 2,
  WRITE: 3,
  LIST: 4,
  STAT: 5,
  MKDIR: 6,
  REMOVE: 7,
  RENAME: 8,
  WATCH: 9,
  TCP: 10,
  STATS: 11,
  IDENTIFY: 12,
  SHUTDOWN: 13,
  FREEZE: 14,
  THAW: 15,
  PREPARE: 16,
  TOOLS: 17,
  GROW: 18,
} as const;

export type Kind = (typeof KINDS)[keyof typeof KINDS];
