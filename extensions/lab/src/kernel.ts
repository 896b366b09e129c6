import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONValue } from '@lumino/coreutils';

/** Names that a kernel holds, and those of them that are tables. */
export interface IHeld {
  readonly names: string[];
  readonly frames: string[];
}

const PATIENCE = 5_000;
const LATE = 'late';
const NAMES = '[n for n in list(globals()) if not n.startswith("_")]';
const FRAMES = '[n for n, v in list(globals().items()) if type(v).__name__ == "DataFrame" and not n.startswith("_")]';

/** Null where it does not say. */
async function heldNow(kernel: Kernel.IKernelConnection): Promise<IHeld | null> {
  const [names, frames] = ((await ask(kernel, `[${NAMES}, ${FRAMES}]`)) as [string[], string[]]) ?? [];
  return names ? { names, frames } : null;
}

/** What a Python kernel holds; asked again where an idle one owes the answer, for messages may be lost at its start. */
export async function held(kernel: Kernel.IKernelConnection): Promise<IHeld | null> {
  const answer = () => heldNow(kernel).catch(() => null);
  let asked = answer();
  while (!kernel.isDisposed) {
    const found = await Promise.race([asked, passing(PATIENCE)]);
    if (found !== LATE) {
      return found;
    }
    // A busy one answers when its cell has ended.
    asked = kernel.status === 'idle' ? answer() : asked;
  }
  return null;
}

function passing(milliseconds: number): Promise<typeof LATE> {
  return new Promise(resolve => window.setTimeout(() => resolve(LATE), milliseconds));
}

/** The column names of a table in a kernel, by its variable. */
export async function columnsOf(kernel: Kernel.IKernelConnection, name: string): Promise<string[]> {
  const isName = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name);
  return isName ? (((await ask(kernel, `[str(c) for c in ${name}.columns]`)) as string[] | null) ?? []) : [];
}

/** The value of a Python expression, without a trace in the notebook or its history. */
async function ask(kernel: Kernel.IKernelConnection, expression: string): Promise<JSONValue> {
  if ((await kernel.info).language_info.name !== 'python') {
    return null;
  }
  // Base64 comes through Python's way to show a text without any escapes.
  const told = `__import__("base64").b64encode(__import__("json").dumps(${expression}).encode()).decode()`;
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    user_expressions: { told },
    allow_stdin: false,
    stop_on_error: false
  });
  const { content } = (await future.done) as KernelMessage.IExecuteReplyMsg;
  const answer = (content as KernelMessage.IExecuteReply).user_expressions?.told as
    | { status: string; data?: Record<string, string> }
    | undefined;
  const text = answer?.status === 'ok' ? answer.data?.['text/plain'] : undefined;
  return text === undefined ? null : (JSON.parse(atob(text.slice(1, -1))) as JSONValue);
}
