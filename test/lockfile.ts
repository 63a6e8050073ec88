/**
 * Holds what `npm ci` needs of package-lock.json on every machine, whatever this one can see. The oldest npm
 * that we promise is 9.2 of Debian 12 and 13; test/guest/ runs it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly link?: boolean;
}

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const parseManifest = (path: string): Manifest => JSON.parse(read(path));

const { packages }: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  read('package-lock.json'),
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

// npm 9.2 takes an override that names a folder for a version range ("Invalid comparator") and then
// refuses the whole lock. Stand-ins are dependencies of ours instead, found by their version.
t.test('no dependency is overridden', async (t) => {
  t.notOk('overrides' in parseManifest('package.json'), 'package.json');
});

t.test('each stand-in under src/matrix/absent is what matrix-bot-sdk gets', async (t) => {
  const ABSENT = 'src/matrix/absent';
  const folders = readdirSync(join(ROOT, ABSENT), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  t.ok(folders.length >= 6, `saw ${folders.length}`);
  const { dependencies = {} } = parseManifest('package.json');
  const wanted = parseManifest('node_modules/matrix-bot-sdk/package.json').dependencies ?? {};
  const fromSdk = createRequire(join(ROOT, 'node_modules/matrix-bot-sdk/package.json'));
  for (const folder of folders) {
    const { name, version } = parseManifest(`${ABSENT}/${folder}/package.json`);
    t.equal(dependencies[name], `file:./${ABSENT}/${folder}`, name);
    // The oldest version of a caret range, so that every npm agrees that it is in the range.
    t.equal(`^${version}`, wanted[name], `${name}: version`);
    const copies = Object.keys(packages).filter((path) => path.endsWith(`node_modules/${name}`));
    t.strictSame(copies, [`node_modules/${name}`], `${name}: no real copy beside it`);
    const link = { resolved: `${ABSENT}/${folder}`, link: true };
    t.strictSame(packages[`node_modules/${name}`], link, `${name}: a link`);
    t.ok(fromSdk.resolve(name).startsWith(join(ROOT, ABSENT)), `${name}: found by the SDK`);
  }
});

// npm 9.2 copies what `file:` names unless it is told otherwise; a copy has lost ../unused.cjs.
t.test('npm links the stand-ins', async (t) => {
  t.ok(read('.npmrc').split('\n').includes('install-links=false'));
});
