/** A moment on the wall clock: milliseconds since 1970-01-01T00:00:00Z. Shown as ISO-8601 UTC on the wire. */
export type EpochMs = number;
