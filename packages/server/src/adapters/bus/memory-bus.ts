import type { Bus, Topic } from '../../ports/bus.ts';
import type { Log } from '../../ports/log.ts';

type Listener = (key: string) => void;

/**
 * A bus within this process. Hints are delivered after the publisher's own synchronous code, so that a listener never
 * runs in the middle of what it is told of, and a listener that publishes does not get ahead of hints before its own.
 */
export function createMemoryBus({ log }: { readonly log: Log }): Bus {
  const listeners: Readonly<Record<Topic, Set<{ readonly call: Listener }>>> = {
    events: new Set(),
    vm: new Set(),
    operation: new Set(),
    execution: new Set(),
    webhook: new Set(),
    delivery: new Set(),
    deployment: new Set(),
    networks: new Set(),
    output: new Set(),
    logs: new Set(),
    probe: new Set(),
  };
  let pending: { readonly topic: Topic; readonly key: string }[] = [];

  function deliver(): void {
    const hints = pending;
    pending = [];
    for (const { topic, key } of hints) for (const listener of listeners[topic]) tell(listener.call, topic, key);
  }

  function tell(call: Listener, topic: Topic, key: string): void {
    try {
      call(key);
    } catch (error) {
      log.error('a listener failed', { topic, key, error });
    }
  }

  return {
    publish(topic, key) {
      if (listeners[topic].size === 0) return;
      if (pending.length === 0) queueMicrotask(deliver);
      pending.push({ topic, key });
    },
    subscribe(topic, call) {
      // An object of its own, so that the same function may listen twice.
      const listener = { call };
      listeners[topic].add(listener);
      return () => {
        listeners[topic].delete(listener);
      };
    },
  };
}
