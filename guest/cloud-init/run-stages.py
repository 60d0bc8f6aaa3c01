"""Runs cloud-init's stages in a VM whose first program is Volary's agent, which has no units that would.

Once in each boot: whoever asks again, also in a machine that was restored or forked in the middle of it, waits for what is under way and gets
the same answer. Exits with 0, 1 (cloud-init reports errors), 2 (something was asked for that is not possible here); what there is to say is in
/run/cloud-init/status.json, in cloud-init's own form.

cloud-init is loaded once and each stage is a child: loading takes an emulated machine longer than most stages.
"""

import fcntl
import json
import os
import shutil
import signal
import sys
import time

SEED = "/var/lib/cloud/seed/nocloud/"
COMPILED = "/var/cache/volary/"
RUN = "/run/cloud-init"
DONE = RUN + "/volary-stages-done"
LOCK = RUN + "/volary-stages.lock"
STATUS = RUN + "/status.json"
MERGED = "/var/lib/cloud/instance/cloud-config.txt"
HOSTNAMES = ("/var/lib/cloud/data/set-hostname", "/var/lib/cloud/data/previous-hostname")

# What each is called in status.json, how it is asked for, and how long it may take in seconds.
STAGES = (
    ("init-local", ["init", "--local"], 300),
    ("init", ["init"], 900),
    ("modules-config", ["modules", "--mode=config"], 900),
    ("modules-final", ["modules", "--mode=final"], 3600),
)

# Keys of a cloud-config that nothing acts on here, and why.
NO_BOOT = "this VM has no boot loader of its own"
NO_DISK = "its disks are the VM's matter"
NO_SERVICES = "it has no service manager"
NOT_HERE = {
    "growpart": NO_DISK,
    "resize_rootfs": NO_DISK,
    "disk_setup": NO_DISK,
    "fs_setup": NO_DISK,
    "mounts": NO_DISK,
    "swap": NO_DISK,
    "grub_dpkg": NO_BOOT,
    "grub-dpkg": NO_BOOT,
    "ntp": "its clock is set by its host",
    "power_state": "stop or restart the VM instead",
    "rsyslog": NO_SERVICES,
    "snap": NO_SERVICES,
    "lxd": NO_SERVICES,
    "chef": NO_SERVICES,
    "puppet": NO_SERVICES,
    "salt_minion": NO_SERVICES,
    "mcollective": NO_SERVICES,
    "landscape": NO_SERVICES,
    "keyboard": "it has no keyboard",
}


class TooLong(Exception):
    """A stage has had its time."""


class Ended(BaseException):
    """Somebody wants no more of it."""


def too_long(_number, _frame):
    raise TooLong()


def ended(_number, _frame):
    raise Ended()


def keep_compiled(name):
    """Of this version, and of no other that was here before."""
    os.makedirs(COMPILED, mode=0o755, exist_ok=True)
    for other in os.listdir(COMPILED):
        if other.startswith("cloud-init-") and other != name:
            shutil.rmtree(COMPILED + other)
    sys.pycache_prefix = COMPILED + name


def load_cloud_init():
    """Imports what the stages need, also what they look up by name, so that each of them finds it loaded."""
    if len(sys.argv) > 1:
        # The pack can only be read: what is compiled of it lies here for the next boot.
        keep_compiled("cloud-init-" + sys.argv[1])
    from cloudinit.cmd import main
    import cloudinit.config.cc_ssh
    import cloudinit.config.schema
    import cloudinit.distros.debian
    import cloudinit.sources.DataSourceNoCloud
    import jinja2

    # Keys of the machine are made by whoever needs some, or where user data names their kinds.
    cloudinit.config.cc_ssh.GENERATE_KEY_NAMES = []
    return main


def run_stage(main, arguments, limit):
    """Its exit code; None: it took longer than it may. All that it has started in its process group ends with it then."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            code = main.main(["cloud-init", *arguments])
        except SystemExit as error:
            code = error.code
        except BaseException as error:
            print("cloud-init %s: %s" % (" ".join(arguments), error), file=sys.stderr)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) and code < 256 else 1 if code else 0)
    try:
        # Whoever is first: nobody waits for the other.
        os.setpgid(child, child)
    except (PermissionError, ProcessLookupError):
        pass
    signal.alarm(limit)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except TooLong:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None
    except Ended:
        os.killpg(child, signal.SIGKILL)
        raise SystemExit("cloud-init was ended in this stage: %s" % " ".join(arguments))
    finally:
        signal.alarm(0)


def read_status():
    try:
        with open(STATUS) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {"v1": {}}


def amend_status(stage, kind, text):
    """Adds something to what cloud-init has written of a stage."""
    status = read_status()
    entry = status["v1"].setdefault(stage, {"start": None, "finished": None, "errors": []})
    if kind == "errors":
        entry["errors"].append(text)
        entry["finished"] = time.time()
        status["v1"]["stage"] = None
    else:
        entry.setdefault("recoverable_errors", {}).setdefault(kind, []).append(text)
    # It is a link to where cloud-init keeps it.
    path = os.path.realpath(STATUS)
    with open(path + ".new", "w") as file:
        json.dump(status, file, indent=1)
    os.rename(path + ".new", path)


def note_what_is_not_possible():
    """Who asks for something that nothing acts on is told so."""
    import yaml

    try:
        with open(MERGED) as file:
            merged = yaml.safe_load(file)
    except (OSError, yaml.YAMLError):
        return
    for key in merged if isinstance(merged, dict) else ():
        if key in NOT_HERE:
            amend_status("modules-final", "WARNING", "%s does nothing: %s" % (key, NOT_HERE[key]))


def add_asked_metadata():
    """What the user says of the machine counts before what its host says."""
    import yaml

    with open(SEED + "meta-data") as ours, open(SEED + "meta-data.asked") as theirs:
        metadata = {**json.load(ours), **(yaml.safe_load(theirs) or {})}
    with open(SEED + "meta-data", "w") as file:
        json.dump(metadata, file)


def run_all():
    # The agent has just given the machine its own name: what cloud-init has called it before is to count again.
    for path in HOSTNAMES:
        if os.path.exists(path):
            os.remove(path)
    os.makedirs("/etc/cloud", exist_ok=True)
    # The file that all others add to has to be there.
    open("/etc/cloud/cloud.cfg", "a").close()
    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGTERM, ended)
    main = load_cloud_init()
    add_asked_metadata()
    for stage, arguments, limit in STAGES:
        print("cloud-init %s" % " ".join(arguments))
        code = run_stage(main, arguments, limit)
        if code is None:
            amend_status(stage, "errors", "It was ended after %d s." % limit)
        elif code != 0 and not read_status()["v1"].get(stage, {}).get("errors"):
            amend_status(stage, "errors", "It ended with %d." % code)
    note_what_is_not_possible()


def report():
    """What came of it, in words, and as the exit code."""
    entries = [entry for entry in read_status()["v1"].values() if isinstance(entry, dict)]
    errors = [text for entry in entries for text in entry.get("errors", [])]
    lesser = [text for entry in entries for texts in entry.get("recoverable_errors", {}).values() for text in texts]
    for text in [*errors, *lesser]:
        print("cloud-init: %s" % text, file=sys.stderr)
    return 1 if errors else 2 if lesser else 0


def main():
    os.makedirs(RUN, exist_ok=True)
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock.fileno(), False)
        if not os.path.exists(DONE):
            run_all()
            open(DONE, "w").close()
    return report()


if __name__ == "__main__":
    sys.exit(main())
