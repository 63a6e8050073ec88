import t from 'tap';
import { escapeHtml } from '../../src/output/html.ts';

t.test('what means something in HTML means itself', async (t) => {
  t.equal(
    escapeHtml(`<a href="x">'&'</a>`),
    '&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;',
  );
  t.equal(escapeHtml('&amp;'), '&amp;amp;');
  t.equal(escapeHtml('plain ✓'), 'plain ✓');
});
