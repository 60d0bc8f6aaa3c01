import { PortMessage } from '@volary/contract';
import { createFaultFinder } from '../validation.ts';

/** Reads a text message of a socket to a port; null for one that is none. */
export type PortMessageReader = (text: string) => PortMessage | null;

/** Compiles the schema, once. */
export function createPortMessageReader(): PortMessageReader {
  const findFaults = createFaultFinder(PortMessage);
  const isMessage = (value: unknown): value is PortMessage => findFaults(value).length === 0;
  return (text) => {
    const value = parse(text);
    return isMessage(value) ? value : null;
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
