/** Keeps what a guest remembers by itself: that its host is full is nothing to it. */
export function unlessFull(keep: () => void): void {
  try {
    keep();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
