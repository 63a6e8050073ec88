/**
 * How long a test waits before it says that something will not come. Every wait ends with what it waits
 * for, so this costs time only where a test fails anyway; it is far more than a machine five times slower
 * than ours needs. No other limit stands in a test: what is slow is measured by `npm run bench`.
 */
export const PATIENCE_MS = 240_000;
