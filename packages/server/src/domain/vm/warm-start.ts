/**
 * How a VM's first life may begin.
 *
 * auto     as a fork of a warm template where there is one, else by a boot
 * never    by a boot
 * require  as a fork; it is refused where there is no template to begin from
 */
export const WARM_STARTS = ['auto', 'never', 'require'] as const;
export type WarmStart = (typeof WARM_STARTS)[number];
