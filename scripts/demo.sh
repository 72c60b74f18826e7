#!/usr/bin/env bash
# The main job on real parts: a simulated EHR (FHIR R4 over HTTP), a private PostgreSQL, one sync, and a look at what
# now stands in the EHR. `--serve` leaves both running.
set -euo pipefail
cd "$(dirname "$0")/.."

authledger=$PWD/build/release/authledger
demo=$PWD/build/demo
serve=${1:-}

# Every demo starts with an empty EHR, so the ledger starts empty too.
if [ -d "$demo" ]; then rm -rf "$demo"; fi
mkdir -p "$demo"

"$authledger" sandbox --listen 127.0.0.1:0 --port-file "$demo/port" >"$demo/sandbox.log" 2>&1 &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null; wait "$sandbox" 2>/dev/null || true' EXIT
for _ in $(seq 300); do [ -s "$demo/port" ] && break; sleep 0.1; done
[ -s "$demo/port" ] || { cat "$demo/sandbox.log" >&2; exit 1; }
base=http://127.0.0.1:$(cat "$demo/port")/fhir

cat >"$demo/authledger.yaml" <<YAML
tenant:
  name: sample-clinic
  time_zone: America/New_York
endpoints:
  - name: ehr
    base_url: $base
delivery:
  identifier_system: https://sample-clinic.example/authledger
YAML

heading() { printf '\n== %s\n' "$1"; }

heading "The EHR: $base ($(curl -s "$base/Patient?_count=1" | jq .total) patients, $(curl -s "$base/Encounter?_count=1" | jq .total) encounters)"
heading "authledger sync"
"$authledger" --config "$demo/authledger.yaml" sync

heading "Five warnings, in the words that a clinician reads"
"$authledger" --config "$demo/authledger.yaml" --format json notices |
  jq -r '[.[] | select(.kind != "utilization")] | sort_by(.patient | startswith("Patient/story") | not) | group_by(.kind) | map(.[0])
         | sort_by(-.severity) | .[:5][] | "  \(.patient): \(.text)"'

heading "As the EHR returns them"
show() { # type, patient, search parameter
  echo "$(curl -s "$base/$1?_count=1" | jq .total) $1s, for example that of $2:"
  curl -s "$base/$1?patient=Patient/$2&_count=1" | jq '.entry[0].resource | del(.meta, .text)'
}
show Flag story-01
show Task story-02

heading "authledger sync, again: nothing changed, so nothing is posted and nothing is written"
"$authledger" --config "$demo/authledger.yaml" sync

heading "Where to look next"
cat <<TEXT
  $authledger --config $demo/authledger.yaml authorizations --patient story-01
  $authledger --config $demo/authledger.yaml explain <authorization number>
  $authledger --config $demo/authledger.yaml verify
  docs/sample_clinic.md tells the stories of the sample patients; docs/configuration.md wires a real EHR.
TEXT

if [ "$serve" = --serve ]; then
  heading "authledger serve (Ctrl-C ends it and the EHR)"
  "$authledger" --config "$demo/authledger.yaml" serve
fi
