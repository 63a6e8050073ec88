/** What a browser does with the page for passkeys: opens a link, asks, and lets a passkey answer. */
import type { Lie, SoftPasskey } from '../support/soft-passkey.ts';

export interface Said {
  readonly kind?: string;
  readonly said?: string;
  readonly error?: string;
  readonly options?: object;
}

export interface Act {
  readonly act: string;
  readonly typed?: string;
  readonly remark?: string;
}

/** Goes through the ceremony behind a link; resolves with the last thing that the daemon said to it. */
export async function usePage(
  link: string,
  passkey: SoftPasskey,
  { act, typed = '', remark = '' }: Act,
  lie: Lie = {},
): Promise<Said> {
  let said = await post(`${link}/begin`, { act, typed });
  // One question may follow another: a later passkey is made once an earlier one has been shown.
  while (said.options !== undefined) {
    const answer =
      said.kind === 'create' ? passkey.create(said.options, lie) : passkey.get(said.options, lie);
    said = await post(`${link}/finish`, { answer, remark });
  }
  return said;
}

export async function readPage(link: string): Promise<string> {
  return (await fetch(link)).text();
}

async function post(url: string, body: object): Promise<Said> {
  const { origin } = new URL(url);
  const response = await fetch(url, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Said;
}
