import type { BatchItemRequest, BatchRequest } from '@volary/contract';
import { type BatchOptions, batchFlags } from './batch-options.ts';

/** The request of a file, which has that or its items alone, with what the flags say. What is no JSON is YAML, which the server reads. Whether it can be asked for, that says. */
export function toBatchRequest(content: string, options: BatchOptions): BatchRequest | string {
  const flags = batchFlags(options);
  const parsed = parseJson(content);
  if (parsed === null) return withFlags(content, flags);
  return { ...(Array.isArray(parsed) ? { items: parsed } : parsed), ...flags };
}

function parseJson(content: string): BatchRequest | BatchItemRequest[] | null {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

/** A list at the beginning of its lines may be the value of a key before it. */
function withFlags(yaml: string, flags: Readonly<Record<string, number | boolean>>): string {
  const isList =
    yaml
      .split('\n')
      .find((line) => !/^\s*(#|---|$)/.test(line))
      ?.startsWith('-') === true;
  const request = isList ? `items:\n${yaml.replace(/^---.*$/m, '')}` : yaml;
  return [request, ...Object.entries(flags).map(([name, value]) => `${name}: ${value}`), ''].join('\n');
}
