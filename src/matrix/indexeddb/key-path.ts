/**
 * Where in a value an index finds its key: a dotted path through own properties, or a list of paths
 * whose keys form an array. A value without a valid key there is simply not in the index.
 */
import { encodeKey } from './key.ts';
import { refusal } from './refusal.ts';

export type KeyPath = string | readonly string[];

const PATH = /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/;

/** @throws DOMException `SyntaxError` for what is no key path. */
export function checkedKeyPath(path: unknown): KeyPath {
  if (isPath(path)) return path;
  if (Array.isArray(path) && path.length > 0 && path.every(isPath)) return [...path];
  throw refusal('SyntaxError', 'not a valid key path');
}

const isPath = (path: unknown): path is string => typeof path === 'string' && PATH.test(path);

/** The encoded key of `value`, or undefined when it has none. */
export function keyAtPath(path: KeyPath, value: unknown): Uint8Array | undefined {
  const key =
    typeof path === 'string' ? follow(path, value) : path.map((part) => follow(part, value));
  if (key === undefined) return undefined;
  try {
    return encodeKey(key);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'DataError') return undefined;
    throw error;
  }
}

function follow(path: string, value: unknown): unknown {
  let at = value;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, name)?.value;
  }
  return at;
}
