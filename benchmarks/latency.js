// The page of latency.py: a view of ours and a comm by hand, side by side, and what tells when each shows what.

const sides = ["ours", "bare"];
const now = () => performance.timeOrigin + performance.now(); // on one machine this is the clock of time.time()

export default {
  render({ model, el, signal }) {
    el.innerHTML = sides
      .map(
        (name) => `<p id="${name}">
          <input type="range" max="1000000"><output class="level"></output> <output class="sent">0</output>
        </p>`,
      )
      .join("");
    const ours = el.querySelector("#ours");
    ours.querySelector("input").dataset.syncValue = "/level";
    ours.querySelector(".level").dataset.syncText = "/level";
    ours.querySelector(".sent").dataset.syncText = "/sent";
    model.bind(el, { signal });
    window.latency = new Latency(el);
  },
};

class Latency {
  #root;
  #comm;
  #level = 0;
  #edits = { ours: new Map(), bare: new Map() }; // when each was made that the kernel has not answered
  #shown = { ours: "0", bare: "0" };
  /** Milliseconds, by what was done and which side did it. */
  times = {};

  constructor(root) {
    this.#root = root;
    const probe = root.appendChild(document.createElement("i"));
    probe.style.display = "inline-block";
    const frame = () => {
      requestAnimationFrame(frame);
      probe.style.width = probe.style.width === "1px" ? "2px" : "1px";
    };
    frame();
    // each frame once, after all its callbacks and before it is painted: no task comes between
    new ResizeObserver(() => this.#look()).observe(probe);
  }

  /** Take part in a connection to a kernel: by hand on the one side, as who listens on both. */
  join(kernel) {
    const [level, sent] = this.#root.querySelectorAll("#bare output");
    kernel.registerCommTarget("bare", (comm) => {
      this.#comm = comm;
      comm.onMsg = ({ content }) => {
        if ("sent" in content.data) sent.textContent = content.data.sent;
      };
    });
    this.#root.querySelector("#bare input").addEventListener("input", ({ target }) => {
      level.textContent = target.value;
      this.#comm.send({ level: Number(target.value) });
    });
    // it comes when the comms, and ours before this, have used the message
    kernel.iopubMessage.connect((_, { header, content }) => {
      if (header.msg_type !== "comm_msg") return;
      if (content.comm_id === this.#comm?.commId) this.#hear("bare", content.data);
      else if (content.comm_id === "syncstate.down") this.#hear("ours", values(content.data));
    });
  }

  /** Do what a person does who moves a control. */
  edit(name) {
    this.#level += 1;
    const level = String(this.#level);
    const input = this.#root.querySelector(`#${name} input`);
    input.value = level;
    const start = now();
    this.#edits[name].set(this.#level, start);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    const isShown = this.#root.querySelector(`#${name} .level`).textContent === level;
    this.#note("own edit, shown", name, isShown ? now() - start : Number.NaN);
  }

  /** Edit on each side in turn, each time after a pause that the other one's answer has had time to come in. */
  async editNowAndThen(count) {
    for (let turn = 0; turn < 2 * count; turn += 1) {
      await pause(110 + 40 * Math.random());
      this.edit(sides[(turn + Math.floor(turn / 2)) % 2]);
    }
    await pause(500);
  }

  /** Edit all the time, on one side for a second, then, when all is answered, on the other one. */
  async editInStreams(rounds, milliseconds) {
    for (let turn = 0; turn < 2 * rounds; turn += 1) {
      const name = sides[turn % 2];
      const timer = setInterval(() => this.edit(name), milliseconds);
      await pause(1000);
      clearInterval(timer);
      await pause(500);
      for (let waits = 0; this.#edits[name].size > 0 && waits < 100; waits += 1) await pause(100);
    }
  }

  #hear(name, { sent, level }) {
    if (sent !== undefined) this.#note("set in Python, in the page", name, now() - sent);
    for (const [made, start] of [...this.#edits[name]]) {
      if (level === undefined || made > level) continue;
      this.#edits[name].delete(made);
      this.#note("own edit, confirmed", name, now() - start);
    }
  }

  #look() {
    for (const name of sides) {
      const text = this.#root.querySelector(`#${name} .sent`).textContent;
      if (text !== this.#shown[name]) this.#note("set in Python, drawn", name, now() - Number(text));
      this.#shown[name] = text;
    }
  }

  #note(what, name, milliseconds) {
    this.times[what] ??= { ours: [], bare: [] };
    this.times[what][name].push(milliseconds);
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What the patches in a frame of ours set. */
function values({ messages }) {
  const operations = messages.flatMap((message) => message.operations ?? []);
  return Object.fromEntries(operations.map(({ path, value }) => [path.slice(1), value]));
}
