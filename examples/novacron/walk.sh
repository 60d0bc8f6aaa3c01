#!/bin/sh
# Walks the document of NovaCron from its top to its bottom: a login, a VM that is made, stopped and started, what it uses and says, a batch.
#
#   volary serve --listen novacron=:8083 &
#   EMAIL=admin@example.com PASSWORD=... examples/novacron/walk.sh    # MFA_CODE=... where a second factor is enabled
#
# BASE: where NovaCron listens, with the version. TEMPLATE: what the VM is made from.
set -eu

BASE=${BASE:-http://localhost:8083/v1}
TEMPLATE=${TEMPLATE:-base}
NAME=walk-$$

say() { printf '\n== %s\n' "$*"; }
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }
status() { ask "$BASE/vms/$VM_ID" | jq -r .status; }
await() { while [ "$(status)" != "$1" ]; do [ "$(status)" != error ] || exit 1; sleep 1; done; status; }

say 'Log in'
LOGIN=$(jq -n --arg email "$EMAIL" --arg password "$PASSWORD" --arg code "${MFA_CODE:-}" \
  '{email: $email, password: $password} + (if $code == "" then {} else {mfa_code: $code} end)' |
  curl -sS --fail-with-body -H 'Content-Type: application/json' -d @- "$BASE/auth/login")
printf '%s\n' "$LOGIN" | jq '.user, .expires_in'
REFRESH=$(printf '%s\n' "$LOGIN" | jq -r .refresh_token)

say 'Refresh the token'
TOKEN=$(curl -sS --fail-with-body -X POST -H "Authorization: Bearer $REFRESH" "$BASE/auth/refresh" | jq -r .token)
echo "${#TOKEN} characters"

say 'Create a VM'
VM=$(ask "$BASE/vms" -d "{\"name\": \"$NAME\", \"template_id\": \"$TEMPLATE\", \"resources\": {\"cpu\": 1, \"memory_gb\": 0.5, \"storage_gb\": 4}, \"metadata\": {\"team\": \"backend\"}}")
printf '%s\n' "$VM" | jq .
VM_ID=$(printf '%s\n' "$VM" | jq -r .id)
await running

say 'List VMs'
ask "$BASE/vms?search=$NAME" | jq .

say 'Stop it'
ask "$BASE/vms/$VM_ID/stop" -d '{"graceful": true, "timeout_seconds": 60}' | jq .
await stopped

say 'Start it'
ask -X POST "$BASE/vms/$VM_ID/start" | jq .
await running

say 'What it uses'
sleep 12
ask "$BASE/vms/$VM_ID/metrics?interval=1m" | jq .metrics
ask "$BASE/vms/$VM_ID" | jq .resources

say 'What it says'
ask "$BASE/vms/$VM_ID/logs?lines=5" | jq -r '.logs[] | "\(.level) \(.source) \(.message)"'

say 'A batch'
ask "$BASE/batch/vms" -d "{\"operation\": \"restart\", \"vm_ids\": [\"$VM_ID\", \"vm_001\"], \"options\": {\"graceful\": true, \"parallel\": false}}" | jq .
sleep 1
await running

say 'Delete it'
ask -X DELETE "$BASE/vms/$VM_ID?force=true" | jq .
while ask "$BASE/vms/$VM_ID" > /dev/null 2>&1; do sleep 1; done
ask "$BASE/vms?search=$NAME" 2> /dev/null | jq .pagination
