// The page of flights.ipynb: one plain ES module, without a library and without a build step.
//
// What Python works out (`summary`, `by_carrier`) is shown as it comes; the table draws the rows that are in
// sight, however many there are, and sends what is typed into one as an edit of that one cell.

const MARKUP = `
  <article class="flights">
    <header>
      <h2 data-sync-text="/title"></h2>
      <div class="more">
        <progress max="1" hidden></progress>
        <button type="button" class="fly">Fly the next day</button>
      </div>
    </header>
    <p class="headline">
      <output class="share"></output> <span class="claim"></span>
      <label class="field"><input type="number" min="0" max="240" step="5" aria-label="Minutes" data-sync-value="/late"></label>
      minutes late
    </p>
    <p class="detail"></p>
    <p class="problem" role="alert"></p>
    <div class="parts">
      <ul class="carriers" aria-label="Share of late flights, by airline"></ul>
      <div class="table" role="table" aria-label="Flights">
        <div class="head" role="row"></div>
        <div class="window" tabindex="0" role="rowgroup"><div class="all"></div></div>
        <p class="empty">There are no such flights</p>
      </div>
    </div>
  </article>`;

const COLUMNS = [
  { name: "time", label: "Departure" },
  { name: "carrier", label: "Airline" },
  { name: "flight", label: "Flight", isNumber: true },
  { name: "origin", label: "From" },
  { name: "dest", label: "To" },
  { name: "delay", label: "Delay", isNumber: true },
];
const HEIGHT = 28; // of a line, in pixels
const SPARE = 4; // lines that are drawn above and below those in sight
const LINES = 64; // that there are at most

export default {
  render({ model, el, signal }) {
    el.innerHTML = MARKUP; // no state in here: that comes as text
    const root = el.querySelector(".flights");
    model.bind(el, { signal });

    const table = makeTable(root, model);
    let frame = 0;
    const draw = () => {
      frame = 0;
      if (signal.aborted) return;
      describe(root, model.state);
      showCarriers(root.querySelector(".carriers"), model);
      table.draw(model.state);
    };
    const redraw = () => { frame ||= requestAnimationFrame(draw); };
    model.subscribe("", redraw, { signal });
    root.querySelector(".window").addEventListener("scroll", redraw);
    root.addEventListener("sorted", redraw);

    const problem = root.querySelector(".problem");
    model.on("error", ({ reason }) => setText(problem, reason), { signal });
    model.on("change", () => { if (model.pending.length === 0) setText(problem, ""); }, { signal });
    tieAction(root, model, signal, problem);
  },
};

/** One button that starts the action, shows how far it is, and stops it. */
function tieAction(root, model, signal, problem) {
  const [button, bar] = [root.querySelector(".fly"), root.querySelector("progress")];
  let running;
  button.addEventListener("click", async () => {
    if (running) return running.abort();
    running = new AbortController();
    setText(button, "Stop");
    setText(problem, "");
    bar.hidden = false;
    bar.value = 0;
    const onProgress = (value) => { bar.value = value; };
    try {
      await model.action("fly", { signal: AbortSignal.any([signal, running.signal]), onProgress })();
    } catch (error) {
      if (error.name !== "AbortError") setText(problem, error.message);
    }
    running = undefined;
    bar.hidden = true;
    setText(button, "Fly the next day");
  });
}

// -- in words

