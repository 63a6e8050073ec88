/**
 * Readers for JSON that a client chose: a field either has the shape that is asked for or counts as
 * absent, so that no request makes a TypeError.
 */
import type { Json } from '../../base/bytes.ts';

export type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function objectAt(from: JsonObject, key: string): JsonObject {
  const value = from[key];
  return isObject(value) ? value : {};
}

export function textAt(from: JsonObject, key: string): string | undefined {
  const value = from[key];
  return typeof value === 'string' ? value : undefined;
}

export function numberAt(from: JsonObject, key: string): number | undefined {
  const value = from[key];
  return typeof value === 'number' ? value : undefined;
}

export function listAt(from: JsonObject, key: string): readonly Json[] {
  const value = from[key];
  return Array.isArray(value) ? value : [];
}

/** The fields of `from` whose values are objects. */
export const objectsIn = (from: JsonObject): readonly (readonly [string, JsonObject])[] =>
  Object.entries(from).filter((field): field is [string, JsonObject] => isObject(field[1]));
