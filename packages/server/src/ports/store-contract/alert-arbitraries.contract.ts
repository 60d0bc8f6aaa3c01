import fc from 'fast-check';
import type { VmAlerts } from '../../domain/alert/vm-alerts.ts';

const threshold = fc.option(fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant('off' as const)), { nil: null });

/** Thresholds of a VM's own. */
export const anyVmAlerts: fc.Arbitrary<VmAlerts> = fc.record({
  cpuPercent: threshold,
  memoryPercent: threshold,
  diskPercent: threshold,
  health: fc.option(fc.constantFrom('on' as const, 'off' as const), { nil: null }),
});
