/**
 * The worked example of docs/formats/audit-log.md, verified from that page alone: with node:crypto and
 * the definition of RFC 6962, with no code of ours. An auditor could have written this.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommandLine } from '../src/cli/program.ts';

const FOLDER = join(import.meta.dirname, 'vectors/audit-log');
const [log, checkpoints, audit] = ['log.jsonl', 'checkpoints', 'audit.pub'].map((name) =>
  readFileSync(join(FOLDER, name), 'utf8'),
) as [string, string, string];
const lines = log.split('\n').slice(0, -1);

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

/** RFC 6962 section 2.1, word for word. */
function rootOf(leaves: readonly string[]): Buffer {
  const [leaf] = leaves;
  if (leaf === undefined) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), Buffer.from(leaf));
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return sha256(Uint8Array.of(1), rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

t.test('every checkpoint of the example is signed and covers what it says', async (t) => {
  const [name = '', id = ''] = audit.split('+', 2);
  const key = Buffer.from(audit.trim().slice(name.length + id.length + 2), 'base64');
  t.equal(key[0], 1, 'Ed25519');
  const keyId = sha256(Buffer.from(`${name}\n`), key).subarray(0, 4);
  t.equal(keyId.toString('hex'), id);
  // RFC 8410: what stands before the 32 bytes of an Ed25519 public key.
  const prefix = Buffer.from('302a300506032b6570032100', 'hex');
  const der = Buffer.concat([prefix, key.subarray(1)]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });

  const notes = checkpoints.split(/(?<=— .*\n)\n/).filter(Boolean);
  t.ok(notes.length > 5);
  for (const note of notes) {
    const [text = '', signature = ''] = note.split('\n\n— ');
    const [origin, size = '', root] = text.split('\n');
    t.equal(origin, name);
    t.equal(rootOf(lines.slice(0, Number(size))).toString('base64'), root);
    const signed = Buffer.from(signature.slice(name.length + 1), 'base64');
    t.strictSame(signed.subarray(0, 4), keyId);
    t.ok(verify(null, Buffer.from(`${text}\n`), publicKey, signed.subarray(4)));
  }
  t.equal(Number(notes.at(-1)?.split('\n')[1]), lines.length, 'the last one covers all');
});

t.test('our own verifier and the definition agree', async (t) => {
  const files = ['--log', FOLDER, '--key', join(FOLDER, 'audit.pub')];
  const out: string[] = [];
  const io = { out: (line: string) => void out.push(line), err() {}, ask: undefined };
  t.equal(await runCommandLine(['audit', 'verify', ...files], io), 0);
  const root = 'nXVNFeh8aw2p9enS7fiOytb5zOd6RFYXdt2RRi9sSp0=';
  t.equal(
    out.join(),
    `intact: ${lines.length} entries, signed by demo.local/vaktrom/5c7858a0 as ${root}`,
  );
  t.equal(rootOf(lines).toString('base64'), root);
});
