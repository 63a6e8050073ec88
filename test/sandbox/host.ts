import { existsSync, lstatSync } from 'node:fs';
import t from 'tap';
import { findEquipment, requireArchitecture } from '../../src/sandbox/host.ts';

t.test('this host has what a sandbox is made of', async (t) => {
  const { bwrap, filter, folders, files } = findEquipment();
  t.equal(bwrap, '/usr/bin/bwrap');
  t.equal(filter.length % 8, 0);
  t.ok(folders.some(({ path }) => path === '/bin'));
  for (const { path, link } of folders) {
    t.equal(link !== undefined, lstatSync(path).isSymbolicLink(), path);
  }
  t.ok(files.includes('/etc/ld.so.cache'));
  for (const path of files) t.ok(existsSync(path), path);
});

t.test('the processor is one that the filter knows', async (t) => {
  t.equal(requireArchitecture(), process.arch);
});

t.test('another processor is refused', async (t) => {
  const { arch } = process;
  t.teardown(() => Object.defineProperty(process, 'arch', { value: arch }));
  Object.defineProperty(process, 'arch', { value: 'riscv64' });
  t.throws(findEquipment, { code: /^sandbox_unavailable$/, message: /filter for riscv64/ });
});
