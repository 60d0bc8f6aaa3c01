#!/bin/sh
# Walks the documents of Aetherium: a VM with tools is created, a repository is cloned in it, and the history, the log and the stream tell of it.
#
#   PORT=8080 volary serve &
#   API_KEY=… examples/aetherium/walk.sh
#
# BASE: where the dialect listens. API_KEY: a key. TOOLS: additional tools, as JSON. NODE: Node.js, for the WebSocket.
set -eu

BASE=${BASE:-http://localhost:8080}
TOOLS=${TOOLS:-'[]'}
NODE=${NODE:-node}
NAME=walk-$$

say() { printf '\n== %s\n' "$*"; }
ask() { curl -sS --fail-with-body -H "X-API-Key: $API_KEY" -H 'Content-Type: application/json' "$@"; }

# Polls the task until it is over, and prints it.
finish() {
  while true; do
    TASK=$(ask "$BASE/api/v1/tasks/$1")
    case $(printf '%s\n' "$TASK" | jq -r .status) in
      completed) break ;;
      failed | cancelled)
        printf '%s\n' "$TASK" | jq -r .error >&2
        exit 1
        ;;
    esac
    sleep 1
  done
  printf '%s\n' "$TASK" | jq .
}

execute() {
  finish "$(ask -X POST "$BASE/api/v1/vms/$VM_ID/execute" -d "$1" | jq -r .task_id)"
}

export API_KEY
say 'Health check'
curl -sS --fail-with-body "$BASE/health" | jq .

say 'Create VM, with tools'
CREATED=$(ask -X POST "$BASE/api/v1/vms" -d "{
  \"name\": \"$NAME\", \"vcpus\": 2, \"memory_mb\": 1024, \"additional_tools\": $TOOLS
}")
printf '%s\n' "$CREATED" | jq .
finish "$(printf '%s\n' "$CREATED" | jq -r .task_id)"
VM_ID=$(printf '%s\n' "$TASK" | jq -r .result.vm_id)

say 'Get VM'
ask "$BASE/api/v1/vms/$VM_ID" | jq .

say 'Stream logs (WebSocket)'
STREAM="$BASE/api/v1/logs/stream?vm_id=$VM_ID" "$NODE" -e '
  const url = `${process.env.STREAM.replace("http", "ws")}&api_key=${encodeURIComponent(process.env.API_KEY)}`;
  const ws = new WebSocket(url);
  ws.onmessage = (event) => {
    const log = JSON.parse(event.data);
    console.log(log.timestamp, log.level, log.message);
    if (log.message.startsWith("execution.completed")) ws.close();
  };
' &
LISTENER=$!

say 'Execute command: clone a repository'
execute '{"command": "sh", "args": ["-c", "git init -q /root/origin && cd /root/origin && echo hello > file && git add . && git -c user.name=a -c user.email=a@example.org commit -qm first"]}'
execute '{"command": "git", "args": ["clone", "/root/origin", "/root/repo"]}'
execute '{"command": "cat", "args": ["/root/repo/file"]}'
wait "$LISTENER"

say 'List executions'
ask "$BASE/api/v1/vms/$VM_ID/executions" | jq .

say 'Query logs'
ask -X POST "$BASE/api/v1/logs/query" -d "{\"vm_id\": \"$VM_ID\", \"level\": \"info\", \"limit\": 5}" | jq .

say 'List VMs'
ask "$BASE/api/v1/vms" | jq .

say 'Delete VM'
finish "$(ask -X DELETE "$BASE/api/v1/vms/$VM_ID" | jq -r .id)"
