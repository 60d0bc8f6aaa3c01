import { type ExtraDisk, serialOf } from './extra-disk.ts';

/** A disk besides the root in the words of the API. Where it was had from is told to nobody: addresses and paths may hold secrets. */
export function diskWords(disk: ExtraDisk): {
  name: string;
  size_gib: number | null;
  target: string;
  readonly: boolean;
  sha256: string | null;
  format: 'qcow2' | 'raw' | null;
  volume: string | null;
} {
  const { name, sizeGib, isReadonly, content, volume } = disk;
  return {
    name,
    size_gib: sizeGib,
    target: serialOf(disk),
    readonly: isReadonly,
    sha256: content?.source.sha256 ?? null,
    format: content?.format ?? null,
    volume,
  };
}
