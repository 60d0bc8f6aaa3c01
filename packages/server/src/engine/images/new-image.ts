import type { ImageRequest } from '../../domain/image/definition.ts';

/** What somebody wants a name to stand for. Whether it may lead to this host is decided by who asks. */
export interface NewImage extends Pick<ImageRequest, 'definition'>, Partial<Pick<ImageRequest, 'labels'>> {
  readonly name: string;
}
