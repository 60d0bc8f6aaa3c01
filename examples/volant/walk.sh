#!/bin/sh
# Walks the document of Volant from its top to its bottom: a plugin, a VM made from it and how that is set, a deployment that grows and
# shrinks, and the events of all that.
#
#   volary serve --listen 127.0.0.1:7070 --listen volant=:8080
#   examples/volant/walk.sh
#
# BASE: where Volant listens. IMAGE: what the disks of the VMs are made of. MEMORY: of each VM, MiB.
set -eu

BASE=${BASE:-http://localhost:8080}
IMAGE=${IMAGE:-base}
MEMORY=${MEMORY:-256}
NAME=walk-$$
EVENTS=$(mktemp)

say() { printf '\n== %s\n' "$*"; }
ask() { curl -sS --fail-with-body -H 'Content-Type: application/json' "$@"; }
# until_is PATH FILTER VALUE
until_is() {
  while [ "$(ask "$BASE/api/v1/$1" | jq -r "$2")" != "$3" ]; do sleep 1; done
}

curl -sSN "$BASE/api/v1/events/vms" > "$EVENTS" &
STREAM=$!
trap 'kill "$STREAM" 2> /dev/null || :; rm -f "$EVENTS"' EXIT

say 'Get system information'
ask "$BASE/api/v1/system/info" | jq .

say 'Install a plugin'
ask -X POST "$BASE/api/v1/plugins" -d "{
  \"name\": \"$NAME\", \"version\": \"1.0.0\", \"description\": \"Of the walk\", \"image\": \"$IMAGE\",
  \"resources\": { \"vcpu\": 1, \"memory_mb\": $MEMORY }
}" | jq .
ask "$BASE/api/v1/plugins" | jq .

say 'Create a VM'
ask -X POST "$BASE/api/v1/vms" -d "{ \"name\": \"$NAME\", \"plugin\": \"$NAME\" }" | jq .
until_is "vms/$NAME" .status running
ask "$BASE/api/v1/vms/$NAME" | jq .

say 'Change how it is set'
ask "$BASE/api/v1/vms/$NAME/config" | jq .
ask -X PATCH "$BASE/api/v1/vms/$NAME/config" -d '{"resources": {"vcpu": 2}}' | jq .
ask "$BASE/api/v1/vms/$NAME/config/history" | jq .

say 'Stop, start and delete it'
ask -X POST "$BASE/api/v1/vms/$NAME/stop" | jq .
ask -X POST "$BASE/api/v1/vms/$NAME/start" | jq .
until_is "vms/$NAME" .status running
ask "$BASE/api/v1/vms/$NAME" | jq .resources
ask -X DELETE "$BASE/api/v1/vms/$NAME"

say 'Create a deployment, and scale it from 3 to 5 and to 2'
ask -X POST "$BASE/api/v1/deployments" -d "{ \"name\": \"$NAME\", \"plugin\": \"$NAME\", \"replicas\": 3 }" | jq .
until_is "deployments/$NAME" '"\(.status.phase) \(.vms | length)"' 'running 3'
for REPLICAS in 5 2; do
  ask -X PATCH "$BASE/api/v1/deployments/$NAME" -d "{\"replicas\": $REPLICAS}" | jq .
  until_is "deployments/$NAME" '"\(.status.phase) \(.vms | length)"' "running $REPLICAS"
done
ask "$BASE/api/v1/deployments/$NAME" | jq .
ask -X DELETE "$BASE/api/v1/deployments/$NAME"

say 'Remove the plugin'
ask -X DELETE "$BASE/api/v1/plugins/$NAME"

say 'What was told of all that'
grep -A1 '^event: ' "$EVENTS"
