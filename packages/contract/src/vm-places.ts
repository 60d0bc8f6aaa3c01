import type { Static } from 'typebox';
import { component, nullableString } from './schema.ts';

export const VmPlaces = component(
  'VmPlaces',
  {
    kernel_path: nullableString({
      description: 'The kernel that it is started with; null where a firmware finds one on its disk.',
    }),
    root_path: nullableString({ description: 'Its root disk.' }),
    socket_path: nullableString({ description: 'The control socket of its VMM, while there is one.' }),
  },
  {
    description:
      'Absolute paths on its host, shown only with `host:read`; otherwise, and where there is nothing, null.',
    examples: [
      {
        kernel_path: '/var/lib/volary/images/9f86d0…/kernel',
        root_path: '/var/lib/volary/vms/vm_01kahx…/run/disk.qcow2',
        socket_path: '/var/lib/volary/vms/vm_01kahx…/run/qmp.sock',
      },
    ],
  },
);
export type VmPlaces = Static<typeof VmPlaces>;
