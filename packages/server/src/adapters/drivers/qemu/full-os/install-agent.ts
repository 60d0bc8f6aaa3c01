import { AGENT_PORT } from '../command-line.ts';

/** What the seed is called, as cloud-init wants it. */
export const SEED_LABEL = 'cidata';
/** The agent's file in it. */
export const SEED_AGENT = 'volary-agent';

const AGENT_PATH = '/usr/local/lib/volary/volary-agent';
const UNIT = 'volary-agent.service';

/**
 * A script for a system that brings everything of its own: has our agent run in it, now and after each boot. It may be run again, also by two at
 * once, and replaces an agent of another version. The unit is there before most others, so that a guest is reached while the rest of it
 * starts; its commands are children of it, so that there may be as many as the system has room for.
 */
export const INSTALL_AGENT = `#!/bin/sh
# Installs Volary's agent from the disk that this machine was given, and starts it.
set -eu
agent=${AGENT_PATH}
seed=$(mktemp -d)
mount -o ro "$(blkid -L ${SEED_LABEL} || readlink -f /dev/disk/by-label/${SEED_LABEL})" "$seed"
trap 'umount "$seed"; rmdir "$seed"' EXIT
verb=start
if ! cmp -s "$seed/${SEED_AGENT}" "$agent"; then
  mkdir -p "\${agent%/*}"
  cp "$seed/${SEED_AGENT}" "$agent.$$"
  chmod 0755 "$agent.$$"
  mv -f "$agent.$$" "$agent"
  if command -v restorecon > /dev/null; then restorecon -R "\${agent%/*}"; fi
  verb=restart
fi
if [ -d /run/systemd/system ]; then
  unit=/etc/systemd/system/${UNIT}
  if [ ! -e "$unit" ]; then
    cat > "$unit.$$" <<'UNIT'
[Unit]
Description=Volary guest agent
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
[Service]
ExecStart=${AGENT_PATH} --port ${AGENT_PORT}
Restart=always
RestartSec=1
KillMode=mixed
TasksMax=infinity
LimitNOFILE=1048576
[Install]
WantedBy=sysinit.target
UNIT
    mv -f "$unit.$$" "$unit"
    mkdir -p /etc/systemd/system/sysinit.target.wants
    ln -sf "$unit" /etc/systemd/system/sysinit.target.wants/${UNIT}
  fi
  systemctl --no-block "$verb" ${UNIT}
elif [ "$verb" = restart ] || ! pidof volary-agent > /dev/null; then
  pidof volary-agent > /dev/null && kill $(pidof volary-agent)
  setsid "$agent" --port ${AGENT_PORT} < /dev/null > /dev/null 2>&1 &
fi
`;

/**
 * What cloud-init does besides what the user asks of it, whatever that is: a hook of the boot runs before everything else, also where the user's
 * own commands take long or fail.
 */
export const VENDOR_DATA = `#cloud-boothook\n${INSTALL_AGENT}`;
