import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { pipeOf } from '../../src/sandbox/pipe.ts';

t.test('a pipe is found by its number, and its failure is nobody’s concern', async (t) => {
  const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
  const child = spawn('/bin/sh', ['-c', 'echo hello >&3; exec 4<&-'], { stdio: [...stdio] });
  const exit = once(child, 'exit');
  t.equal(await text(pipeOf(child, 3)), 'hello\n');
  await exit;
  pipeOf(child, 4).write('nobody reads this');
  await new Promise((tick) => setTimeout(tick, 10));
  for (const number of [0, 2, 9])
    t.has(
      t.throws(() => pipeOf(child, number)),
      { message: `descriptor ${number} is not a pipe` },
    );
});
