/**
 * What the source yields; if it has ended because of its signal, that is an error here: whoever reads the stream would else
 * take what came so far for all there is.
 */
export async function* unlessAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  yield* source;
  signal.throwIfAborted();
}
