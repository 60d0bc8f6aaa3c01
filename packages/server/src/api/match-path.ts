/** Whether a path is one of this pattern's: `/v1/vms/{ref}` has `/v1/vms/web-1`. */
export function isOfPattern(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  return (
    wanted.length === parts.length &&
    wanted.every((part, i) => (part.startsWith('{') ? parts[i] !== '' : part === parts[i]))
  );
}
