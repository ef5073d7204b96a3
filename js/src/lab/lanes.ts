/**
 * Floor 10. The two one-way lanes on a kernel connection of JupyterLab.
 *
 * @module
 */

import { type Kernel, KernelMessage } from "@jupyterlab/services";
import type { JSONObject } from "@lumino/coreutils";
import { isList, isObject, type JsonObject } from "../document.ts";
import type { Transport } from "../transports/transport.ts";
import { createSubshell, deleteSubshell, hasSubshell } from "./subshell.ts";

const DOWN = "syncstate.down";
const TARGET = "syncstate";

const UNKNOWN = "The kernel does not know this model: run the cell again to make it live";
const RESTARTED = "The kernel was restarted: run the cell again to make this live";
const DIED = "The kernel died and was restarted: run the cell again to make this live";

type Buffers = readonly (ArrayBuffer | ArrayBufferView)[];

/**
 * The two one-way lanes on a kernel connection, without comm objects (docs/protocol.md, section 5).
 *
 * DOWN is heard from the first moment on. UP opens with the first frame that is sent, so a kernel that has nothing
 * to do with syncstate never hears of it. UP is `closed` (a frame opens it), `opening`, `open`, or `asleep`: the
 * kernel has no syncstate, or is no longer the process that had. Then nothing is sent until DOWN has spoken.
 */
export class Lanes implements Transport {
  onFrame: (frame: unknown, buffers: Buffers) => void = () => {};
  onClose: (reason: string) => void = () => {};
  /** Called when the kernel may be another process: UP was closed, and what is said next opens it anew. */
  onDoubt: () => void = () => {};
  readonly #kernel: Kernel.IKernelConnection;
  #up: "closed" | "opening" | "open" | "asleep" = "closed";
  #attempt = 0;
  #commId = "";
  #subshell: string | null = null;
  #heard: unknown; // the id of the kernel process that spoke last
  #signature: unknown; // what signed the kernel's last message
  #voice: unknown; // what signed the last one on DOWN
  #isDoubting = false; // DOWN has not spoken since the last doubt
  #isVague = false; // in this kernel a signature does not stand for a process
  readonly #tabs = new BroadcastChannel("syncstate"); // tells other connections of this browser which process ends
  #queue: [frame: JsonObject, buffers: ArrayBuffer[]][] = [];
  #edit = ""; // the message with the edit that was sent last, until the kernel is busy with it

