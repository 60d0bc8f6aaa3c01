import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { TemplateManifest } from '@volary/contract';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';

/** The manifest in a file, or on stdin: parsed if it is JSON, else as it is, for the server to read as YAML. */
export async function readManifestFile(context: Context, file: string): Promise<TemplateManifest | string> {
  const content = file === '-' ? await text(context.stdin) : readFile(file);
  if (content.trim() === '') throw usageError('The manifest is empty.');
  return parseJson(content) ?? content;
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Null if that is no JSON. Whether it is a manifest, the server says. */
function parseJson(content: string): TemplateManifest | null {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}
