/** Names for a person to read. */
export const list = (names: readonly string[]): string => names.join(', ') || 'none';
