import { describe, expect, it } from 'vitest';
import { resolveModules } from './modules.ts';

const DEP = `kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio_pci_modern_dev.ko kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_pci_modern_dev.ko:
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_ring.ko:
kernel/drivers/net/virtio_net.ko.xz: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
`;

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
});
