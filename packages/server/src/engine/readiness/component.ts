import type { Component } from '../../domain/system/component.ts';

/** A part that is well unless there is a reason why it is not. */
export function component(
  name: string,
  why: string | null,
  otherwise: 'degraded' | 'failed',
  detail: string | null = null,
): Component {
  return { name, state: why === null ? 'ok' : otherwise, why, detail };
}
