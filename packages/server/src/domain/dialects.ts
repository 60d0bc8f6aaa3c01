/** Existing APIs that the server speaks as their documents have them, besides its own. */
export const DIALECTS = ['aetherium', 'novacron', 'volant', 'vm-api'] as const;
export type Dialect = (typeof DIALECTS)[number];
