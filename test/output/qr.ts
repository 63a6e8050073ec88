import t from 'tap';
import { drawQr, qrPicture } from '../../src/output/qr.ts';

const URI = 'otpauth://totp/Vaktrom:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Vaktrom';
const QUIET = 2;

/** The modules, dark or not, read back from what is drawn, without the quiet zone. */
function modulesOf(drawn: string): boolean[][] {
  const rows = drawn
    .split('\n')
    .flatMap((line) => [
      [...line].map((char) => char === '█' || char === '▀'),
      [...line].map((char) => char === '█' || char === '▄'),
    ]);
  const size = (rows[0]?.length ?? 0) - 2 * QUIET;
  return rows.slice(QUIET, QUIET + size).map((row) => row.slice(QUIET, QUIET + size));
}

/** ISO/IEC 18004, 6.3.3: dark 3 × 3 in a light ring in a dark ring. */
function isFinder(modules: readonly (readonly boolean[])[], top: number, left: number): boolean {
  return Array.from({ length: 49 }, (_, i) => [Math.floor(i / 7), i % 7] as const).every(
    ([y, x]) => {
      const ring = Math.max(Math.abs(y - 3), Math.abs(x - 3));
      return modules[top + y]?.[left + x] === (ring !== 2);
    },
  );
}

t.test('what is drawn is a QR code: square, with its marks where they belong', async (t) => {
  const modules = modulesOf(drawQr(URI));
  const size = modules.length;
  t.equal((size - 17) % 4, 0, `${size} is the size of a version`);
  t.ok(modules.every((row) => row.length === size));
  t.ok(isFinder(modules, 0, 0) && isFinder(modules, 0, size - 7) && isFinder(modules, size - 7, 0));
  const timing = modules[6]?.slice(8, size - 8);
  t.strictSame(
    timing,
    timing?.map((_, i) => i % 2 === 0),
  );
  t.equal(modules[size - 8]?.[8], true, 'the module that is always dark');
});

t.test('around it, it is light, and every line is as long', async (t) => {
  const lines = drawQr(URI).split('\n');
  t.equal(new Set(lines.map((line) => line.length)).size, 1);
  t.match(lines[0], /^ +$/);
  for (const line of lines) t.match(line, /^ {2}.+ {2}$/);
});

t.test('another text is another code, and a long one a larger one', async (t) => {
  t.not(drawQr(URI), drawQr(URI.replace('alice', 'carol')));
  t.ok(drawQr(URI.repeat(4)).length > drawQr(URI).length);
});

t.test('the picture is a GIF of the same code', async (t) => {
  const picture = Buffer.from(qrPicture(URI));
  t.equal(picture.toString('latin1', 0, 6), 'GIF87a');
  const side = modulesOf(drawQr(URI)).length * 6 + 2 * 24;
  t.equal(picture.readUInt16LE(6), side);
  t.equal(picture.readUInt16LE(8), side);
  t.notSame(qrPicture(URI.replace('alice', 'carol')), picture);
});
