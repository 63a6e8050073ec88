/** One entry under `actions:` → Action. What it refers to elsewhere is checked by policy-file.ts. */
import type { ActionName, RoomName } from '../base/ids.ts';
import { nearest } from '../base/suggest.ts';
import { faultInValue, type Parameter } from '../command/parameter.ts';
import { parsePattern } from '../command/pattern.ts';
import { planBwrap } from '../execution/bwrap.ts';
import { planRun } from '../execution/plan-run.ts';
import type { Action, Quorum, SandboxLimits } from '../policy/model.ts';
import type { Path } from './document.ts';
import type { PolicyDocument } from './policy-schema.ts';

export type ActionDocument = PolicyDocument['actions'][ActionName];
type ParameterDocument = NonNullable<ActionDocument['params']>[string];
type Defaults = NonNullable<PolicyDocument['defaults']>;

/** Takes a problem with the part of the file it was made for; paths are relative to that part. */
export type Report = (path: Path, message: string, atKey?: boolean) => void;

const HALF_HOUR_MS = 30 * 60_000;

export function compileAction(
  name: ActionName,
  action: ActionDocument,
  defaults: Defaults,
  report: Report,
): Action {
  const mode = action.mode ?? 'enforce';
  if (mode !== 'enforce' && action.effect !== 'read')
    report(['mode'], `mode ${mode} is for effect: read only; a ${action.effect} is enforced`);
  const parameters = Object.entries(action.params ?? {}).map(([key, p]) =>
    compileParameter(key, p, (path, message) => report(['params', key, ...path], message)),
  );
  checkTemplate(action.run, parameters, report);
  const compiled: Action = {
    name,
    summary: action.summary,
    run: action.run,
    env: action.env ?? {},
    parameters,
    effect: action.effect,
    mode,
    roles: action.allow.roles,
    // Checked against the rooms of the policy by the caller; an unknown name matches no room.
    rooms: action.allow.rooms as RoomName[],
    windows: action.allow.windows ?? [],
    require: compileRequirements(action.require ?? {}),
    sandbox: compileSandbox(action.sandbox ?? {}, defaults),
    files: action.files ?? [],
    breakGlass: action.break_glass?.roles ?? [],
    allowance: action.allowance && { times: action.allowance.times, forMs: action.allowance.for },
  };
  checkStart(compiled, report);
  return compiled;
}

/** What the sandbox would refuse to start is refused here, where its author sees it. */
function checkStart(action: Action, report: Report): void {
  const started = planBwrap(planRun(action, {}, 'somebody'), { folders: [], files: [] });
  if (!started.ok) report([], `it could never be started: ${started.error}`, true);
}

function compileRequirements(require: NonNullable<ActionDocument['require']>): Action['require'] {
  const approvals = [require.approvals ?? []].flat();
  const within = [require.within ?? [], approvals.flatMap((q) => q.within ?? [])].flat();
  return {
    stepUp: require.step_up,
    approvals: approvals.map(
      (q): Quorum => ({ count: q.count, roles: q.roles, stepUp: q.step_up }),
    ),
    withinMs: within.length > 0 ? Math.min(...within) : HALF_HOUR_MS,
    startWithinMs: require.start_within ?? 0,
  };
}

function compileSandbox(
  sandbox: NonNullable<ActionDocument['sandbox']>,
  defaults: Defaults,
): SandboxLimits {
  return {
    timeoutMs: sandbox.timeout ?? defaults.timeout ?? 60_000,
    outputBytes: sandbox.max_output ?? defaults.max_output ?? 1024 ** 2,
    memoryBytes: sandbox.memory ?? defaults.memory ?? 2 * 1024 ** 3,
    processes: sandbox.processes ?? defaults.processes ?? 128,
    network: sandbox.network ?? [],
    read: sandbox.read ?? [],
    write: sandbox.write ?? [],
  };
}

function compileParameter(name: string, p: ParameterDocument, report: Report): Parameter {
  const parameter = withKind(name, p, report);
  if (p.default !== undefined) {
    const fault = faultInValue(parameter, p.default);
    if (fault !== undefined)
      report(['default'], `"${p.default}" is not a value of the parameter: ${fault}`);
  }
  for (const [index, value] of (p.enum ?? []).entries())
    if (value.startsWith('-') && !parameter.allowDash)
      report(['enum', index], `"${value}" begins with "-": say allow_dash: true if that is meant`);
  return parameter;
}

function withKind(name: string, p: ParameterDocument, report: Report): Parameter {
  const base = {
    name,
    allowDash: p.allow_dash ?? false,
    ...(p.default === undefined ? {} : { fallback: p.default }),
  };
  if (p.enum) return { ...base, kind: 'enum', values: p.enum };
  if (p.integer) {
    const { min, max } = p.integer;
    if (min > max) report(['integer'], 'min is larger than max');
    // A negative number begins with a dash; asking for one is declaring it.
    return { ...base, allowDash: base.allowDash || min < 0, kind: 'integer', min, max };
  }
  const pattern = parsePattern(p.pattern ?? '');
  if (pattern.ok)
    return { ...base, kind: 'pattern', pattern: pattern.value, maxLength: p.max_length ?? 0 };
  report(['pattern'], pattern.error);
  return { ...base, kind: 'enum', values: [p.default ?? ''] }; // one problem is enough
}

const SLOT = /\{([a-z][a-z0-9_-]*)\}/g;

function checkTemplate(run: Action['run'], parameters: readonly Parameter[], report: Report): void {
  if (run[0].search(SLOT) >= 0) report(['run', 0], 'the program cannot depend on a parameter');
  const names = parameters.map((p) => p.name);
  const used = new Set<string>();
  for (const [index, argument] of run.entries())
    for (const [, name = ''] of argument.matchAll(SLOT)) {
      used.add(name);
      if (names.includes(name)) continue;
      const near = nearest(name, names);
      const hint = near === undefined ? '' : `; did you mean "${near}"?`;
      report(['run', index], `there is no parameter "${name}"${hint}`);
    }
  for (const name of names)
    if (!used.has(name)) report(['params', name], 'is never used in run', true);
}
