/** What to do about an error of the server, by its reason; then by its code. */
const BY_REASON: Readonly<Record<string, string>> = {
  'vm.unknown': 'see what there is: volary ls',
  'vm.name_taken': 'take another name, or delete that one: volary rm NAME',
  'vm.not_running': 'start it: volary start NAME',
  'vm.already_suspended': 'let it go on: volary resume NAME',
  'vm.suspended': 'let it go on: volary resume NAME; or have it woken: volary update NAME --auto-wake on',
  'vm.not_paused': 'see its phase: volary get NAME',
  'vm.failed': 'see why: volary get NAME; then try again: volary start NAME',
  'vm.wait_timeout': 'see its phase: volary get NAME; wait longer: --timeout',
  'operation.unknown': 'see what there is: volary events',
  'operation.not_cancellable': 'wait for it, then ask for what you want: volary wait OPERATION',
  'host.no_memory': 'ask for less with --memory, or free some: volary stop NAME',
  'quota.exceeded': 'see what you may have: volary quota; then give something back',
  'host.no_disk': 'ask for less with --disk, or free some: volary rm NAME',
  'guest.permission_denied':
    'the guest itself refuses it, whatever the key; see its modes: volary exec NAME -- ls -la PATH',
  'snapshot.unknown': 'see what there is: volary snapshot ls',
  'snapshot.name_taken': 'take another name, or delete that one: volary snapshot rm NAME',
  'snapshot.in_use': 'wait until they run: volary ls',
  'snapshot.not_ready': 'see how it is: volary snapshot get NAME',
  'snapshot.other_spec': 'make a new VM of it: volary create NAME --snapshot SNAPSHOT',
  'snapshot.does_not_fit': 'boot a VM instead, and save it anew: volary create NAME',
  'snapshot.damaged': 'delete it: volary snapshot rm SNAPSHOT',
  'snapshot.too_many': 'delete some: volary snapshot ls, volary snapshot rm SNAPSHOT',
  'driver.suspended_damaged': 'boot it, without what was in its memory: volary restart --force NAME',
  'driver.suspended_does_not_fit': 'boot it, without what was in its memory: volary restart --force NAME',
  'webhook.unknown': 'see what there is: volary webhook ls',
  'webhook.unknown_delivery': 'see what there is: volary webhook deliveries WEBHOOK',
  'webhook.target_refused': 'allow it where the server is started: volary serve --webhook-allowed-targets RANGE',
  'webhook.too_many': 'remove one: volary webhook rm WEBHOOK',
  'auth.invalid_login': 'look at what was typed; somebody who may can set another password: volary users passwd NAME',
  'auth.mfa_required': 'give it: --code',
  'auth.mfa_invalid': 'wait for the next code, or give a recovery code',
  'auth.session_ended': 'log in again: volary login',
  'auth.refresh_reused': 'log in again: volary login',
  'auth.token_expired': 'log in again: volary login',
  'auth.token_invalid': 'log in again: volary login',
  'auth.login_needed': 'log in first: volary login',
  'auth.no_session': 'log in first: volary login',
  'auth.mfa_not_enrolled': 'begin with: volary mfa enrol',
  'auth.mfa_not_enabled': 'begin with: volary mfa enrol',
  'auth.mfa_enabled': 'switch it off first: volary mfa disable',
  'auth.unknown_session': 'see what there is: volary sessions ls',
  'image.unknown': 'see what there is: volary image ls',
  'image.tool_missing': 'install it: volary doctor --fix',
  'driver.not_installed': 'install it: volary doctor --fix',
  'driver.no_accelerator': 'see what is missing: volary doctor',
};

const BY_CODE: Readonly<Record<string, string>> = {
  unauthenticated:
    'give the key of this server: --key, --key-file or VOLARY_ADMIN_KEY (it is in admin.key of its data directory)',
  permission_denied: 'ask with a key that may do this',
  internal: 'see the log of the server: server.log in its data directory',
  unavailable: 'try again in a moment',
};

/** A sentence or a command to go on with; null where there is none to give. */
export function hintFor(code: string, reason: string): string | null {
  return BY_REASON[reason] ?? BY_CODE[code] ?? null;
}
