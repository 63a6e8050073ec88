#!/bin/sh
# The installed command: runs Vaktrom with the Node that its lockfile pins, from wherever it is linked.
set -eu
here=$(dirname "$(readlink -f "$0")")
node=$here/../node_modules/.bin/node
[ -x "$node" ] || { echo 'vaktrom: not set up yet; run: npm run -s vaktrom -- --version' >&2; exit 1; }
# A young generation of 1 MB: the daemon idles most of the day, and this is a third less memory.
exec "$node" --max-semi-space-size=1 --disable-warning=DEP0060 "$here/main.ts" "$@"
