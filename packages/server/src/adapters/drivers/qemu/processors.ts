import type { QmpClient } from './qmp/qmp-client.ts';

/** Halts the virtual CPUs. */
export async function halt(client: QmpClient): Promise<void> {
  await client.execute('stop', null);
}

/**
 * Sets the virtual CPUs going, whoever has halted them: us, or the guest by putting its machine to sleep. A guest that
 * was booted without firmware may reset itself when it is woken; then it has rebooted, which is better than never to wake.
 */
export async function setGoing(client: QmpClient): Promise<void> {
  const { status } = await client.execute('query-status', null);
  // It answers `cont` in good faith while it sleeps, and goes on sleeping.
  await client.execute(status === 'suspended' ? 'system_wakeup' : 'cont', null);
}

/**
 * Presses the power button, after a key: a guest that idles in its sleep (`echo freeze > /sys/power/state`) is woken by its
 * keyboard, and by the button only if it has a driver for it. A key that is released changes nothing for others.
 */
export async function pressPowerButton(client: QmpClient): Promise<void> {
  await client.execute('send-key', { keys: [{ type: 'qcode', data: 'shift' }] });
  await client.execute('system_powerdown', null);
}
