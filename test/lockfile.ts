/** Holds what `npm ci` needs of package-lock.json on every machine, whatever this one can see. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
}

const { packages }: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8'),
);

// A registry that keeps no build for some platform makes npm drop it from the lock without a word,
// and `npm ci` then refuses the whole lock.
t.test('every optional dependency of a locked package is locked too', async (t) => {
  const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ path, name })),
  );
  t.ok(wanted.length > 20, `saw ${wanted.length}`);
  const absent = wanted.filter(
    ({ path, name }) =>
      !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
  );
  t.strictSame(absent, []);
});

t.test('no package is locked to the address of one registry', async (t) => {
  const addresses = Object.values(packages).map(({ resolved }) => resolved ?? '');
  t.strictSame(
    addresses.filter((address) => address.includes('://')),
    [],
  );
});
