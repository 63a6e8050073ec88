/*
 * Stands in for what matrix-bot-sdk lists and we never run: request, request-promise, express, morgan,
 * postgres. Loading it is fine (the SDK does, at import); using it is an error.
 */
const MODULE_FIELDS = new Set(['__esModule', 'then', 'prototype', 'default']);

function absent() {
  throw new Error('this package is deliberately absent: see src/matrix/absent');
}

module.exports = new Proxy(absent, {
  get: (target, name) =>
    typeof name === 'symbol' || MODULE_FIELDS.has(name) ? target[name] : module.exports,
});
