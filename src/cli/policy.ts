/** `vaktrom policy check | test | schema`, and `vaktrom check`. */
import { describeError, Fault } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { formatSchema } from '../config/conform.ts';
import { openDirectory, readPolicy } from '../config/directory.ts';
import { formatProblem, inFileOrder, type Problem } from '../config/document.ts';
import { type PolicyFile, parsePolicyFile } from '../config/policy-file.ts';
import { policySchema } from '../config/policy-schema.ts';
import { testPolicy } from '../config/policy-test.ts';
import { findWarnings } from '../config/policy-warnings.ts';
import { settingsSchema } from '../config/settings.ts';
import { readTextFile } from '../config/text-file.ts';
import { actionsWithPasskey } from '../policy/passkeys.ts';
import { checkSecrets } from './doctor.ts';
import { type ExitCode, type Io, printable } from './io.ts';
import { findWayOutWarnings } from './ways-out.ts';

export async function policyCheck(path: string, json: boolean, io: Io): Promise<ExitCode> {
  const parsed = await parseFile(path);
  if (!parsed.ok) return tellProblems(parsed.error, json, io);
  const { policy, expectations } = parsed.value;
  const counts = {
    people: policy.people.size,
    rooms: policy.rooms.size,
    actions: policy.actions.size,
    tests: expectations.length,
  };
  const warnings = [
    ...(await findOpenings(path)),
    ...inFileOrder([...findWarnings(parsed.value), ...(await findWayOutWarnings(parsed.value))]),
  ];
  if (json) io.out(JSON.stringify({ ok: true, sha256: policy.sha256, ...counts, warnings }));
  else {
    tellWarnings(warnings, io);
    const found = Object.entries(counts).map(([name, count]) => `${name}: ${count}`);
    io.out(printable(`${path}: ok; ${found.join(', ')}`));
  }
  return 0;
}

export async function policyTest(path: string, json: boolean, io: Io): Promise<ExitCode> {
  const parsed = await parseFile(path);
  if (!parsed.ok) return tellProblems(parsed.error, json, io);
  const results = testPolicy(parsed.value);
  const failed = results.filter((r) => r.fault !== undefined);
  if (json) io.out(JSON.stringify({ ok: failed.length === 0, results }));
  else {
    for (const { name, fault } of results)
      io.out(printable(fault === undefined ? `ok    ${name}` : `FAIL  ${name}: ${fault}`));
    io.out(`${results.length - failed.length} passed, ${failed.length} failed`);
  }
  return failed.length === 0 ? 0 : 1;
}

const SCHEMAS = { policy: policySchema, settings: settingsSchema } as const;

export const schemaText = (of: keyof typeof SCHEMAS): string =>
  `${JSON.stringify(formatSchema(SCHEMAS[of]), null, 2)}\n`;

/** Everything that can be checked without the network: settings, policy, secrets. */
export async function check(root: string, json: boolean, io: Io): Promise<ExitCode> {
  const directory = await openDirectory(root);
  const file = await readPolicy(directory.policyPath);
  tellWarnings(findWarnings(file), io);
  const needing = directory.settings.web ? [] : actionsWithPasskey(file.policy);
  if (needing.length > 0)
    io.err(`note: ${needing.join(', ')} cannot be used: there is no web: in vaktrom.yaml`);
  await checkSecrets(directory);
  io.out(
    json ? JSON.stringify({ ok: true }) : `${root}: settings, policy and secrets are in order`,
  );
  return 0;
}

/** A draft may lie anywhere. Where it lies, the daemon may not take it. */
const findOpenings = (path: string): Promise<readonly Problem[]> =>
  readTextFile(path, 'writers').then(
    () => [],
    (error: unknown) => [
      {
        file: path,
        line: 1,
        column: 1,
        message: `the daemon would not read it: ${describeError(error)}`,
      },
    ],
  );

async function parseFile(path: string): Promise<Result<PolicyFile, readonly Problem[]>> {
  const text = await readTextFile(path, 'nobody').catch((cause: unknown) => {
    throw new Fault('policy_invalid', `cannot read ${path}`, cause);
  });
  return parsePolicyFile(text, path);
}

function tellWarnings(warnings: readonly Problem[], io: Io): void {
  for (const warning of warnings) io.err(printable(`warning: ${formatProblem(warning)}`));
}

function tellProblems(problems: readonly Problem[], json: boolean, io: Io): ExitCode {
  if (json) io.out(JSON.stringify({ ok: false, problems }));
  else for (const problem of problems) io.err(printable(formatProblem(problem)));
  return 1;
}
