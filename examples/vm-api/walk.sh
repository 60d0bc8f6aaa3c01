#!/bin/sh
# Walks the document of vm-api from its top to its bottom: a workspace is created, entered, and gone when its time is over.
#
#   volary vm-api &            # or: volary serve --listen vm-api=:3000
#   examples/vm-api/walk.sh    # PROVIDER=qemu for a VM instead of a container
#
# BASE: where vm-api listens. PROVIDER: docker or qemu. TEMPLATE: what it is made from. TTL: seconds it lives for.
set -eu

BASE=${BASE:-http://localhost:3000}
PROVIDER=${PROVIDER:-docker}
TEMPLATE=${TEMPLATE:-nodejs}
TTL=${TTL:-60}
VM=${VM:-$(dirname "$0")/../../vm}
NAME=walk-$$

say() { printf '\n== %s\n' "$*"; }
ask() { curl -sS --fail-with-body -H 'x-user: alice' -H 'Content-Type: application/json' "$@"; }

say 'Health checks'
curl -sS --fail-with-body "$BASE/health" | jq .
curl -sS --fail-with-body "$BASE/health/ready" | jq .

say 'Create a workspace'
WORKSPACE=$(ask -X POST "$BASE/api/v1/workspaces" -d "{
  \"name\": \"$NAME\", \"template\": \"$TEMPLATE\", \"ttl_seconds\": $TTL, \"provider\": \"$PROVIDER\"
}")
printf '%s\n' "$WORKSPACE" | jq .
WORKSPACE_ID=$(printf '%s\n' "$WORKSPACE" | jq -r .id)

say 'Poll its status until it runs'
while true; do
  STATUS=$(ask "$BASE/api/v1/workspaces/$WORKSPACE_ID" | jq -r .status)
  echo "Status: $STATUS"
  case $STATUS in
    running) break ;;
    failed)
      ask "$BASE/api/v1/workspaces/$WORKSPACE_ID" | jq -r .error_message >&2
      exit 1
      ;;
  esac
  sleep 1
done

say 'Get connection info'
ask "$BASE/api/v1/workspaces/$WORKSPACE_ID" | jq .connection_info

say 'Enter it'
"$VM" ssh "$NAME" -- 'echo "hello from $(hostname)"'

say 'List all workspaces'
ask "$BASE/api/v1/workspaces" | jq .

say 'Wait until its time is over'
while ask "$BASE/api/v1/workspaces/$WORKSPACE_ID" > /dev/null 2>&1; do sleep 1; done
curl -sS -H 'x-user: alice' "$BASE/api/v1/workspaces/$WORKSPACE_ID" | jq .

say 'Create another one, and delete it'
WORKSPACE_ID=$(ask -X POST "$BASE/api/v1/workspaces" -d "{\"name\": \"$NAME\", \"provider\": \"$PROVIDER\"}" | jq -r .id)
ask -X DELETE "$BASE/api/v1/workspaces/$WORKSPACE_ID" | jq .
