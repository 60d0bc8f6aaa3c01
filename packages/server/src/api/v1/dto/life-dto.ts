import type { UpdateVmRequest, Vm as VmDto } from '@volary/contract';
import { VolaryError } from '../../../domain/errors.ts';
import { type AutoSuspend, DEFAULT_CPU_BELOW_PERCENT } from '../../../domain/vm/auto-suspend.ts';
import type { Lifetime } from '../../../domain/vm/expiry.ts';
import type { VmSpec } from '../../../domain/vm/spec.ts';

type LifeFields = Pick<UpdateVmRequest, 'auto_suspend' | 'auto_wake' | 'ttl_seconds' | 'expires_at'>;

/** What was asked for of how a VM sleeps, as a part of its spec. */
export function toSleepSpec({
  auto_suspend,
  auto_wake,
}: LifeFields): Partial<Pick<VmSpec, 'autoSuspend' | 'autoWake'>> {
  return {
    ...(auto_suspend === undefined ? {} : { autoSuspend: toAutoSuspend(auto_suspend) }),
    ...(auto_wake === undefined ? {} : { autoWake: auto_wake }),
  };
}

/** How long it is to live, for a VM that is made. Throws `invalid_argument` vm.invalid_expiry. */
export function toLifetime(body: LifeFields): { readonly lifetime?: Lifetime } {
  const lifetime = lifetimeOf(body);
  return lifetime === undefined || lifetime === null ? {} : { lifetime };
}

/** How long it is to live, for a VM that there is: null, for ever. Throws `invalid_argument` vm.invalid_expiry. */
export function toNewLifetime(body: LifeFields): { readonly lifetime?: Lifetime | null } {
  const lifetime = lifetimeOf(body);
  return lifetime === undefined ? {} : { lifetime };
}

/** As `/v1` shows it. */
export function toAutoSuspendDto(autoSuspend: AutoSuspend | null): VmDto['auto_suspend'] {
  if (autoSuspend === null) return null;
  return { idle_seconds: autoSuspend.idleSeconds, cpu_below_percent: autoSuspend.cpuBelowPercent };
}

function toAutoSuspend(asked: NonNullable<LifeFields['auto_suspend']> | null): AutoSuspend | null {
  if (asked === null) return null;
  const { idle_seconds, cpu_below_percent = DEFAULT_CPU_BELOW_PERCENT } = asked;
  return { idleSeconds: idle_seconds, cpuBelowPercent: cpu_below_percent };
}

/** Undefined: nothing was asked for. Null: it is to live for ever. */
function lifetimeOf({ ttl_seconds, expires_at }: LifeFields): Lifetime | null | undefined {
  if (ttl_seconds !== undefined && expires_at !== undefined) {
    throw new VolaryError('invalid_argument', 'Give ttl_seconds or expires_at, not both.', {
      reason: 'vm.invalid_expiry',
      details: { field: 'expires_at', allowed: 'only one of ttl_seconds and expires_at' },
    });
  }
  if (ttl_seconds !== undefined) return { ttlSeconds: ttl_seconds };
  if (expires_at === undefined || expires_at === null) return expires_at;
  return { expiresAt: Date.parse(expires_at) };
}
