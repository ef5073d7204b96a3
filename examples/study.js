// The page of study.ipynb: one plain ES module, without a library and without a build step.
//
// A square for each setting that was tried, coloured as Python fills them in. A click asks Python what that
// setting predicts; the answer is the result of an action, and is drawn beside it.

const MARKUP = `
  <article class="study">
    <header>
      <h2 data-sync-text="/title"></h2>
      <div class="more">
        <progress max="1" hidden></progress>
        <label class="size">Settings <input type="range" min="3" max="20" data-sync-value="/size" data-sync-send="release">
          <output class="count"></output></label>
        <button type="button" class="run">Run</button>
      </div>
    </header>
    <p class="headline"><output class="error"></output> <span class="claim"></span></p>
    <p class="detail"></p>
    <p class="problem" role="alert"></p>
    <div class="inputs" role="group" aria-label="What is known of an hour"></div>
    <div class="parts">
      <figure class="map">
        <figcaption>Error of each setting, in minutes</figcaption>
        <div class="cells" role="grid" aria-label="Errors"></div>
        <div class="smooth"><span>fine</span><strong>scale of the features</strong><span>coarse</span></div>
        <div class="penalty"><span>weak</span><strong>penalty</strong><span>strong</span></div>
      </figure>
      <figure class="curve">
        <figcaption></figcaption>
        <svg viewBox="0 0 480 300" role="img" aria-label="Delay by hour of the day"></svg>
      </figure>
    </div>
  </article>`;

const INPUTS = { hour: "hour", temp: "temperature", humid: "humidity", wind_speed: "wind", precip: "rain", visib: "visibility" };

export default {
  render({ model, el, signal }) {
    el.innerHTML = MARKUP; // no state in here: that comes as text
    const root = el.querySelector(".study");
    const part = (name) => root.querySelector(`.${name}`);
    model.bind(el, { signal });

    const problem = part("problem");
    const complain = (error) => { if (error.name !== "AbortError") setText(problem, error.message); };
    for (const [name, label] of Object.entries(INPUTS)) {
      const button = make("button", label, { type: "button", value: name });
      button.addEventListener("click", () => toggle(model, name));
      part("inputs").append(button);
    }
    model.on("error", ({ reason }) => setText(problem, reason), { signal });

    // What a setting predicts is asked of Python; a newer question takes the place of one that is not answered.
    let asked = new AbortController();
    const ask = async (row, column) => {
      asked.abort();
      asked = new AbortController();
      try {
        const predict = model.action("predict", { signal: AbortSignal.any([signal, asked.signal]) });
        drawCurve(root, await predict(row, column));
        setText(problem, "");
      } catch (error) {
        complain(error);
      }
    };
    part("cells").addEventListener("click", ({ target }) => {
      const at = [...part("cells").children].indexOf(target.closest("button"));
      if (at >= 0) void ask(Math.floor(at / model.state.errors.length), at % model.state.errors.length);
    });

    let running;
    part("run").addEventListener("click", async () => {
      if (running) return running.abort();
      running = new AbortController();
      const bar = root.querySelector("progress");
      setText(part("run"), "Stop");
      setText(problem, "");
      bar.value = 0;
      bar.hidden = false;
      const onProgress = (value) => { bar.value = value; };
      try {
        await model.action("run", { signal: AbortSignal.any([signal, running.signal]), onProgress })();
      } catch (error) {
        complain(error);
      }
      running = undefined;
      bar.hidden = true;
      setText(part("run"), "Run");
    });

    let best = ""; // the setting whose curve was asked for
    let frame = 0;
    const draw = () => {
      frame = 0;
      if (signal.aborted) return;
      describe(root, model.state);
      drawMap(root, model.state);
      const found = model.state.best;
      const now = found && !running ? `${found.row} ${found.column} ${found.error}` : best;
      if (now !== best) {
        best = now;
        void ask(found.row, found.column);
      }
    };
    const redraw = () => { frame ||= requestAnimationFrame(draw); };
    model.subscribe("", redraw, { signal });
    drawCurve(root, undefined);
  },
};

function toggle(model, name) {
  const { inputs = [] } = model.state;
  model.set("/inputs", inputs.includes(name) ? inputs.filter((other) => other !== name) : [...inputs, name]);
}

