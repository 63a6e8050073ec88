import { createHash } from 'node:crypto';
import t from 'tap';
import type { Frozen } from '../../src/audit/body.ts';
import { canonicalJson, type Json } from '../../src/base/bytes.ts';
import { parseRequestId } from '../../src/base/ids.ts';
import { freezeRequest, frozenEnv } from '../../src/request/request.ts';
import { event } from '../support/ids.ts';
import { frozen } from '../support/requests.ts';

const THREAD = event('$thread');
const digestOf = (change: Partial<Frozen> = {}): string =>
  freezeRequest(frozen(change), THREAD).digest;

t.test(
  'the digest is SHA-256 over everything that is frozen, as anybody can compute it',
  async (t) => {
    const json = canonicalJson(frozen() as unknown as Json);
    t.equal(digestOf(), createHash('sha256').update(json).digest('hex'));
  },
);

t.test('nothing that is frozen can be changed without another digest', async (t) => {
  const { sandbox, limits, actor, source } = frozen();
  const CHANGES: Readonly<Record<Exclude<keyof Frozen, 'v'>, Partial<Frozen>>> = {
    kind: { kind: 'allowance' },
    action: { action: 'status' },
    effect: { effect: 'read' },
    values: { values: { service: 'web', version: '1.2.4' } },
    argv: { argv: ['/opt/ops/deploy', 'web 1.2.3'] },
    env: { env: {} },
    files: { files: [{ path: '/opt/ops/deploy', sha256: 'x' }] },
    sandbox: { sandbox: { ...sandbox, network: [{ host: 'a', port: 1 }] } },
    limits: { limits: { ...limits, processes: 65 } },
    policy: { policy: 'e'.repeat(64) },
    actor: { actor: { ...actor, device: 'TABLET' } },
    source: { source: { ...source, index: 8 } },
    room: { room: 'danger' },
    urgent: { urgent: 'it burns' },
    allowance: { allowance: { times: 1, forMs: 1 } },
    nonce: { nonce: 'another' },
    createdAt: { createdAt: 0 },
    expiresAt: { expiresAt: 0 },
    startWithinMs: { startWithinMs: 1 },
  };
  const digests = [digestOf(), ...Object.values(CHANGES).map(digestOf)];
  t.equal(new Set(digests).size, digests.length);
});

t.test('the order in which something is frozen is no matter', async (t) => {
  const backwards = Object.fromEntries(Object.entries(frozen()).toReversed());
  t.equal(freezeRequest(backwards as unknown as Frozen, THREAD).digest, digestOf());
});

t.test('people name it by the first 30 bits', async (t) => {
  const { id, digest, thread } = freezeRequest(frozen(), THREAD);
  const first = BigInt(`0x${digest.slice(0, 8)}`) >> 2n;
  const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const letters = [25n, 20n, 15n, 10n, 5n, 0n].map((at) => ALPHABET[Number((first >> at) & 31n)]);
  t.equal(id.replace('-', ''), letters.join(''));
  t.strictSame(parseRequestId(id), { ok: true, value: id });
  t.equal(thread, THREAD);
});

t.test('of the environment, names are frozen and values only as their hash', async (t) => {
  const hash = createHash('sha256').update('s3cret').digest('hex');
  t.strictSame(frozenEnv({ TOKEN: 's3cret' }), { TOKEN: hash });
});
