/** Something that may fail again and again, of which people are to hear when that begins and when it is over, and not each time. */
export interface Trouble {
  failed(error: unknown): void;
  recovered(): void;
  isOn(): boolean;
}

/** `begins` is called with what has failed first; `ends`, where there is one, when it goes well again. */
export function createTrouble(told: {
  readonly begins: (error: unknown) => void;
  readonly ends?: () => void;
}): Trouble {
  let isOn = false;
  return {
    failed(error) {
      if (isOn) return;
      isOn = true;
      told.begins(error);
    },
    recovered() {
      if (!isOn) return;
      isOn = false;
      told.ends?.();
    },
    isOn: () => isOn,
  };
}
