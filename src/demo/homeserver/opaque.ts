/** Names that nobody can guess and nothing can be read from. */
import { randomBytes } from 'node:crypto';

/** 128 random bits as 22 characters of base64url. */
export const opaque = (): string => randomBytes(16).toString('base64url');
