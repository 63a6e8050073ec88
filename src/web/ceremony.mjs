// What the page does in the browser: asks the daemon for a question, the authenticator for an answer,
// and shows what the daemon says to it. Nothing is decided here. Runs as a classic script; every text
// is set as text.

const form = document.querySelector('form');
const status = document.querySelector('[role="status"]');

/**
 * What the daemon asked and nobody has answered yet. Kept when the authenticator is called off: what was
 * spent on it, a code or a passkey that was just made, is not spent in vain.
 */
let open;

form?.addEventListener('submit', (event) => {
  event.preventDefault();
  void perform(event.submitter?.value ?? '');
});

async function perform(act) {
  setBusy(true);
  tell('One moment …');
  try {
    if (open?.act !== act)
      open = { act, asked: await post('begin', { act, typed: field('typed') }) };
    await answer(open);
  } catch (error) {
    tell(explain(error), 'bad');
    setBusy(false);
  }
}

async function answer({ act, asked }) {
  tell(
    asked.kind === 'create'
      ? 'Your device asks you to make a passkey …'
      : 'Your device asks for your passkey …',
  );
  const credential = await useAuthenticator(asked);
  open = undefined;
  const said = await post('finish', { answer: credential.toJSON(), remark: field('remark') });
  if (said.kind === 'done') return finish(said.said);
  open = { act, asked: said };
  return answer(open);
}

function useAuthenticator({ kind, options }) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON)
    throw new Error('This browser is too old for passkeys. Open the link in a current one.');
  return kind === 'create'
    ? navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      })
    : navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
      });
}

async function post(step, body) {
  const response = await fetch(`${location.pathname}/${step}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  const said = await response?.json().catch(() => undefined);
  if (said === undefined)
    throw new Error('Vaktrom cannot be reached, so nothing was done. Try again.');
  if (said.error !== undefined) throw new Error(said.error);
  return said;
}

/** What the authenticator refuses has a name and no words for a person. */
function explain(error) {
  if (error?.name === 'NotAllowedError')
    return 'The passkey was not used: it was called off, took too long, or is not on this device. Nothing was done. You can try again.';
  if (error?.name === 'InvalidStateError')
    return 'This device holds a passkey of yours already. Use another device or key.';
  if (error?.name === 'SecurityError')
    return 'The browser refuses passkeys here: the address of this page does not fit what is configured as rp_id.';
  return error?.message ?? 'Something went wrong. Nothing was done.';
}

const field = (name) => form.elements.namedItem(name)?.value ?? '';

function setBusy(isBusy) {
  for (const button of form.querySelectorAll('button')) button.disabled = isBusy;
}

function finish(said) {
  form.remove();
  document.title = said;
  tell(said, 'good');
  status.focus();
}

function tell(text, mood = '') {
  status.textContent = text;
  status.className = mood;
}
