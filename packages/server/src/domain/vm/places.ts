/** Absolute paths on the VM's host, for whoever operates it; null where there is none, or not yet. */
export interface VmPlaces {
  /** The kernel that it is started with; null where a firmware finds one on its disk. */
  readonly kernelPath: string | null;
  /** Its root disk. */
  readonly rootPath: string | null;
  /** The socket by which its VMM is told what to do, while there is one. */
  readonly socketPath: string | null;
}
