/** Media, which since MSC3916 is served to signed-in clients only. */

import { notFound } from '../matrix-error.ts';
import { findMedia, MAX_UPLOAD_BYTES, storeMedia } from '../media.ts';
import { Reply } from '../request.ts';
import { type Call, openRoute, type Route, route } from '../router.ts';

const NAMED = ':server/:mediaId';
const DOWNLOAD = `/_matrix/client/v1/media/download/${NAMED}`;
const LEGACY = `/_matrix/media/v3/download/${NAMED}`;

export const mediaRoutes: readonly Route[] = [
  route('POST', '/_matrix/media/v3/upload', ({ state, request }) => {
    const contentType = request.contentType ?? 'application/octet-stream';
    return storeMedia(state, { data: request.body, contentType });
  }),
  route('GET', '/_matrix/client/v1/media/config', () => ({ 'm.upload.size': MAX_UPLOAD_BYTES })),
  route('GET', DOWNLOAD, download),
  route('GET', `${DOWNLOAD}/:fileName`, download),
  openRoute('GET', LEGACY, () => {
    throw notFound('Not found');
  }),
];

type MediaCall = Call<{ readonly server: string; readonly mediaId: string }>;

function download({ state, params: { server, mediaId } }: MediaCall): Reply {
  const { data, contentType } = findMedia(state, server, mediaId);
  return new Reply(200, data, contentType);
}
