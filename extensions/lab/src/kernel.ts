import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONValue } from '@lumino/coreutils';

/** Names that a kernel holds, and those of them that are tables. */
export interface IHeld {
  readonly names: string[];
  readonly frames: string[];
}

const NAMES = '[n for n in list(globals()) if not n.startswith("_")]';
const FRAMES = '[n for n, v in list(globals().items()) if type(v).__name__ == "DataFrame" and not n.startswith("_")]';

/** Ask a Python kernel what it holds; null where it does not say. */
export async function held(kernel: Kernel.IKernelConnection): Promise<IHeld | null> {
  const [names, frames] = (await ask(kernel, `[${NAMES}, ${FRAMES}]`)) as [string[], string[]] ?? [];
  return names ? { names, frames } : null;
}

/** The column names of a table in a kernel, by its variable. */
export async function columnsOf(kernel: Kernel.IKernelConnection, name: string): Promise<string[]> {
  const isName = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name);
  return isName ? ((await ask(kernel, `[str(c) for c in ${name}.columns]`)) as string[] | null) ?? [] : [];
}

/** The value of a Python expression, without a trace in the notebook or its history. */
async function ask(kernel: Kernel.IKernelConnection, expression: string): Promise<JSONValue> {
  if ((await kernel.info).language_info.name !== 'python') {
    return null;
  }
  // Base64 comes through Python's way to show a text without any escapes.
  const told = `__import__("base64").b64encode(__import__("json").dumps(${expression}).encode()).decode()`;
  const future = kernel.requestExecute(
    { code: '', silent: true, store_history: false, user_expressions: { told }, allow_stdin: false, stop_on_error: false }
  );
  const { content } = (await future.done) as KernelMessage.IExecuteReplyMsg;
  const answer = (content as KernelMessage.IExecuteReply).user_expressions?.told as
    | { status: string; data?: Record<string, string> }
    | undefined;
  return answer?.status === 'ok' ? (JSON.parse(atob(answer.data!['text/plain'].slice(1, -1))) as JSONValue) : null;
}