  constructor(kernel: Kernel.IKernelConnection) {
    this.#kernel = kernel;
    kernel.iopubMessage.connect(this.#receive);
    kernel.statusChanged.connect(this.#followStatus);
    kernel.connectionStatusChanged.connect(this.#followConnection);
    window.addEventListener("pagehide", this.#leave);
    this.#tabs.onmessage = ({ data }) => data === this.#heard && this.#forget(RESTARTED); // not a later process
  }

  /** Whether the kernel has to speak first. */
  get isAsleep(): boolean {
    return this.#up === "asleep";
  }

  send(frame: JsonObject, buffers: ArrayBuffer[]): void {
    if (this.#up === "asleep") return; // meant for a kernel that is gone: the next hello says it again
    if (this.#up === "open") this.#post(frame, buffers);
    else this.#queue.push([frame, buffers]);
    this.#openIfConnected();
  }

  /** What is sent next opens UP anew: the kernel did not answer on it. */
  renew(): void {
    if (this.#up === "open") this.#sayClose(this.#subshell);
    if (this.#up === "open" || this.#up === "closed") this.#become("closed"); // what still waits there is said again
  }

  close(): void {
    this.#leave();
    this.#kernel.iopubMessage.disconnect(this.#receive);
    this.#kernel.statusChanged.disconnect(this.#followStatus);
    this.#kernel.connectionStatusChanged.disconnect(this.#followConnection);
    window.removeEventListener("pagehide", this.#leave);
    this.#tabs.close();
  }

  /** A signal waits for nobody and hides what a slot throws: so this is synchronous, and catches. */
  readonly #receive = (_: unknown, message: KernelMessage.IIOPubMessage): void => {
    try {
      if (KernelMessage.isCommMsgMsg(message) && message.content.comm_id === DOWN) {
        this.#listen(message);
        this.#hear(message.content.data, message.buffers ?? []);
      } else if (KernelMessage.isCommCloseMsg(message) && message.content.comm_id === this.#commId) {
        this.#sleep(UNKNOWN);
      }
      this.#compare(message);
      this.#hasten(message);
    } catch (error) {
      console.error("syncstate: cannot use a message of the kernel", error);
    }
  };

  #hear(frame: JSONObject, buffers: Buffers): void {
    const isOther = this.#heard !== undefined && frame.kernel !== this.#heard;
    const isLate = this.#up === "asleep" && this.#heard !== undefined && !isOther; // said before the kernel was ended
    if (isLate) return;
    const isExpected = this.#isDoubting && this.#up === "open"; // then UP leads to it already
    if ((isOther && !isExpected) || this.#up === "asleep") this.#become("closed");
    this.#heard = frame.kernel;
    this.#isDoubting = false;
    this.onFrame(frame, buffers);
  }

  /** A kernel that says its name under two signatures signs with something else than its process. */
  #listen(message: KernelMessage.ICommMsgMsg<"iopub">): void {
    const signature = signatureOf(message);
    const isSame = message.content.data.kernel === this.#heard;
    if (isSame && this.#voice !== undefined && signature !== this.#voice) this.#isVague = true;
    this.#voice = signature;
  }

  /**
   * A restart that another page asked for may pass without a word: what a process says under another signature is
   * the only sign of it. It is not believed, but looked into; and again only when the kernel has spoken.
   */
  #compare(message: KernelMessage.IIOPubMessage): void {
    const signature = signatureOf(message);
    if (signature === undefined || signature === this.#signature) return;
    const isNews = this.#signature !== undefined && this.#up === "open";
    this.#signature = signature;
    if (!isNews || this.#isVague || this.#isDoubting) return;
    this.#isDoubting = true;
    this.renew();
    this.onDoubt();
  }

  /**
   * Servers leave Nagle's algorithm on: the answer to an edit, which follows a `busy`, would wait 40 ms for this
   * machine to acknowledge that. It does so at once if there is something to send, so there is: an edit alone is
   * confirmed in 8 ms for 45. The kernel ignores a message without data.
   */
  #hasten({ parent_header, content }: KernelMessage.IIOPubMessage): void {
    const isBusy = "execution_state" in content && content.execution_state === "busy";
    if (!isBusy || !("msg_id" in parent_header) || parent_header.msg_id !== this.#edit) return;
    this.#edit = "";
    if (this.#up === "open") this.#post({}, []);
  }

  /**
   * Who restarts a kernel sees `restarting`, and a crash shows as `autorestarting`. Others see it `starting`, or
   * nothing: the server may join them to the new process when that has said all it had to say.
   */
  readonly #followStatus = (_: unknown, status: KernelMessage.Status): void => {
    if (status === "restarting" && this.#heard !== undefined) this.#tabs.postMessage(this.#heard);
    const isNew = status === "restarting" || (status === "starting" && this.#up === "open");
    if (isNew || status === "autorestarting") this.#forget(isNew ? RESTARTED : DIED);
  };

  #forget(reason: string): void {
    this.#subshell = null; // it died with the process: what is sent to it vanishes without a word
    this.#sleep(reason);
  }

  /** A kernel that was out of sight may be another process now: its comm and its subshell are not trusted again. */
  readonly #followConnection = (_: unknown, status: Kernel.ConnectionStatus): void => {
    if (this.#up === "asleep") return;
    if (status === "connected") {
      deleteSubshell(this.#kernel, this.#subshell);
      this.#subshell = null;
      this.#openIfConnected();
    } else this.#become("closed", this.#queue);
  };

  /** The kernel would keep a comm and a thread for a page that leaves without a word. */
  readonly #leave = (): void => {
    if (this.#up === "open") this.#sayClose(null); // to the main shell: the subshell may be gone before it has handled this
    deleteSubshell(this.#kernel, this.#subshell);
    this.#subshell = null;
    this.#become("closed");
  };

  #sleep(reason: string): void {
    this.#become("asleep");
    this.onClose(reason);
  }

  #become(up: "closed" | "asleep", queue: [JsonObject, ArrayBuffer[]][] = []): void {
    this.#up = up;
    this.#attempt += 1;
    this.#commId = "";
    this.#queue = queue;
  }

  #openIfConnected(): void {
    if (this.#up !== "closed" || this.#queue.length === 0) return;
    if (this.#kernel.connectionStatus === "connected") void this.#open();
  }

  /** The subshell comes first: a comm_open that waits for the running cell is overtaken by what follows it. */
  async #open(): Promise<void> {
    this.#up = "opening";
    const attempt = this.#attempt;
    const subshell = await this.#ensureSubshell().catch(() => null);
    if (attempt !== this.#attempt) return deleteSubshell(this.#kernel, subshell);
    this.#subshell = subshell;
    this.#commId = crypto.getRandomValues(new Uint32Array(4)).join("-");
    this.#up = "open";
    const [first, ...later] = this.#queue.splice(0);
    if (first) this.#sayOpen(...first);
    for (const frame of later) this.#post(...frame);
  }

  /** A thread that the kernel no longer has would swallow what is sent to it. */
  async #ensureSubshell(): Promise<string | null> {
    const known = this.#subshell;
    if (known !== null && (await hasSubshell(this.#kernel, known))) return known;
    return createSubshell(this.#kernel);
  }

  #sayOpen(frame: JsonObject, buffers: ArrayBuffer[]): void {
    const content = { comm_id: this.#commId, target_name: TARGET, data: frame as JSONObject };
    const open = { ...this.#shell(), msgType: "comm_open" as const, content, buffers };
    this.#dispatch(KernelMessage.createMessage<KernelMessage.ICommOpenMsg<"shell">>(open));
  }

  #post(frame: JsonObject, buffers: ArrayBuffer[]): void {
    const content = { comm_id: this.#commId, data: frame as JSONObject };
    const options = { ...this.#shell(), msgType: "comm_msg" as const, content, buffers };
    const message = KernelMessage.createMessage<KernelMessage.ICommMsgMsg<"shell">>(options);
    if (hasEdit(frame)) this.#edit = message.header.msg_id;
    this.#dispatch(message);
  }

  #sayClose(subshellId: string | null): void {
    const content = { comm_id: this.#commId, data: {} };
    const close = { ...this.#shell(), subshellId, msgType: "comm_close" as const, content };
    this.#dispatch(KernelMessage.createMessage<KernelMessage.ICommCloseMsg<"shell">>(close));
  }

  #shell(): { channel: "shell"; session: string; username: string; subshellId: string | null } {
    const { clientId, username } = this.#kernel;
    return { channel: "shell", session: clientId, username, subshellId: this.#subshell };
  }

  /** Nobody waits for the answer: kept, its future would stay where a kernel publishes no idle for a comm message. */
  #dispatch(message: KernelMessage.IShellMessage): void {
    if (this.#kernel.isDisposed || this.#kernel.status === "dead") return;
    this.#kernel.sendShellMessage(message).dispose();
  }
}

function hasEdit({ messages }: JsonObject): boolean {
  return (
    isList(messages) && messages.some((message) => isObject(message) && /edit|call/.test(`${message.type}`))
  );
}

/**
 * Return the session id with which a kernel process signed its message, or nothing if it does not tell: the server
 * sends statuses of its own, and some kernels sign with the session of the client that they answer.
 */
function signatureOf({ header, parent_header, content }: KernelMessage.IIOPubMessage): string | undefined {
  const isComm = header.msg_type.startsWith("comm_");
  const isStatus = header.msg_type === "status" && "execution_state" in content;
  const isOwn = isComm || (isStatus && OWN_STATES.includes(content.execution_state as string));
  const isEcho = "session" in parent_header && parent_header.session === header.session;
  return isOwn && !isEcho ? header.session : undefined;
}

const OWN_STATES = ["busy", "idle", "starting"];
