/** True for what a file system says, or SQLite of it, when there is no block left, or none of the owner's quota. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(String(error.code));
}
