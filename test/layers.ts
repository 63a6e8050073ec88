/** Holds the walls of the house: who may import whom, one importer per package, one test per file. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';

interface Module {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly string[];
}

const ROOT = join(import.meta.dirname, '..');

function readModules(folder: string): Module[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => parseModule(join(folder, name), readFileSync(join(ROOT, folder, name), 'utf8')));
}

/** Imports as paths from the root of the repository; packages and node: modules as they are. */
function parseModule(path: string, text: string): Module {
  const specifiers = [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'/gms)].map(
    (m) => m[1] ?? '',
  );
  const dynamic = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map((m) => m[1] ?? '');
  const imports = [...specifiers, ...dynamic].map((name) =>
    name.startsWith('.') ? normalize(join(dirname(path), name)) : name,
  );
  return { path, lines: text.split('\n').length, imports };
}

/** On what each part of the core is built: a concept imports only concepts earlier in the flow. */
const EARLIER: Readonly<Record<string, readonly string[]>> = {
  base: [],
  audit: ['base'],
  trust: ['base'],
  command: ['base'],
  execution: ['base', 'policy'],
  policy: ['base', 'command', 'execution'],
  request: ['base', 'trust', 'policy', 'execution', 'audit'],
  output: ['base', 'audit', 'policy', 'execution', 'request'],
  answer: ['base', 'trust', 'command', 'policy', 'execution', 'request', 'output', 'audit'],
};
/** Adapters: each sees the core and the ports, and no other adapter. */
const ADAPTERS = ['config', 'matrix', 'sandbox', 'store', 'system', 'demo', 'web'];

/** Who may import a package; everybody else goes through them. */
const IMPORTERS: Readonly<Record<string, readonly string[]>> = {
  '@matrix-org/matrix-sdk-crypto-wasm': ['src/matrix/crypto/'],
  '@xterm/headless': ['src/output/screen.ts'],
  commander: ['src/cli/program.ts'],
  'libsodium-wrappers': ['src/store/keys.ts'],
  lowdb: ['src/store/state.ts'],
  'matrix-bot-sdk': ['src/matrix/client.ts'],
  'node-pty': ['src/sandbox/terminal.ts'],
  pino: ['src/system/journal.ts'],
  yaml: ['src/config/document.ts'],
  zod: ['src/config/'],
};

const folderOf = (path: string): string => path.split('/')[1] ?? '';
const isOurs = (name: string): boolean => name.startsWith('src/') || name === 'package.json';

/** Every broken rule, as a sentence. */
function findFaults(modules: readonly Module[]): string[] {
  return modules.flatMap((module) => [
    ...(module.lines > 301 ? [`${module.path} has ${module.lines} lines`] : []),
    ...(/(^|\/)index\.ts$/.test(module.path) ? [`${module.path} is a barrel`] : []),
    ...module.imports.flatMap((name) => faultsOfImport(module.path, name)),
  ]);
}

function faultsOfImport(path: string, name: string): string[] {
  const from = folderOf(path);
  const fault = (why: string) => [`${path} imports ${name}: ${why}`];
  if (name.startsWith('src/main.ts')) return fault('nobody imports main');
  if (!isOurs(name)) return faultsOfForeign(path, from, name, fault);
  const to = folderOf(name);
  const earlier = EARLIER[from];
  if (earlier && to !== from && !earlier.includes(to))
    return fault(`${from} is not built on ${to}`);
  if (ADAPTERS.includes(from) && ADAPTERS.includes(to) && to !== from && from !== 'demo')
    return fault('adapters do not import each other');
  if (ADAPTERS.includes(from) && to.endsWith('.ts') && to !== 'ports.ts' && from !== 'demo')
    return fault('an adapter sees the ports, not what uses them');
  return [];
}

function faultsOfForeign(
  path: string,
  from: string,
  name: string,
  fault: (why: string) => string[],
): string[] {
  if (name.startsWith('node:')) {
    const pure = from in EARLIER && path !== 'src/base/bytes.ts';
    return pure ? fault('the core does no input or output') : [];
  }
  const allowed = IMPORTERS[name];
  if (!allowed) return fault('the package has no importer in test/layers.ts');
  return allowed.some((place) => path.startsWith(place))
    ? []
    : fault(`only ${allowed.join(', ')} may`);
}

/** Sets of files that import each other in a circle, type-only imports included. */
function findCycles(modules: readonly Module[]): string[] {
  const edges = new Map(
    modules.map((m) => [m.path, m.imports.filter((i) => i.startsWith('src/'))]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of modules) visit(path, []);
  return cycles;
}

t.test('the walls hold', async (t) => {
  const modules = readModules('src');
  t.ok(modules.length >= 100, `saw ${modules.length} files`);
  t.ok(modules.reduce((sum, m) => sum + m.imports.length, 0) > 300, 'saw their imports');
  t.strictSame(findFaults(modules), []);
  t.strictSame(findCycles(modules), []);
});

t.test('a house with broken walls is seen to be broken', async (t) => {
  const bad = (path: string, ...imports: string[]): Module => ({ path, lines: 10, imports });
  const modules = [
    bad('src/base/ids.ts', 'src/policy/decide.ts'),
    bad('src/policy/decide.ts', 'node:fs', 'src/request/machine.ts'),
    bad('src/store/ledger.ts', 'src/matrix/http.ts', 'src/pipeline.ts'),
    bad('src/cli/run.ts', 'zod', 'left-pad', 'src/main.ts'),
    bad('src/request/index.ts', 'src/policy/decide.ts'),
    { ...bad('src/output/card.ts'), lines: 400 },
  ];
  t.equal(findFaults(modules).length, 10);
  t.strictSame(findCycles([bad('src/a.ts', 'src/b.ts'), bad('src/b.ts', 'src/a.ts')]), [
    'src/a.ts → src/b.ts → src/a.ts',
  ]);
});
