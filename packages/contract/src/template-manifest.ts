import { type Static, Type } from 'typebox';
import { DiskName, DiskReadonly, DiskSizeGib, DiskTarget } from './extra-disks.ts';
import { HealthCheckRequest } from './health-check.ts';
import { ImageName, NetworkName, TemplateName, TemplateVersion } from './ids.ts';
import { RecipeOrigin } from './image-origin.ts';
import { LIMITS } from './limits.ts';
import { component, nullable, object, stringEnum, stringMap } from './schema.ts';
import { toolsField } from './tools.ts';
import { environmentMap, WorkloadRequest } from './workload.ts';
import { workloadFields } from './workload-fields.ts';

const vcpus = (shown: string) => Type.Optional(Type.Integer({ ...LIMITS.vcpus, description: shown }));
const memory = (shown: string) => Type.Optional(Type.Integer({ ...LIMITS.memoryMib, description: shown }));
const disk = (shown: string) => Type.Optional(Type.Integer({ ...LIMITS.diskGib, description: shown }));

const Resources = object(
  {
    vcpus: vcpus('Virtual CPUs. Default: 1.'),
    vcpu: vcpus('The same as `vcpus`.'),
    cpu_cores: vcpus('The same as `vcpus`.'),
    memory_mib: memory('Memory, MiB. Default: 256.'),
    memory_mb: memory('The same as `memory_mib`.'),
    disk_gib: disk('Virtual size of the root disk, GiB. Default: 8.'),
    disk_gb: disk('The same as `disk_gib`.'),
  },
  { description: 'What a VM has of the host, unless it is asked for with something else.' },
);

const Checksum = Type.String({
  pattern: '^(sha256:)?[0-9a-fA-F]{64}$',
  description:
    'sha256 of the file as it is fetched, in hex, also with `sha256:` before it. What comes from the network is opened only after it has been verified.',
  examples: ['sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'],
});
const Url = Type.String({
  maxLength: 2048,
  pattern: '^(https?://|file:///|/)[^\\u0000-\\u0020]*$',
  description:
    'http or https; or a file below a folder of `image_folders`, on the server, as an absolute path or `file:///…`.',
  examples: ['https://example.com/web-1.0.0.qcow2'],
});
const ManifestImage = Type.Unsafe<string | { readonly recipe: RecipeOrigin }>({
  anyOf: [
    ImageName,
    {
      type: 'object',
      description: 'An image that the template brings, built when it is installed.',
      properties: { recipe: RecipeOrigin },
      required: ['recipe'],
      additionalProperties: false,
    },
  ],
  description:
    'What the root disk of the VMs is made from: the name of an image, or a `recipe` by which one is built, which comes and goes with the template. Default: `base`.',
  examples: ['base', { recipe: { packages: ['jq'] } }],
});
const BootFile = object({ url: Url, checksum: Checksum }, { description: 'A file that the machine is started with.' });

const FileFormat = stringEnum(['qcow2', 'raw', 'ext4'], {
  description: 'What the file is; `ext4` is `raw`. Default: raw.',
});

const Rootfs = object(
  {
    url: Url,
    checksum: Checksum,
    format: Type.Optional(FileFormat),
    boot: Type.Optional(
      stringEnum(['direct', 'firmware'], {
        description:
          '`direct` (the default): it is one ext4 file system, which a kernel has for its root; `firmware`: it has a boot loader.',
      }),
    ),
    firmware: Type.Optional(
      stringEnum(['bios', 'uefi'], {
        description: 'What starts the boot loader. Default: bios. Only with `boot: firmware`.',
      }),
    ),
  },
  { description: 'A disk that the VMs are made from, in place of an image by its name.' },
);

interface CloudInitDocument {
  readonly inline?: boolean;
  readonly content?: string;
  readonly path?: string;
}
const Document = Type.Unsafe<string | CloudInitDocument>({
  anyOf: [
    { type: 'string', maxLength: LIMITS.cloudInitBytes },
    {
      type: 'object',
      properties: {
        inline: { type: 'boolean', description: 'Always true.' },
        content: { type: 'string', maxLength: LIMITS.cloudInitBytes, description: 'The text.' },
        path: { type: 'string', maxLength: 4096, description: 'Refused.' },
      },
      additionalProperties: false,
    },
  ],
  description: 'A text, or `{content}`. A `path` is refused: put the text into the manifest.',
});

const ManifestCloudInit = object(
  {
    user_data: Type.Optional(Document),
    meta_data: Type.Optional(Document),
    network_config: Type.Optional(Document),
    datasource: Type.Optional(stringEnum(['NoCloud'], { description: 'There is no other.' })),
    seed_mode: Type.Optional(
      stringEnum(['vfat', 'disk', 'iso'], { description: 'The seed is a small disk, whatever is said here.' }),
    ),
  },
  { description: 'What cloud-init does when a guest first boots.' },
);

