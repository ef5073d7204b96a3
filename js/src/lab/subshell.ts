/**
 * Floor 10. A thread of the kernel that handles our messages while a cell runs.
 *
 * @module
 */

import { type Kernel, KernelMessage } from "@jupyterlab/services";

const PATIENCE = 10_000; // JupyterLab itself holds messages back for 3 s when a page was reloaded during a cell

/**
 * Ask the kernel for a subshell: a thread that handles our messages while a cell runs.
 *
 * `null` where there are none (ipykernel 6, the setting `commsOverSubshells: disabled`) or no answer came.
 * The questions go to the control channel, which answers during a cell; `kernel.info` would wait for its end.
 */
export async function createSubshell(kernel: Kernel.IKernelConnection): Promise<string | null> {
  // A host whose services know no subshells sends no message to one.
  if (!("supportsSubshells" in kernel) || kernel.commsOverSubshells === "disabled") return null;
  if (!(await hasSubshells(kernel))) return null;
  const request = KernelMessage.createMessage<KernelMessage.ICreateSubshellRequestMsg>({
    ...control(kernel),
    msgType: "create_subshell_request",
    content: {},
  });
  const answer = kernel.sendControlMessage(request, true).done.catch(() => null);
  const reply = await inTime(answer);
  if (!reply) void answer.then((late) => late && deleteSubshell(kernel, subshellOf(late.content)));
  return reply && subshellOf(reply.content);
}

/** Whether the kernel still has a subshell; one that does not answer has none. */
export async function hasSubshell(kernel: Kernel.IKernelConnection, id: string): Promise<boolean> {
  const request = KernelMessage.createMessage<KernelMessage.IListSubshellRequestMsg>({
    ...control(kernel),
    msgType: "list_subshell_request",
    content: {},
  });
  const reply = await inTime(kernel.sendControlMessage(request, true).done.catch(() => null));
  const known: unknown = reply && "subshell_id" in reply.content && reply.content.subshell_id;
  return Array.isArray(known) && known.includes(id);
}

/** Give a subshell back. */
export function deleteSubshell(kernel: Kernel.IKernelConnection, id: string | null): void {
  if (id === null || kernel.isDisposed || kernel.status === "dead") return;
  const request = KernelMessage.createMessage<KernelMessage.IDeleteSubshellRequestMsg>({
    ...control(kernel),
    msgType: "delete_subshell_request",
    content: { subshell_id: id },
  });
  kernel.sendControlMessage(request, false).dispose(); // nobody waits for the answer
}

async function hasSubshells(kernel: Kernel.IKernelConnection): Promise<boolean> {
  if (kernel.supportsSubshells) return true;
  const request = KernelMessage.createMessage<KernelMessage.IInfoRequestMsg>({
    ...control(kernel),
    channel: "shell",
    msgType: "kernel_info_request",
    content: {},
  });
  // The types know this message on the shell channel only; kernels answer it on both.
  const asked = { ...request, channel: "control" } as unknown as KernelMessage.ICreateSubshellRequestMsg;
  const reply = await inTime(kernel.sendControlMessage(asked, true).done.catch(() => null));
  const features: unknown =
    reply && "supported_features" in reply.content && reply.content.supported_features;
  return Array.isArray(features) && features.includes("kernel subshells");
}

function subshellOf(content: object): string | null {
  return "subshell_id" in content && typeof content.subshell_id === "string" ? content.subshell_id : null;
}

function control(kernel: Kernel.IKernelConnection): {
  channel: "control";
  session: string;
  username: string;
} {
  return { channel: "control", session: kernel.clientId, username: kernel.username };
}

async function inTime<T>(answer: Promise<T>): Promise<T | null> {
  let timer: number | undefined;
  const patience = new Promise<null>((resolve) => {
    timer = window.setTimeout(() => resolve(null), PATIENCE);
  });
  return Promise.race([answer, patience]).finally(() => window.clearTimeout(timer));
}
