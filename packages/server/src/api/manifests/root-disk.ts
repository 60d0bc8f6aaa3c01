import type { TemplateManifest } from '@volary/contract';
import type { FileSource, ImageDefinition } from '../../domain/image/definition.ts';

/** The image that a manifest brings; null where it names one. */
export function toDefinition({
  description = '',
  rootfs,
  kernel,
  initramfs,
}: TemplateManifest): ImageDefinition | null {
  if (rootfs === undefined) return null;
  const { format = 'raw', boot = 'direct', firmware = 'bios' } = rootfs;
  const disk = {
    kind: 'disk',
    description,
    source: toSource(rootfs),
    // A file system on its own is what it says, byte for byte.
    format: format === 'ext4' ? 'raw' : format,
    // Who may have files of the host read, the engine knows.
    isLocalAllowed: false,
  } as const;
  if (boot === 'firmware') return { ...disk, boot, firmware };
  return {
    ...disk,
    boot,
    kernel: kernel === undefined ? null : toSource(kernel),
    initramfs: initramfs === undefined ? null : toSource(initramfs),
  };
}

function toSource({ url, checksum }: { readonly url: string; readonly checksum: string }): FileSource {
  return {
    location: url.startsWith('file://') ? url.slice('file://'.length) : url,
    sha256: checksum.replace(/^sha256:/, '').toLowerCase(),
  };
}
