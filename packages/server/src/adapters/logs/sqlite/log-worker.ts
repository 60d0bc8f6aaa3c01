/** The threads that `log-thread.ts` starts: one that writes, and one that reads, so that neither waits for the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { workInBackground } from '../../shared/background-thread.ts';
import { createLogService } from './log-service.ts';

workInBackground();
const service = createLogService(workerData, (answer) => parentPort?.postMessage(answer));
parentPort?.on('message', (message) => {
  void service.receive(message).then(() => {
    // Who has closed its file is asked nothing more: with nothing to hear, the thread ends.
    if (message.question.kind === 'close') parentPort?.close();
  });
});
