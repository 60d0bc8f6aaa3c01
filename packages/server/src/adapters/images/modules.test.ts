import { describe, expect, it } from 'vitest';
import { resolveModules } from './modules.ts';

const DEP = `kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio_pci_modern_dev.ko kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_pci_modern_dev.ko:
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_ring.ko:
kernel/drivers/net/virtio_net.ko.xz: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
`;

const bad = expect.objectContaining({ code: 'failed_precondition', reason: 'image.bad_modules' });

describe('the modules of an initramfs', () => {
  it('come after those they need, each once', () => {
    expect(
      resolveModules(['virtio_pci', 'virtio-net'], DEP, '').map((path) => path.slice(path.lastIndexOf('/') + 1)),
    ).toEqual(['virtio_ring.ko', 'virtio.ko', 'virtio_pci_modern_dev.ko', 'virtio_pci.ko', 'virtio_net.ko.xz']);
  });

  it('leave out what is built in', () => {
    expect(resolveModules(['ext4'], DEP, 'kernel/fs/ext4/ext4.ko\n')).toEqual([]);
  });

  it('must exist', () => {
    expect(() => resolveModules(['nonsense'], DEP, '')).toThrow('nonsense');
  });

  it.each([
    'kernel/../../../../etc/shadow.ko',
    '/etc/one.ko',
    'kernel/one.ko\t/root/.ssh/authorized_keys',
    'kernel/"one.ko',
    'kernel/o\u0000ne.ko',
    `kernel/${'a/'.repeat(200)}one.ko`,
  ])('are no paths but those of modules: %j', (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1).split('.ko')[0] ?? '';

    expect(() => resolveModules([name], `${path}:\n`, '')).toThrow(bad);
    expect(() => resolveModules(['needs'], `kernel/needs.ko: ${path}\n${path}:\n`, '')).toThrow(bad);
  });

  it('do not need each other in a circle, nor more of them than a guest loads', () => {
    const chain = Array.from({ length: 100_000 }, (_, i) => `kernel/m${i}.ko: kernel/m${i + 1}.ko`).join('\n');

    expect(() => resolveModules(['a'], 'kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/a.ko\n', '')).toThrow(bad);
    expect(() => resolveModules(['m0'], chain, '')).toThrow(bad);
  });
});
