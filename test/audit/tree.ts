import fc from 'fast-check';
import t from 'tap';
import { hashLeaf, Tree } from '../../src/audit/tree.ts';
import { sha256, utf8 } from '../../src/base/bytes.ts';

const rootOf = (leaves: readonly Uint8Array[]): string => {
  const tree = new Tree();
  for (const leaf of leaves) tree.append(hashLeaf(leaf));
  return Buffer.from(tree.root()).toString('hex');
};

// The inputs and roots of the reference implementation of certificate-transparency
// (merkletree/merkle_tree_test.cc), which every later one checks itself against.
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'].concat(
  '606162636465666768696a6b6c6d6e6f',
);
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

t.test('the known trees have the known roots', async (t) => {
  const leaves = INPUTS.map((hex) => Buffer.from(hex, 'hex'));
  for (const [size, root] of ROOTS.entries())
    t.equal(rootOf(leaves.slice(0, size)), root, `of ${size} leaves`);
});

/** MTH of RFC 6962, section 2.1, word for word. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (!only) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

t.test('any tree has the root that the RFC defines', async (t) => {
  const leaves = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 200 });
  fc.assert(
    fc.property(leaves, (leaves) => rootOf(leaves) === Buffer.from(mth(leaves)).toString('hex')),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('asking for the root changes nothing', async (t) => {
  const tree = new Tree();
  const seen: Uint8Array[] = [];
  for (let size = 0; size < 70; size++) {
    t.equal(tree.size, size);
    t.same(tree.root(), mth(seen));
    seen.push(utf8(`entry ${size}`));
    tree.append(hashLeaf(utf8(`entry ${size}`)));
  }
});

t.test('a leaf cannot be taken for a node', async (t) => {
  const [a, b] = [utf8('a'), utf8('b')];
  const inside = Buffer.concat([hashLeaf(a), hashLeaf(b)]);
  t.not(rootOf([a, b]), rootOf([inside]));
});
