/** Action + accepted values → the plan of one run. */
import type { Action } from '../policy/model.ts';
import type { Plan } from './plan.ts';

/**
 * Each `{name}` becomes the value, inside the argument where it stands: an argument stays one
 * argument whatever its values hold. `values` have been accepted by the action's parameters.
 */
export function planRun(
  action: Action,
  values: Readonly<Record<string, string>>,
  person: string,
): Plan {
  const fill = (argument: string) =>
    argument.replace(/\{([a-z][a-z0-9_-]*)\}/g, (slot, name: string) =>
      Object.hasOwn(values, name) ? (values[name] ?? slot) : slot,
    );
  const [program, ...rest] = action.run;
  const { timeoutMs, outputBytes, memoryBytes, processes, ...sandbox } = action.sandbox;
  return {
    argv: [program, ...rest.map(fill)],
    env: { ...BASE_ENVIRONMENT, ...action.env, VAKTROM_PERSON: person },
    sandbox,
    limits: { timeoutMs, outputBytes, memoryBytes, processes },
  };
}

const BASE_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  TERM: 'xterm-256color',
} as const;