function describe(root, { summary, carrier, rows = [] }) {
  const say = (name, text) => setText(root.querySelector(`.${name}`), text);
  const { flights = 0, late = 0, cancelled = 0, median } = summary ?? {};
  say("share", flights ? percent(late / flights) : "None");
  say("claim", `of ${count(flights)} ${carrier ? "of its " : ""}flights left more than`);
  const day = (row) => new Date(row.time.slice(0, 10)).toLocaleDateString("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
  const span = rows.length ? [`${day(rows[0])} – ${day(rows.at(-1))}`] : [];
  const facts = Number.isFinite(median) ? [`half of the late ones by ${minutes(median)} or more`] : [];
  say("detail", [...span, ...facts, `${count(cancelled)} never left`].join(" · "));
}

function showCarriers(list, model) {
  const { by_carrier: carriers = [], carrier: chosen } = model.state;
  if (!Array.isArray(carriers)) return; // Python could not work them out
  const most = Math.max(0.01, ...carriers.map(({ late, flights }) => late / flights));
  while (list.children.length > carriers.length) list.lastChild.remove();
  for (const [at, { carrier, name, flights, late }] of carriers.entries()) {
    const button = (list.children[at] ?? list.appendChild(makeCarrier(model))).firstChild;
    button.value = carrier;
    button.ariaPressed = carrier === chosen;
    button.style.setProperty("--share", late / flights / most);
    const [who, share, of] = button.children;
    setText(who, name);
    setText(share, percent(late / flights));
    setText(of, count(flights));
  }
}

function makeCarrier(model) {
  const button = make("button", "", { type: "button" });
  button.append(make("strong"), make("output"), make("span"));
  button.addEventListener("click", () => model.set("/carrier", button.value === model.state.carrier ? "" : button.value));
  const item = make("li");
  item.append(button);
  return item;
}

// -- the table: a line for each row in sight, used again for another one when that is scrolled into sight

function makeTable(root, model) {
  const part = (name) => root.querySelector(`.${name}`);
  const [view, all] = [part("window"), part("all")];
  const lines = [];
  let sort = { name: undefined, sign: 1 };
  let drawn = {}; // what the order was made from
  let order = []; // the places of the rows that are shown

  const headings = COLUMNS.map(({ name, label, isNumber }) => {
    const button = make("button", label, { type: "button" });
    button.addEventListener("click", () => {
      if (sort.name !== name) sort = { name, sign: 1 };
      else sort = sort.sign === 1 ? { name, sign: -1 } : { name: undefined, sign: 1 };
      root.dispatchEvent(new Event("sorted"));
    });
    const cell = make("div", "", { role: "columnheader", className: isNumber ? "number" : "" });
    cell.append(button);
    return cell;
  });
  part("head").append(...headings);

  const lineAt = (at) => lines[at] ?? (lines[at] = makeLine(all, model));

  return {
    draw({ rows = [], carrier }) {
      if (drawn.rows !== rows || drawn.carrier !== carrier || drawn.sort !== sort) {
        order = orderOf(rows, carrier, sort);
        drawn = { rows, carrier, sort };
        for (const [at, { name }] of COLUMNS.entries()) {
          headings[at].ariaSort = name !== sort.name ? "none" : sort.sign === 1 ? "ascending" : "descending";
        }
      }
      root.classList.toggle("has-none", order.length === 0);
      part("table").ariaRowCount = order.length;
      all.style.height = `${order.length * HEIGHT}px`;
      part("table").style.setProperty("--bar", `${view.offsetWidth - view.clientWidth}px`); // that of scrolling
      const first = Math.max(0, Math.floor(view.scrollTop / HEIGHT) - SPARE);
      const last = Math.min(order.length, Math.ceil((view.scrollTop + view.clientHeight) / HEIGHT) + SPARE);
      for (let at = first; at < last; at += 1) lineAt(at % LINES).show(rows[order[at]], at);
      for (const line of lines) line?.hide(line.place < first || line.place >= last);
    },
  };
}

function orderOf(rows, carrier, { name, sign }) {
  const order = [];
  for (let at = 0; at < rows.length; at += 1) if (!carrier || rows[at].carrier === carrier) order.push(at);
  if (name === undefined) return order.reverse(); // the latest first
  const is = (value) => value !== null && value !== undefined;
  return order.sort((a, b) => {
    const [one, other] = [rows[a][name], rows[b][name]];
    if (!is(one) || !is(other)) return is(other) - is(one); // what is missing comes last, whatever the direction
    return (one < other ? -1 : one > other ? 1 : 0) * sign;
  });
}

function makeLine(all, model) {
  const line = make("div", "", { role: "row", className: "line" });
  const cells = COLUMNS.map(({ name, isNumber }) => make("div", "", { role: "cell", className: `${name} ${isNumber ? "number" : ""}` }));
  const input = make("input", "", { type: "number", ariaLabel: "Delay in minutes", placeholder: "cancelled" });
  cells.at(-1).append(input);
  line.append(...cells);
  all.append(line);
  let shown;

  // The row may have moved since it was drawn: what is typed is meant for the row, not for the place.
  input.addEventListener("change", () => {
    const at = model.state.rows.indexOf(shown);
    if (at >= 0) model.set(`/rows/${at}/delay`, input.value === "" ? null : input.valueAsNumber);
  });
  input.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") input.value = shown.delay ?? "";
    if (key === "Enter" || key === "Escape") input.blur();
  });

  return {
    place: -1,
    show(row, at) {
      const isSame = shown && shown !== row && shown.time === row.time && shown.flight === row.flight;
      if (this.place !== at) line.style.translate = `0 ${at * HEIGHT}px`;
      this.place = at;
      line.ariaRowIndex = at + 1;
      if (shown === row || input === input.getRootNode().activeElement) return;
      for (const [place, { name }] of COLUMNS.entries()) if (name !== "delay") setText(cells[place], String(row[name]));
      input.value = row.delay ?? "";
      line.classList.toggle("is-late", row.delay > (model.state.late ?? 0));
      if (isSame) line.animate([{ background: "var(--glow)" }, {}], 1600);
      shown = row;
    },
    hide(isHidden) {
      line.hidden = isHidden;
      if (isHidden) this.place = -1;
    },
  };
}

// -- small things

function make(name, text = "", properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text; // the same text again would be read out again
}

function count(value) {
  return value.toLocaleString("en");
}

function percent(share) {
  return share.toLocaleString("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

function minutes(value) {
  return `${count(Math.round(value))} minutes`;
}
