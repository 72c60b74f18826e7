#!/usr/bin/env bash
# Installs the Debian packages that the build, the demo and the tests need and that are not there yet, naming them.
# Runs as root or with sudo; does nothing (and needs neither) when all are installed. Arguments name further packages.
set -euo pipefail

packages=(
  build-essential cmake ninja-build ccache pkg-config git ca-certificates
  libcpprest-dev rapidjson-dev libsimdjson-dev libcurl4-openssl-dev libpq-dev libssl-dev libjose-dev zlib1g-dev
  libyaml-cpp-dev libcsv-dev libcli11-dev libfmt-dev libspdlog-dev libhowardhinnant-date-dev prometheus-cpp-dev
  libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev
  postgresql-15 tzdata curl jq nginx-light openssl
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

echo "authledger: installing Debian packages: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "authledger: run as root, or install sudo, or install these packages yourself: ${missing[*]}" >&2; exit 2; }
  as_root=(sudo)
fi
# authledger starts private clusters of its own; Debian's default cluster is not needed.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  -o Dpkg::Options::=--force-confold "${missing[@]}" >/tmp/authledger-packages.$$ 2>&1 || {
    tail -n 30 /tmp/authledger-packages.$$ >&2
    echo "authledger: the packages could not be installed; see the lines above" >&2
    exit 2
  }
rm -f /tmp/authledger-packages.$$
