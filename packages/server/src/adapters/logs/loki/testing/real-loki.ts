/**
 * A real Loki, where there is one: what is asked of the strict one is asked of it too. It is left a few thousand lines. A server that is configured by its environment names it `LOKI_URL`;
 * the other name is for whoever has one of those and wants another for tests. Null: there is none.
 */
export const REAL = process.env['VOLARY_TEST_LOKI_URL'] ?? process.env['LOKI_URL'] ?? null;