const ManifestDisk = object(
  {
    name: DiskName,
    size_gib: Type.Optional(DiskSizeGib),
    readonly: Type.Optional(DiskReadonly),
    target: Type.Optional(DiskTarget),
    source: Type.Optional(Url),
    checksum: Type.Optional(Checksum),
    format: Type.Optional(FileFormat),
  },
  { description: 'A disk besides the root: empty when a VM is made, or what its `source` has.' },
);

const ofBridges = Type.Optional(
  Type.Unknown({ description: "Refused: bridges and their addresses are the installation's own." }),
);

const Network = object(
  {
    mode: Type.String({
      maxLength: 32,
      description:
        '`user`, `none`, or `vsock`, which is the same as `none`; `bridge`, or `bridged` or `dhcp`, which are the same: an address of its own on a network.',
    }),
    name: Type.Optional(NetworkName),
    egress: Type.Optional(
      stringEnum(['allow', 'deny'], {
        description: 'What the guest may reach, within what its network allows: `deny`, but with bridges.',
      }),
    ),
    bridge_name: ofBridges,
    subnet: ofBridges,
    gateway: ofBridges,
    auto_assign: Type.Optional(Type.Boolean({ description: 'Addresses always are: anything but `true` is refused.' })),
  },
  { description: 'How a VM is joined to the network.' },
);

const Devices = object(
  {
    pci_passthrough: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64, description: 'Refused unless it is empty.' }),
    ),
    allowlist: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64, description: 'Refused unless it is empty.' }),
    ),
  },
  { description: 'Devices of the host.' },
);

const ManifestWorkload = object(
  {
    ...WorkloadRequest.properties,
    env: Type.Optional(environmentMap('The same as `environment`.')),
    workdir: Type.Optional(Type.String({ maxLength: 4096, description: 'The same as `working_dir`.' })),
  },
  { description: 'What VMs are there for: one program that the guest keeps running.' },
);

const { type: checkType, ...checkFields } = HealthCheckRequest.properties;
const ManifestHealthCheck = object(
  {
    type: Type.Optional(checkType),
    ...checkFields,
    endpoint: Type.Optional(
      Type.String({
        maxLength: 2048,
        pattern: '^(/|http://)[^\\u0000-\\u0020]*$',
        description: 'Of an http check: its path, or a URL with port and path within the guest.',
      }),
    ),
    retries: Type.Optional(
      Type.Integer({ ...LIMITS.healthCheck.threshold, description: 'The same as `unhealthy_threshold`.' }),
    ),
  },
  {
    description:
      "How it is found out whether a VM does its work. Without a type: by http. Without a port: the workload's.",
  },
);

export const TemplateManifest = component(
  'TemplateManifest',
  {
    $schema: Type.Optional(Type.String({ maxLength: 2048, description: 'For editors.' })),
    schema_version: Type.Optional(
      Type.Unsafe<string | number>({ enum: ['1', '1.0', 'v1', 1], description: 'Of this format.' }),
    ),
    name: TemplateName,
    version: TemplateVersion,
    description: Type.Optional(
      Type.String({
        maxLength: LIMITS.templates.descriptionLength,
        pattern: '^[^\\u0000]*$',
        description: 'For people.',
      }),
    ),
    runtime: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.labels.valueLength,
        pattern: '^[^\\u0000]*$',
        description: 'What kind of program it is, for people and programs: VMs have it as the label `runtime`.',
      }),
    ),
    enabled: Type.Optional(Type.Boolean({ description: 'False: VMs can be made from it once it is enabled.' })),
    image: Type.Optional(ManifestImage),
    rootfs: Type.Optional(Rootfs),
    kernel: Type.Optional(BootFile),
    initramfs: Type.Optional(BootFile),
    resources: Type.Optional(Resources),
    disks: Type.Optional(
      Type.Array(ManifestDisk, { maxItems: LIMITS.extraDisks, description: 'Disks besides the root.' }),
    ),
    network: Type.Optional(Network),
    ...toolsField,

    environment: workloadFields.environment,
    workload: Type.Optional(nullable(ManifestWorkload)),
    health_check: Type.Optional(nullable(ManifestHealthCheck)),
    cloud_init: Type.Optional(nullable(ManifestCloudInit)),
    openapi: workloadFields.openapi,
    actions: workloadFields.actions,
    labels: Type.Optional(
      stringMap({
        description: 'Labels of the VMs.',
        maxProperties: LIMITS.labels.count,
        keyLength: LIMITS.labels.keyLength,
        valueLength: LIMITS.labels.valueLength,
      }),
    ),
    devices: Type.Optional(Devices),
  },
  {
    description:
      'What VMs are made from: one version of a template. Each field takes effect on the VMs or is refused by its path; unknown ones are refused.',
    examples: [
      {
        name: 'web',
        version: '1.0.0',
        description: 'Serves the site',
        image: 'base',
        resources: { vcpus: 2, memory_mib: 512 },
        workload: { type: 'http', command: 'exec python3 -m http.server 8080', port: 8080 },
        labels: { team: 'blue' },
      },
    ],
  },
);
export type TemplateManifest = Static<typeof TemplateManifest>;
