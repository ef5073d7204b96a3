// The plain comm between a real kernel and a page of JupyterLab's own services, in both directions of opening
// and of closing. tests/test_services.py starts the server and runs this with `node --test`.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { connect } from "../../js/dist/syncstate.js";

const require = createRequire(new URL("../../js/package.json", import.meta.url));
const { KernelManager, ServerConnection } = require("@jupyterlab/services");
const { URL: baseUrl, TOKEN: token } = process.env;

const BOARD = `
from syncstate import SyncedModel, serve, synced
class Board(SyncedModel):
    title: str = "Sales"
    n: int = synced(0, min=0, max=5)
    status: str = synced("idle", read_only=True)
    rows: list[dict] = []
    blob: bytes = b""
board = Board(rows=[{"price": 3}, {"price": 5}])
`;

let manager;
let kernel;

before(() => {
  const serverSettings = ServerConnection.makeSettings({ baseUrl, wsUrl: baseUrl.replace("http", "ws"), token, appendToken: true });
  manager = new KernelManager({ serverSettings });
});
after(() => manager.dispose());
beforeEach(async () => {
  await manager.ready;
  kernel = await manager.startNew({ name: "python3" });
  await kernel.info;
  await run(BOARD);
});
afterEach(() => kernel.shutdown());

/** Run code in the kernel and return what it printed. */
async function run(code) {
  let printed = "";
  const future = kernel.requestExecute({ code });
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") printed += content.text;
    if (header.msg_type === "error") printed += `${content.ename}: ${content.evalue}`;
  };
  await future.done;
  return printed.trim();
}

/** Wait until something holds; the runner's time limit is the only clock. */
async function until(holds) {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Register a target as a page would, let the kernel open it, and return the page's model and comm. */
async function openedByKernel(code = 'connection = board.sync.open("my_target")') {
  const opened = new Promise((resolve) => {
    kernel.registerCommTarget("my_target", (comm, message) => resolve({ comm, model: connect(comm, message) }));
  });
  assert.equal(await run(code), "");
  return opened;
}

/** Open a target that the kernel registered, and return the page's model and comm. */
async function openedByPage() {
  const comm = kernel.createComm("boards");
  const model = connect(comm);
  comm.open();
  await until(() => model.status === "live");
  return { comm, model };
}

test("a comm that the kernel opens brings the state, and changes pass both ways", async () => {
  const { model } = await openedByKernel();
  assert.equal(model.status, "live");
  assert.deepEqual(model.state.rows, [{ price: 3 }, { price: 5 }]);

  await run('board.rows[1]["price"] = 4');
  await until(() => model.state.rows[1].price === 4);
  model.set("/rows/0/price", 1);
  model.set("/n", 5);

  await until(async () => (await run('print(board.rows[0]["price"], board.n)')) === "1 5");
});

test("an edit that a trait refuses is taken back, with the kernel's sentence", async () => {
  const { model } = await openedByKernel();
  const errors = [];
  model.on("error", (error) => errors.push(error));

  model.set("/n", 9);

  assert.equal(model.state.n, 9);
  await until(() => errors.length > 0);
  assert.equal(model.state.n, 0);
  assert.match(errors[0].reason, /'\/n': at most 5 is expected/);
  assert.equal(await run("print(board.n)"), "0");
});

test("a read-only member is refused in the page", async () => {
  const { model } = await openedByKernel();

  assert.throws(() => model.set("/status", "busy"), /read-only/);
});

test("bytes travel as buffers, both ways", async () => {
  const { model } = await openedByKernel('board.blob = bytes(range(4)); connection = board.sync.open("my_target")');
  assert.deepEqual([...model.state.blob], [0, 1, 2, 3]);

  model.set("/blob", new Uint8Array([9, 8]));
  await until(async () => (await run("print(board.blob)")) === "b'\\t\\x08'");
  await run("board.blob = bytes(3)");

  await until(() => model.state.blob.length === 3);
});

test("the kernel closes: the page is told", async () => {
  const { model } = await openedByKernel();

  await run("connection.close()");

  await until(() => model.status === "closed");
  assert.notEqual(model.reason, "");
  assert.equal(await run("print(connection.is_open)"), "False");
});

test("the page closes: the kernel is told", async () => {
  const { comm } = await openedByKernel(
    'gone = []; connection = board.sync.open("my_target", on_close=lambda: gone.append(1))',
  );

  comm.close();

  await until(async () => (await run("print(connection.is_open, gone)")) === "False [1]");
});

test("a target that no page knows ends the connection", async () => {
  await run('connection = board.sync.open("nobody")');

  await until(async () => (await run("print(connection.is_open)")) === "False");
});

test("pages open an instance that the kernel serves, and share its state", async () => {
  await run('service = serve("boards", board)');

  const one = await openedByPage();
  const other = await openedByPage();
  one.model.set("/title", "Tea");

  await until(() => other.model.state.title === "Tea");
  assert.equal(await run("print(board.title, len(service.models))"), "Tea 2");
});

test("pages open a class that the kernel serves, and each has its own", async () => {
  await run('service = serve("boards", Board)');

  const one = await openedByPage();
  const other = await openedByPage();
  one.model.set("/title", "Tea");

  await until(async () => (await run("print(sorted(m.title for m in service.models))")) === "['Sales', 'Tea']");
  assert.equal(other.model.state.title, "Sales");
  one.comm.close();
  await until(async () => (await run("print(len(service.models))")) === "1");
});

test("the kernel closes a service: its pages are told", async () => {
  await run('service = serve("boards", board)');
  const { model } = await openedByPage();

  await run("service.close()");

  await until(() => model.status === "closed");
});

test("an edit of 12 MiB arrives, which the server would not let pass in one message", async () => {
  const { model } = await openedByKernel();
  const statuses = [];
  kernel.connectionStatusChanged.connect((_, status) => statuses.push(status));

  model.set("/blob", new Uint8Array(12 * 2 ** 20).fill(7));

  await until(() => model.pending.length === 0);
  assert.equal(await run('print(len(board.blob), set(board.blob))'), `${12 * 2 ** 20} {7}`);
  model.set("/title", "é".repeat(6 * 2 ** 20));
  await until(() => model.pending.length === 0);
  assert.equal(await run('print(len(board.title), set(board.title))'), `${6 * 2 ** 20} {'é'}`);
  assert.deepEqual([model.status, statuses], ["live", []]);
});

test("a state of 20 MiB arrives whole in one message", async () => {
  const { model } = await openedByKernel();

  await run('board.blob = bytes(range(256)) * (20 * 2**12)');

  await until(() => model.state.blob.byteLength === 20 * 2 ** 20);
  assert.equal(model.status, "live");
  const again = await openedByKernel("connection = board.sync.open('my_target')");
  assert.equal(again.model.state.blob.byteLength, 20 * 2 ** 20);
});
