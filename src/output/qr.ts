/** QR codes, for a terminal or a message as text, and as a small picture. The only importer of qrcode-generator. */
import qrcode from 'qrcode-generator';

function codeOf(text: string) {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  return code;
}

const QUIET = 2;

/** Two rows of modules a line, by half blocks; dark on light, as it stands on a light background. */
export function drawQr(text: string): string {
  const code = codeOf(text);
  const count = code.getModuleCount();
  const isDark = (row: number, column: number): boolean =>
    row >= 0 && column >= 0 && row < count && column < count && code.isDark(row, column);
  const lines: string[] = [];
  for (let row = -QUIET; row < count + QUIET; row += 2) {
    let text = '';
    for (let column = -QUIET; column < count + QUIET; column++) {
      const upper = isDark(row, column);
      const lower = isDark(row + 1, column);
      text += upper ? (lower ? '█' : '▀') : lower ? '▄' : ' ';
    }
    lines.push(text);
  }
  return lines.join('\n');
}

/** A GIF. */
export function qrPicture(text: string): Uint8Array {
  const [, base64 = ''] = codeOf(text).createDataURL(6, 24).split(',');
  return Buffer.from(base64, 'base64');
}
