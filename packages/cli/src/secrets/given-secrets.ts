import type { VmSecret, VmSecretRequest } from '@volary/contract';
import { type Command, InvalidArgumentError } from 'commander';

/** Secrets that a VM is given; `false`: none. */
export interface SecretOptions {
  readonly secret?: readonly VmSecretRequest[];
}

/** Adds the option that says which secrets a VM is given. */
export function addSecretOption(command: Command): Command {
  return command.option(
    '--secret <name[=env|:/path]>',
    'give it a secret: as a variable of the same name, as another variable (=ENV), or as a file (:/run/secrets/…); may be repeated',
    collectSecrets,
  );
}

/** In the wire's words; what was not given is left out. */
export function secretsRequest({ secret }: SecretOptions): { readonly secrets?: VmSecretRequest[] } {
  return secret === undefined ? {} : { secrets: [...secret] };
}

/** `NAME`, `NAME=ENV`, `NAME:/run/secrets/file` and `NAME:/run/secrets/file:0440`. */
export function collectSecrets(text: string, previous: readonly VmSecretRequest[] = []): readonly VmSecretRequest[] {
  const parts = /^([^=:]+)(?:=([^:]+))?(?::(\/[^:]+)(?::([0-7]+))?)?$/.exec(text);
  if (parts === null)
    throw new InvalidArgumentError('It has the form NAME, NAME=VARIABLE or NAME:/run/secrets/FILE[:MODE].');
  const [, name = '', env, file, mode] = parts;
  const given = {
    name,
    ...(env === undefined ? {} : { env }),
    ...(file === undefined ? {} : { file }),
    ...(mode === undefined ? {} : { mode }),
  };
  return [...previous, given];
}

/** As it would be asked for. */
export function formatSecret({ name, env, file, mode }: VmSecret): string {
  const asVariable = env === null || (env === name && file === null) ? '' : `=${env}`;
  return `${name}${asVariable}${file === null ? '' : `:${file}:${mode}`}`;
}
