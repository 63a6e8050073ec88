/**
 * Holds the walls of the house: who may import whom, one importer per package, one test per file. A file
 * has its test at the same path under test/, or is named here with the test that holds it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';

interface Module {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly string[];
  /** Something is left of it once its types are stripped. */
  readonly hasValues: boolean;
}

const ROOT = join(import.meta.dirname, '..');

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name));

const readModules = (folder: string): Module[] =>
  sourcesIn(folder).map((path) => parseModule(path, readFileSync(join(ROOT, path), 'utf8')));

/** Imports as paths from the root of the repository; packages and node: modules as they are. */
function parseModule(path: string, text: string): Module {
  const specifiers = [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'/gms)].map(
    (m) => m[1] ?? '',
  );
  const dynamic = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map((m) => m[1] ?? '');
  const imports = [...specifiers, ...dynamic].map((name) =>
    name.startsWith('.') ? normalize(join(dirname(path), name)) : name,
  );
  const hasValues = /^(?:export )?(?:async )?(?:const|let|function|class) /m.test(text);
  return { path, lines: text.split('\n').length, imports, hasValues };
}

/** On what each part of the core is built: concepts earlier in the flow. All of it is pure. */
const CORE: Readonly<Record<string, readonly string[]>> = {
  base: [],
  audit: ['base'],
  trust: ['base'],
  command: ['base'],
  execution: ['base', 'policy'],
  policy: ['base', 'command', 'execution'],
  request: ['base', 'trust', 'policy', 'execution', 'audit'],
  output: ['base', 'audit', 'policy', 'request'],
  stepup: ['base', 'audit'],
  answer: ['base', 'trust', 'command', 'policy', 'request', 'output', 'audit'],
};
/** What is listed is needed: a dependency that is gone is struck off, so that it cannot come back unseen. */
const EARLIER: Readonly<Record<string, readonly string[]>> = {
  ...CORE,
  desk: [...Object.keys(CORE).filter((part) => part !== 'answer'), 'ports.ts'],
};
/** Adapters: each sees the core and the ports, and no other adapter. */
const ADAPTERS = ['config', 'matrix', 'sandbox', 'store', 'system', 'demo', 'web', 'control'];
/** What the rest of the house sees of the adapters. */
const PORTS = ['src/ports.ts', 'src/matrix/crypto/verification.ts'];
/** Adapters through which people come in see what they come for as well. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  web: ['desk'],
  control: ['desk', 'pipeline.ts'],
};

/** Who may import a package; everybody else goes through them. */
const IMPORTERS: Readonly<Record<string, readonly string[]>> = {
  '@matrix-org/matrix-sdk-crypto-wasm': ['src/matrix/crypto/'],
  '@hono/node-server': ['src/web/listen.ts'],
  '@simplewebauthn/server': ['src/stepup/webauthn.ts'],
  '@xterm/headless': ['src/output/screen.ts'],
  commander: ['src/cli/program.ts'],
  hono: ['src/web/app.ts'],
  'libsodium-wrappers': ['src/store/keys.ts'],
  lowdb: ['src/store/state.ts'],
  'matrix-bot-sdk': ['src/matrix/client.ts'],
  'node-pty': ['src/sandbox/terminal.ts'],
  oauth4webapi: ['src/matrix/oauth.ts'],
  otplib: ['src/stepup/totp.ts'],
  pino: ['src/system/journal.ts'],
  'qrcode-generator': ['src/output/qr.ts'],
  yaml: ['src/config/document.ts'],
  zod: ['src/config/'],
};

/** Parts that are tested as a whole, besides the tests of their own that some files have. */
const WHOLES = ['src/cli/', 'src/demo/', 'src/matrix/indexeddb/'];

/** Files without a test file of their own, by the test that holds them; types need none. */
const HELD_BY: Readonly<Record<string, readonly string[]>> = {
  types: [
    ...['answer/context', 'audit/body', 'desk/desk', 'policy/model', 'ports', 'request/life'],
    'trust/sighting',
  ],
  'test/audit/entry.ts': ['base/result'],
  'test/policy/decide.ts': ['policy/decision'],
  'test/policy/standing.ts': ['policy/list'],
  'test/sandbox/seccomp.ts': ['sandbox/syscalls'],
  'test/model/desk.ts': ['desk/cards', 'desk/open'],
  'test/output/screen.ts': ['output/screen-size'],
  'test/request/machine-table.ts': ['request/halt'],
  'test/system/screens.ts': ['system/screen-thread'],
  'test/desk/orders/table.ts': ['desk/orders/ask', 'desk/orders/find', 'desk/orders/sign-off'],
  'test/story/commands.ts': [
    ...['daemon', 'version', 'answer/log', 'answer/why'],
    ...['answer/whoami', 'desk/voice', 'matrix/connect', 'system/clock'],
  ],
  'test/story/gate.ts': [...['answer/pending', 'desk/enrolment', 'desk/notices', 'matrix/rooms']],
  'test/story/passkeys.ts': ['desk/passkeys/proof', 'desk/passkeys/signing'],
  'test/control/server.ts': ['control/client', 'control/peer'],
  'test/control/follow.ts': ['control/exit'],
  'test/matrix/sign-in/log-in.ts': [
    ...['matrix/oauth', 'matrix/tokens', 'matrix/sign-in/guide', 'matrix/sign-in/patient'],
    ...['matrix/sign-in/sign-in', 'matrix/sign-in/sso'],
  ],
  'test/matrix/crypto/device.ts': [
    ...['matrix/crypto/exchange', 'matrix/crypto/identity'],
    'matrix/crypto/machine',
    ...['matrix/crypto/requests', 'matrix/crypto/user-ids'],
  ],
  'test/matrix/crypto/verification.ts': [
    ...['matrix/crypto/sas', 'matrix/crypto/sas-request', 'matrix/crypto/sas-verifications'],
    'matrix/verification-log',
  ],
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
  if (!ADAPTERS.includes(from) || from === 'demo' || to === from || PORTS.includes(name)) return [];
  if (ADAPTERS.includes(to)) return fault('adapters do not import each other');
  const isAbove = to === 'desk' || to === 'answer' || to.endsWith('.ts');
  return isAbove && !DOORS[from]?.includes(to)
    ? fault('an adapter sees the ports, not what uses them')
    : [];
}

