/** Why a message was not taken as a command, and what to do about it: one or two sentences. */
import type { TrustRefusal } from './judge.ts';

const SENTENCES: Readonly<Record<TrustRefusal, string>> = {
  clear_text:
    'This arrived unencrypted, so anybody on the server could have written it. Nothing was run. Send commands from an encrypted room.',
  unknown_account: 'This account is not named in the policy, so I do not take commands from it.',
  forwarded_key:
    'The key of this message was handed on by somebody else than its sender. Send the command again.',
  device_unknown:
    'The device that sent this no longer exists. Send the command from a current one.',
  device_mismatch:
    'The device that sent this is not the one that now has its name. Nothing was run.',
  device_unsigned:
    'The device that sent this is not verified by its owner. Verify the session in your client, then send the command again.',
  identity_unknown:
    'The sender has no cross-signing identity. Set up verification in your client, then send the command again.',
  identity_mismatch:
    "The sender's identity is not the one that the policy pins. If it was reset, an administrator has to pin the new one.",
  identity_changed:
    "The sender's identity has changed since it was first seen. An administrator has to pin it in the policy.",
  edit: 'An edit is never a command. Send it as a new message.',
  reply: 'A reply is never a command. Send it as a message of its own.',
  replayed: 'This message was delivered a second time under another name. It was not run again.',
  refused_before:
    'This was refused before, and a refusal is final. If it is still wanted, send it as a new message.',
  flooded:
    'More messages of this account were refused in this room than I can keep apart, so I take no command of it here any more. An administrator has to name another room in the policy; if this is our direct room, !direct new in a shared one makes another.',
  before_live:
    'I was away when this was sent, so it was not run. Send it again if it is still wanted.',
  direct_left:
    'This is not our direct room any more, so nothing counts here. Use the newer one; !direct in a shared room says where it is.',
  unclear:
    'This seems to be meant for me, but I cannot tell a command from it, so nothing was run. Begin with ! as in !help, or with a mention of me that your client makes, and go on with the command.',
  missing_key:
    'I cannot decrypt this: I was not given the key. Check that your client sends keys to this device, then send it again.',
  unsigned_device:
    'I cannot trust the device that sent this: it is not verified by its owner. Verify the session in your client, then send it again.',
  unknown_device: 'I do not know the device that sent this. Send it again in a moment.',
  sender_mismatch: 'This message was not made by the account it is said to be from.',
  identity_violation:
    "The sender's identity was verified once and has been replaced. An administrator has to look into it.",
  damaged: 'I cannot decrypt this: it is damaged.',
};

export const describeTrustRefusal = (code: TrustRefusal): string => SENTENCES[code];