// -- in words

function describe(root, { best, errors = [], inputs = [], size }) {
  const say = (name, text) => setText(root.querySelector(`.${name}`), text);
  const tried = errors.flat().filter(Number.isFinite).length;
  say("error", best ? `${best.error.toFixed(2)} minutes` : tried ? "…" : "Nothing tried yet");
  say("claim", best ? "off, at the best setting" : "");
  say("detail", best
    ? `${tried} of ${errors.flat().length} settings tried · scale ${short(best.scale)}, penalty ${short(best.penalty)} · always guessing the mean would be ${best.naive.toFixed(2)} off`
    : "Run tries every setting, each with what the others have not seen");
  say("count", `${size} × ${size}`);
  for (const button of root.querySelectorAll(".inputs button")) button.ariaPressed = inputs.includes(button.value);
}

// -- the map: the better, the darker

function drawMap(root, { errors = [], best }) {
  const cells = root.querySelector(".cells");
  const all = errors.flat();
  const known = all.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  cells.style.setProperty("--columns", errors.length);
  while (cells.children.length > all.length) cells.lastChild.remove();
  for (const [at, error] of all.entries()) {
    const cell = cells.children[at] ?? cells.appendChild(make("button", "", { type: "button" }));
    const isKnown = Number.isFinite(error);
    // most settings are nearly as good as the best one: the square root tells them apart
    const share = isKnown && high > low ? 1 - Math.sqrt((error - low) / (high - low)) : 0;
    cell.disabled = !isKnown;
    cell.classList.toggle("known", isKnown);
    cell.style.setProperty("--share", share.toFixed(3));
    const place = [Math.floor(at / errors.length), at % errors.length];
    cell.classList.toggle("best", best?.row === place[0] && best?.column === place[1]);
    const title = isKnown ? `${error.toFixed(2)} minutes` : "not tried yet";
    if (cell.title !== title) cell.title = cell.ariaLabel = title;
  }
}

// -- the curve: what was, and what one setting says, for each hour of the day

function drawCurve(root, answer) {
  const svg = root.querySelector(".curve svg");
  const caption = root.querySelector(".curve figcaption");
  if (!answer) {
    setText(caption, "Delay by hour of the day: choose a setting in the map");
    svg.replaceChildren();
    return;
  }
  const { hours, actual, predicted, error, row, column } = answer;
  setText(caption, `Delay by hour of the day, setting ${row + 1}, ${column + 1}: ${error.toFixed(2)} minutes off`);
  const most = Math.max(10, ...actual, ...predicted);
  const [left, right, top, bottom] = [34, 470, 34, 268];
  const x = (hour) => left + ((hour - hours[0]) / (hours.at(-1) - hours[0])) * (right - left);
  const y = (value) => bottom - (Math.max(0, value) / most) * (bottom - top);
  const path = (values, name) => shape("path", { class: name, d: values.map((value, at) => `${at ? "L" : "M"}${x(hours[at]).toFixed(1)},${y(value).toFixed(1)}`).join("") });
  const step = most > 30 ? 10 : 5;
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => at * step);
  svg.replaceChildren(
    ...ticks.flatMap((tick) => [
      shape("line", { class: "rule", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      shape("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
    ]),
    ...hours.filter((hour) => hour % 3 === 0).map((hour) => shape("text", { x: x(hour), y: bottom + 20, "text-anchor": "middle" }, `${hour}:00`)),
    path(actual, "actual"),
    path(predicted, "predicted"),
    shape("text", { class: "label", x: left, y: 16 }, "minutes late"),
    shape("line", { class: "actual", x1: left + 110, x2: left + 132, y1: 12, y2: 12 }),
    shape("text", { x: left + 138, y: 16 }, "measured"),
    shape("line", { class: "predicted", x1: left + 210, x2: left + 232, y1: 12, y2: 12 }),
    shape("text", { x: left + 238, y: 16 }, "predicted"),
  );
}

// -- small things

function make(name, text = "", properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

function shape(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text; // the same text again would be read out again
}

function short(value) {
  return Number(value.toPrecision(2)).toLocaleString("en", { maximumSignificantDigits: 2 });
}
