/** Errors as the Matrix client-server specification writes them: a status and a JSON body. */
import type { JsonObject } from './json.ts';

export class MatrixError extends Error {
  readonly status: number;
  readonly body: JsonObject;
  constructor(status: number, body: JsonObject) {
    super(JSON.stringify(body));
    this.name = 'MatrixError';
    this.status = status;
    this.body = body;
  }
}

export const matrixError = (status: number, errcode: string, error: string): MatrixError =>
  new MatrixError(status, { errcode, error });

export const forbidden = (error: string): MatrixError => matrixError(403, 'M_FORBIDDEN', error);
export const notFound = (error: string): MatrixError => matrixError(404, 'M_NOT_FOUND', error);
export const missing = (field: string): MatrixError =>
  matrixError(400, 'M_MISSING_PARAM', `Missing params: ['${field}']`);
export const invalid = (error: string): MatrixError => matrixError(400, 'M_INVALID_PARAM', error);
