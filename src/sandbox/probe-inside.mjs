/**
 * Runs as an action, tries what no action may do, and prints what it got: an object of strings,
 * judged by probe.ts. Its arguments: what was laid out for it (`Bait` there), and a file with the
 * descriptors that it was started with. Given to node as text, hence plain JavaScript.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

const [, baitText, descriptors] = process.argv;
const bait = JSON.parse(baitText);

const SYSTEM = ['/', '/dev', '/etc', '/home', '/proc', '/usr', '/usr/bin'];

const works = (action) => {
  try {
    return action() !== false;
  } catch {
    return false;
  }
};
const status = readFileSync('/proc/self/status', 'utf8');
const statusOf = (name) => status.match(new RegExp(`^${name}:\\s*(.*)$`, 'm'))[1];
const capabilities = (set) => statusOf(`Cap${set}`);
const processes = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
const leaks = (pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(bait.secret);

const create = (path) => {
  writeFileSync(path, '');
  rmSync(path);
};

const reach = (address) =>
  new Promise((done) => {
    const socket = connect(address).setTimeout(2000, () => done(false));
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });

const run = (program) => {
  const file = `${process.env.HOME}/trial`;
  writeFileSync(file, Buffer.from(program, 'base64'), { mode: 0o700 });
  const ended = spawnSync(file, { stdio: 'inherit' });
  rmSync(file);
  return ended.signal ?? `errno ${ended.status ?? ended.error.code}`;
};

/** The host's limit must stop this, not our patience. */
const multiply = () => {
  const children = Array.from({ length: bait.processes }, () => {
    return spawn('/bin/sleep', ['60'], { stdio: 'ignore' }).on('error', () => {});
  });
  const alive = children.filter((child) => child.pid !== undefined);
  for (const child of alive) child.kill('SIGKILL');
  return alive.length < children.length ? 'refused' : `${alive.length} more`;
};

const reached = [];
for (const address of bait.addresses) if (await reach(address)) reached.push(address);

const facts = {
  user: `${process.getuid()}:${process.getgid()}`,
  capabilities: [...new Set(['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map(capabilities))].join(' '),
  noNewPrivileges: statusOf('NoNewPrivs'),
  seccomp: statusOf('Seccomp'),
  hostname: hostname(),
  core: readFileSync('/proc/self/limits', 'utf8').match(/^Max core file size\s+(\S+)/m)[1],
  oomScore: readFileSync('/proc/self/oom_score_adj', 'utf8').trim(),
  descriptors: readFileSync(descriptors, 'utf8').trim().replaceAll('\n', ' '),
  processes: processes.join(' '),
  environments: processes.filter((pid) => works(() => leaks(pid))).join(' '),
  visible: bait.hidden.filter((path) => existsSync(path)).join(' '),
  written: SYSTEM.filter((path) => works(() => create(`${path}/vaktrom-probe`))).join(' '),
  knobs: works(() => openSync('/proc/sys/kernel/hostname', 'r+')) ? 'open' : 'shut',
  home: [process.cwd(), ...readdirSync('.')].join(' '),
  interfaces: Object.keys(networkInterfaces()).join(' '),
  reached: JSON.stringify(reached),
  ...Object.fromEntries(bait.trials.map(({ name, program }) => [name, run(program)])),
  children: multiply(),
};
console.log(JSON.stringify(facts));
process.exit();
