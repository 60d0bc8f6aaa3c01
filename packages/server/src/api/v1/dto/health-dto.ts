import type { VmHealthReport } from '@volary/contract';
import { healthCheckWords } from '../../../domain/workload/words.ts';
import type { HealthReport } from '../../../engine/apis/health-api.ts';
import { toIso } from './to-iso.ts';

/** How a VM is, as `/v1` shows it. */
export function toHealthReportDto({ vm, lastCheck }: HealthReport): VmHealthReport {
  return {
    status: vm.health,
    check: healthCheckWords(vm.spec.healthCheck),
    last_check:
      lastCheck === null
        ? null
        : {
            at: toIso(lastCheck.at),
            ok: lastCheck.isGood,
            message: lastCheck.message,
            consecutive_successes: lastCheck.successes,
            consecutive_failures: lastCheck.failures,
          },
  };
}
