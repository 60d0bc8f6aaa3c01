import { guestLinkContract } from '../../../ports/guest-link.contract.ts';
import { createSystemClock } from '../../system/system-clock.ts';
import { FileTree } from './guest/file-tree.ts';
import { SimulatedGuest } from './guest/simulated-guest.ts';
import { SimulatedLink } from './guest/simulated-link.ts';

guestLinkContract({
  name: 'the simulated link',
  make: async () => {
    const clock = createSystemClock();
    const files = new FileTree(() => clock.now());
    files.makeDevice('/dev/null', () => undefined);
    files.makeDirectory('/work', { mode: 0o755, makeParents: false });
    const link = new SimulatedLink(new SimulatedGuest({ clock, files, onPowerOff: () => undefined }));
    return { link, directory: '/work', echoPort: 7, [Symbol.asyncDispose]: () => link[Symbol.asyncDispose]() };
  },
  skip: [
    {
      reason: 'a simulated disk has no symbolic links',
      tests: [
        'list names what is there, in byte order, with its kind',
        'stat follows links if asked to',
        'remove takes a directory with all in it only if asked to, and never follows a link',
      ],
    },
    {
      reason: 'the shell of a simulated guest has no loops, no background and runs no files',
      tests: [
        'list goes page by page',
        'a background child does not delay the end',
        'a new content keeps the mode of the old one',
      ],
    },
  ],
});
