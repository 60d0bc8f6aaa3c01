/** Characters. A longer one would only cost time. */
export const PASSWORD_LENGTH = { minimum: 12, maximum: 256 } as const;

/** Those of at least twelve characters that are tried first by everybody who guesses. In lower case, without digits at their ends. */
const COMMON: ReadonlySet<string> = new Set([
  'password',
  'passwordpassword',
  'passw0rd',
  'p@ssword',
  'p@ssw0rd',
  'administrator',
  'adminadmin',
  'adminadminadmin',
  'letmeinletmein',
  'letmein',
  'welcome',
  'welcomewelcome',
  'changeme',
  'changemechangeme',
  'changemeplease',
  'qwerty',
  'qwertyqwerty',
  'qwertyuiop',
  'qwertyuiopasdf',
  'qwertyuiopasdfghjkl',
  'qazwsxedcrfv',
  'asdfghjkl',
  'asdfghjklzxcvbnm',
  'iloveyou',
  'iloveyouforever',
  'trustnoone',
  'correcthorsebatterystaple',
  'correct horse battery staple',
  'virtualmachine',
  'volary',
  'volaryvolary',
  'supersecret',
  'secretsecret',
  'verysecretpassword',
  'testtesttest',
]);

/**
 * Why this cannot be the password of this user, as the rest of a sentence that begins with "The password"; null if it can. Length
 * is what counts; besides, it must not be what everybody tries first.
 */
export function passwordFault(
  password: string,
  { name, email }: { readonly name: string; readonly email: string | null },
): string | null {
  const { minimum, maximum } = PASSWORD_LENGTH;
  const length = [...password.normalize('NFKC')].length;
  if (length < minimum) return `has at least ${minimum} characters`;
  if (length > maximum) return `has at most ${maximum} characters`;
  const plain = password.normalize('NFKC').toLowerCase();
  const core = bare(plain);
  const own = [name, email, email?.split('@', 1)[0]].map((each) => bare(each?.toLowerCase() ?? ''));
  if (core !== '' && own.includes(core)) return 'is neither the name nor the e-mail address';
  if (COMMON.has(core) || isMonotonous(plain)) return 'is not one that everybody tries first';
  return null;
}

/** Without the digits and marks that people put before and after. */
function bare(text: string): string {
  return text.replace(/^[\d!?.*#_-]+|[\d!?.*#_-]+$/g, '');
}

/** Few letters again and again, or neighbours one after the other: `aaaaaaaaaaaa`, `121212121212`, `123456789012`. */
function isMonotonous(text: string): boolean {
  const codes = [...text].map((letter) => letter.codePointAt(0) ?? 0);
  if (new Set(codes).size <= 3) return true;
  const steps = codes.slice(1).map((code, i) => code - (codes[i] ?? 0));
  // The digits begin anew after the nine.
  return steps.every((step) => step === 1 || step === -9) || steps.every((step) => step === -1 || step === 9);
}
