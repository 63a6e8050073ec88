/**
 * The page as HTML: readable without a script, with one heading, and one form where there is something
 * to do. Everything that goes into it passes `escapeHtml`, here and nowhere else.
 */
import type { About, Sight } from '../desk/passkeys/sight.ts';
import { NO_PASSKEY } from '../desk/passkeys/signing.ts';
import { escapeHtml } from '../output/html.ts';
import { type Fact, formatTime } from '../output/sheet.ts';

export interface Assets {
  readonly style: string;
  readonly script: string;
}

/** HTML that is safe to put into HTML. */
interface Markup {
  readonly html: string;
}

/** A template whose holes are escaped, unless they are markup already. */
function html(pieces: TemplateStringsArray, ...holes: readonly Hole[]): Markup {
  const filled = pieces.map((piece, index) => `${piece}${fill(holes[index] ?? '')}`);
  return { html: filled.join('') };
}

type Hole = string | Markup | readonly Markup[];

function fill(hole: Hole): string {
  if (typeof hole === 'string') return escapeHtml(hole);
  return 'html' in hole ? hole.html : hole.map((markup) => markup.html).join('');
}

const NOTHING: Markup = { html: '' };

export function renderPage(sight: Sight, { style, script }: Assets): string {
  const title = titleOf(sight);
  const effect = sight.kind === 'request' ? sight.effect : '';
  const isActive = sight.kind === 'request' || sight.kind === 'enrolment';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Vaktrom</title>
<style>${{ html: style }}</style>
</head>
<body>
<header><strong>Vaktrom</strong>${sight.kind === 'unknown' ? NOTHING : html`<span>for ${sight.person}</span>`}</header>
<main class="${effect}">
${bodyOf(sight)}
${isActive ? html`<p role="status" tabindex="-1"></p>` : NOTHING}
</main>
${isActive ? html`<script>${{ html: script }}</script>` : NOTHING}
</body>
</html>
`.html;
}

function titleOf(sight: Sight): string {
  switch (sight.kind) {
    case 'unknown':
      return 'Nothing here';
    case 'enrolment':
      return 'Enrol a passkey';
    case 'told':
      return sight.about?.command ?? 'Enrol a passkey';
    case 'request':
      return `${sight.isOwn ? 'Your request' : 'Sign off'}: ${sight.about.command}`;
  }
}

function bodyOf(sight: Sight): Markup {
  switch (sight.kind) {
    case 'unknown':
      return html`<h1>There is nothing here for you</h1>
<p>The link may be mistyped, or from before Vaktrom was restarted. Ask for another one in your direct
room with the bot.</p>`;
    case 'told':
      return toldBody(sight);
    case 'request':
      return requestBody(sight);
    case 'enrolment':
      return enrolmentBody(sight);
  }
}

function toldBody({ about, said, retry }: Sight & { readonly kind: 'told' }): Markup {
  return html`<h1>${about ? html`<code>${about.command}</code>` : 'Enrol a passkey'}</h1>
<p>${said}</p>
${retry === undefined ? NOTHING : html`<p>For another link, type <code>${retry}</code> in your direct room with the bot.</p>`}
${about ? nameOf(about, NOTHING) : NOTHING}`;
}

const nameOf = ({ id, words }: About, note: Markup): Markup => html`<div class="name">
<p class="words">${words}</p>
<p class="quiet">Request <code>${id}</code>. ${note}</p>
</div>`;

const EFFECTS = { read: 'reads', change: 'changes', destructive: 'destructive' } as const;

/** What proves the rest, for those who look closely. */
const FINE_PRINT: readonly string[] = ['environment', 'file', 'policy', 'digest'];

function requestBody(sight: Sight & { readonly kind: 'request' }): Markup {
  const { about, asker, room, effect, expiresAt, isOwn, facts, needs, given } = sight;
  const isFine = ({ name }: Fact): boolean => FINE_PRINT.includes(name);
  return html`<p class="effect ${effect}">${EFFECTS[effect]}</p>
<h1><code>${about.command}</code></h1>
<p>${isOwn ? html`You asked` : html`<strong>${asker}</strong> asks`} for this in <strong>${room}</strong>. <span class="quiet">Open until ${formatTime(expiresAt)}.</span></p>
${nameOf(about, html`These words must stand in the message that brought you here. If they do not, close this page and tell your team.`)}
<dl>
${facts.filter((fact) => !isFine(fact)).map(factRow)}
${factRow({ name: 'needs', values: [needs], kind: 'said' })}
${given === '' ? NOTHING : factRow({ name: 'given', values: [given], kind: 'said' })}
</dl>
<details><summary>Files, policy and digest (SHA-256)</summary>
<dl>${facts.filter(isFine).map(factRow)}</dl>
</details>
${sight.hasPasskey ? signingForm(sight) : html`<p role="note">${NO_PASSKEY}</p>`}`;
}

function factRow({ name, values, kind }: Fact): Markup {
  if (kind === 'argv')
    return html`<dt class="argv">${name}</dt><dd class="argv">${values.map((value) => html`<span>${value}</span><wbr>`)}</dd>
`;
  return html`<dt>${name}</dt>${values.map((value) => html`<dd class="${kind}">${value}</dd>`)}
`;
}

function signingForm({ isOwn, about }: Sight & { readonly kind: 'request' }): Markup {
  if (isOwn)
    return html`<form>
<p class="acts"><button class="first" value="prove">Prove it is you with your passkey</button></p>
${NEEDS_SCRIPT}</form>`;
  return html`<form>
<label for="remark">If you deny it: why?</label>
<input id="remark" name="remark" maxlength="500" autocomplete="off" aria-describedby="remark-hint">
<p class="hint" id="remark-hint">Everybody who sees the request will read it. Without a passkey at hand,
type <code>deny ${about.id}</code> in your direct room.</p>
<p class="acts"><button class="first" value="approve">Sign off with your passkey</button>
<button class="second" value="deny">Deny with your passkey</button></p>
${NEEDS_SCRIPT}</form>`;
}

const NEEDS_SCRIPT = html`<noscript><p>Using a passkey needs JavaScript in this browser. Everything above is complete without it.</p></noscript>
`;

function enrolmentBody({ hasPasskey, person }: Sight & { readonly kind: 'enrolment' }): Markup {
  return html`<h1>Enrol a passkey</h1>
<p>It will stand for ${person}: what it signs counts as said by you. Use a device or a key that only you
can unlock.</p>
<form>
<label for="typed">One-time code or ticket</label>
<input id="typed" name="typed" maxlength="64" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" aria-describedby="typed-hint"${hasPasskey ? NOTHING : html` required`}>
<p class="hint" id="typed-hint">${
    hasPasskey
      ? 'Leave it empty to confirm with a passkey that you have: you will be asked twice, first for the new one.'
      : 'Six digits from your authenticator app, or the ticket that you were handed.'
  }</p>
<p class="acts"><button class="first" value="enrol">Make the passkey</button></p>
${NEEDS_SCRIPT}</form>`;
}