function faultsOfForeign(
  path: string,
  from: string,
  name: string,
  fault: (why: string) => string[],
): string[] {
  if (name.startsWith('node:')) {
    if (from === 'desk') return name === 'node:crypto' ? [] : fault('the desk acts by its ports');
    const pure = from in CORE && path !== 'src/base/bytes.ts';
    return pure ? fault('the core does no input or output') : [];
  }
  const allowed = IMPORTERS[name];
  if (!allowed) return fault('the package has no importer in test/layers.ts');
  return allowed.some((place) => path.startsWith(place))
    ? []
    : fault(`only ${allowed.join(', ')} may`);
}

/** Files that nothing holds, and words about them that are not true any more. */
function findUnheld(modules: readonly Module[], tests: ReadonlySet<string>): string[] {
  const held = new Map(
    Object.entries(HELD_BY).flatMap(([by, files]) => files.map((file) => [`src/${file}.ts`, by])),
  );
  const faults = modules.flatMap(({ path, hasValues }) => {
    const by = held.get(path);
    held.delete(path);
    if (tests.has(path.replace(/^src/, 'test')))
      return by === undefined ? [] : [`${path} has a test of its own by now`];
    if (by === undefined)
      return WHOLES.some((part) => path.startsWith(part)) ? [] : [`${path} has no test`];
    const isTrue = by === 'types' ? !hasValues : tests.has(by);
    return isTrue ? [] : [`${path} is not held by ${by}`];
  });
  return [...faults, ...[...held.keys()].map((path) => `${path} is not there`)];
}

/** Dependencies that are allowed and that nothing makes use of. */
function findUnneeded(modules: readonly Module[]): string[] {
  const isUsed = (part: string, earlier: string): boolean =>
    modules.some(
      (m) => folderOf(m.path) === part && m.imports.some((i) => folderOf(i) === earlier),
    );
  return Object.entries(EARLIER).flatMap(([part, all]) =>
    all.filter((one) => !isUsed(part, one)).map((one) => `${part} does not need ${one}`),
  );
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
  t.strictSame(findUnneeded(modules), []);
  t.strictSame(findCycles(modules), []);
});

t.test('every file has its test', async (t) => {
  const tests = new Set(sourcesIn('test'));
  t.ok(tests.size >= 100, `saw ${tests.size} files`);
  t.strictSame(findUnheld(readModules('src'), tests), []);
});

t.test('a house with broken walls is seen to be broken', async (t) => {
  const bad = (path: string, ...imports: string[]): Module => ({
    ...{ path, lines: 10, imports, hasValues: true },
  });
  const modules = [
    bad('src/base/ids.ts', 'src/policy/decide.ts'),
    bad('src/policy/decide.ts', 'node:fs', 'src/request/machine.ts'),
    bad('src/store/ledger.ts', 'src/matrix/http.ts', 'src/pipeline.ts'),
    bad('src/cli/run.ts', 'zod', 'left-pad', 'src/main.ts'),
    bad('src/request/index.ts', 'src/policy/decide.ts'),
    bad('src/desk/cards.ts', 'src/answer/why.ts', 'node:fs'),
    bad('src/web/app.ts', 'src/pipeline.ts', 'src/matrix/crypto/device.ts'),
    bad('src/store/state.ts', 'src/desk/requests.ts'),
    { ...bad('src/output/card.ts'), lines: 400 },
  ];
  t.equal(findFaults(modules).length, 15);
  const right = [
    bad('src/desk/runs.ts', 'src/ports.ts', 'node:crypto'),
    bad('src/web/app.ts', 'src/desk/passkeys/ceremonies.ts', 'hono'),
    bad('src/control/open.ts', 'src/pipeline.ts', 'src/matrix/crypto/verification.ts'),
  ];
  t.strictSame(findFaults(right), []);
  t.ok(findUnneeded(modules).includes('answer does not need base'));
  const held = ['src/new/file.ts', 'src/ports.ts', 'src/policy/list.ts', 'src/version.ts'];
  const tests = new Set(['test/policy/list.ts', 'test/policy/standing.ts']);
  const unheld = findUnheld(
    held.map((path) => bad(path)),
    tests,
  );
  t.strictSame(unheld.slice(0, 4), [
    'src/new/file.ts has no test',
    'src/ports.ts is not held by types',
    'src/policy/list.ts has a test of its own by now',
    'src/version.ts is not held by test/story/commands.ts',
  ]);
  t.ok(unheld.includes('src/daemon.ts is not there'));
  t.strictSame(findCycles([bad('src/a.ts', 'src/b.ts'), bad('src/b.ts', 'src/a.ts')]), [
    'src/a.ts → src/b.ts → src/a.ts',
  ]);
});
