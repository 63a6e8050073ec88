/** What clients upload, kept whole in memory. */
import type { JsonObject } from './json.ts';
import { notFound } from './matrix-error.ts';
import { opaque } from './opaque.ts';

export interface MediaFile {
  readonly data: Uint8Array;
  readonly contentType: string;
}

interface Shelf {
  readonly media: Map<string, MediaFile>;
  readonly serverName: string;
}

export const MAX_UPLOAD_BYTES = 50 * 1024 * 1024;

export function storeMedia({ media, serverName }: Shelf, file: MediaFile): JsonObject {
  const id = opaque();
  media.set(id, file);
  return { content_uri: `mxc://${serverName}/${id}` };
}

export function findMedia({ media, serverName }: Shelf, server: string, id: string): MediaFile {
  const file = server === serverName ? media.get(id) : undefined;
  if (!file) throw notFound('No such media');
  return file;
}
