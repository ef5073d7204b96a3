// The page of weather.ipynb: one plain ES module, without a library and without a build step.
//
// The attributes `data-sync-…` in the markup tie controls to the model's state, and `model.subscribe` tells
// when it has changed: that, and `render` below, is all the wiring there is. The rest puts it into words and
// draws it.

const MARKUP = `
  <article class="weather">
    <header>
      <h2 data-sync-text="/title"></h2>
      <div class="variables" role="group" aria-label="What is shown"></div>
    </header>
    <p class="headline">
      <output class="count"></output> <span class="claim"></span>
      <label class="field"><input type="number" step="any" aria-label="Threshold" data-sync-value="/threshold">
      <span class="unit"></span></label>
    </p>
    <p class="detail"></p>
    <p class="problem" role="alert" data-sync-error="/threshold"></p>
    <ol class="years" aria-label="Days above the threshold, by year"></ol>
    <div class="stage">
      <canvas aria-hidden="true"></canvas>
      <input class="day" type="range" min="0" value="0" aria-label="Day">
      <div class="dot" hidden></div>
      <input class="level" type="range" step=".5" aria-label="Threshold" data-sync-value="/threshold">
      <div class="line" aria-hidden="true"><span data-sync-text="/threshold"></span></div>
      <div class="tip" aria-hidden="true" hidden><strong></strong><span class="sky"></span><dl></dl></div>
      <p class="empty">There are no days to show</p>
    </div>
    <footer>
      <ul class="legend" aria-label="Weather"></ul>
      <div class="months" role="group" aria-label="Months">
        <output class="span"></output>
        <div class="track">
          <input class="first" type="range" min="1" max="12" aria-label="First month" data-sync-value="/first_month">
          <input class="last" type="range" min="1" max="12" aria-label="Last month" data-sync-value="/last_month">
        </div>
        <div class="initials" aria-hidden="true"></div>
      </div>
    </footer>
  </article>`;

const VARIABLES = {
  temp_max: { label: "High", unit: "°C", one: "day warmer than", many: "days warmer than" },
  temp_min: { label: "Low", unit: "°C", one: "night warmer than", many: "nights warmer than" },
  precipitation: { label: "Rain", unit: "mm", one: "day wetter than", many: "days wetter than" },
  wind: { label: "Wind", unit: "m/s", one: "day windier than", many: "days windier than" },
};
const WEATHER = ["sun", "fog", "drizzle", "rain", "snow"];
const MONTHS = Array.from({ length: 12 }, (_, at) => new Date(2000, at).toLocaleString("en", { month: "long" }));
const STARTS = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366]; // days before each month of a leap year

export default {
  render({ model, el, signal }) {
    el.innerHTML = MARKUP; // no state in here: that comes as text
    const root = el.querySelector(".weather");
    const part = (name) => root.querySelector(`.${name}`);
    part("variables").append(...Object.entries(VARIABLES).map(([name, { label }]) => {
      const button = make("button", label, { type: "button", value: name });
      button.addEventListener("click", () => model.set("/variable", name));
      return button;
    }));
    part("legend").append(...WEATHER.map((name) => make("li", name, { className: name })));
    part("initials").append(...MONTHS.map((name) => make("span", name[0])));

    // A thumb stops at the other one. Python's validators see to it anyway; this saves the thumb the way back.
    const [first, last] = [part("first"), part("last")];
    first.addEventListener("input", () => { first.value = Math.min(first.value, model.state.last_month); });
    last.addEventListener("input", () => { last.value = Math.max(last.value, model.state.first_month); });
    model.bind(el, { signal });

    // However many changes there are, one picture a frame: from whatever the state is then.
    const chart = makeChart(root);
    let frame = 0;
    const draw = () => {
      frame = 0;
      if (signal.aborted || root.clientWidth === 0) return; // it is gone, or not to be seen just now
      describe(root, model.state);
      if (chart.draw(model.state)) redraw();
    };
    const redraw = () => { frame ||= requestAnimationFrame(draw); };
    model.subscribe("/shown", chart.compare, { signal });
    model.subscribe("", redraw, { signal });

    const [size, theme] = [new ResizeObserver(redraw), new MutationObserver(redraw)];
    size.observe(root);
    theme.observe(document.body, { attributes: true }); // where hosts say which theme it is
    for (const observer of [size, theme]) signal.addEventListener("abort", () => observer.disconnect());
  },
};

// -- in words

function describe(root, { variable, threshold = 0, first_month: first = 1, last_month: last = 12, summary = {} }) {
  const { unit, one, many } = VARIABLES[variable] ?? VARIABLES.temp_max;
  const { days = 0, above = 0, mean, highest } = summary;
  const say = (name, text) => setText(root.querySelector(`.${name}`), text);
  say("count", above ? above.toLocaleString("en") : "No");
  say("claim", above > 1 ? many : one);
  say("unit", unit);
  say("span", first === last ? MONTHS[first - 1] : `${MONTHS[first - 1]} – ${MONTHS[last - 1]}`);
  const facts = days ? [`mean ${amount(mean, unit)}`, `highest ${amount(highest, unit)}`] : [];
  say("detail", [`of ${days.toLocaleString("en")} days`, ...facts].join(" · "));

  for (const button of root.querySelectorAll(".variables button")) button.ariaPressed = button.value === variable;
  root.querySelector(".level").ariaValueText = `${threshold} ${unit}`;
  const track = root.querySelector(".track");
  for (const [thumb, month] of [[track.children[0], first], [track.children[1], last]]) {
    thumb.ariaValueText = MONTHS[month - 1];
    track.style.setProperty(`--${thumb.className}`, (month - 1) / 11);
  }
  track.children[0].style.zIndex = first > 6 ? 1 : 0; // where both thumbs meet, the one that can move is on top
  for (const [at, initial] of root.querySelectorAll(".initials span").entries()) {
    initial.classList.toggle("chosen", at >= first - 1 && at < last);
  }
}

// -- in a picture: a panel for each year, a mark for each day

function makeChart(root) {
  const part = (name) => root.querySelector(`.${name}`);
  const [stage, years, level, day] = ["stage", "years", "level", "day"].map(part);
  const changed = new Map(); // days that were just changed, and since when
  let before = [];
  let pointed; // the day that is pointed to
  let scene = { days: [] };

  const near = ({ clientX, clientY }) => {
    const { left, top } = stage.getBoundingClientRect();
    const distance = ({ x, y }) => Math.hypot(x - clientX + left, (y - clientY + top) / 2);
    const [nearest] = scene.days.map((point) => [distance(point), point]).sort(([a], [b]) => a - b);
    return nearest?.[0] < 24 ? nearest[1] : undefined;
  };
  const pointTo = (point) => {
    pointed = point?.at;
    showDay(root, scene, point);
  };
  stage.addEventListener("pointermove", (event) => pointTo(near(event)));
  stage.addEventListener("pointerleave", () => pointTo());
  // The same by keyboard: a slider over the days, unseen, that screen readers know how to read out.
  for (const name of ["focus", "input"]) day.addEventListener(name, () => pointTo(scene.days[day.value]));
  day.addEventListener("blur", () => pointTo());

  return {
    /** Note which days have another value than before. If they are few, they get a ring. */
    compare(shown = []) {
      const others = shown.length === before.length ? [...shown.keys()].filter((at) => shown[at] !== before[at]) : [];
      before = shown;
      if (others.length <= 12) for (const at of others) changed.set(at, performance.now());
    },

    /** Draw the state; return whether the picture still moves. */
    draw(state) {
      scene = layOut(state, stage, years);
      root.classList.toggle("has-none", scene.days.length === 0);
      showYears(years, scene, state.summary?.by_year ?? {});
      day.max = Math.max(0, scene.days.length - 1);
      setLevel(stage, level, scene, state.threshold);

      const pen = penOf(stage.querySelector("canvas"), scene);
      const colorOf = (name, before) => getComputedStyle(part(name), before).color;
      drawAxes(pen, scene, colorOf("detail"));
      for (const isAbove of [false, true]) {
        drawDays(pen, scene, "other", isAbove, colorOf("detail"));
        for (const sky of WEATHER) drawDays(pen, scene, sky, isAbove, colorOf(`legend .${sky}`, "::before"));
      }
      pointTo(scene.days.find(({ at }) => at === pointed)); // it may have another value now, or be gone
      return drawRings(pen, scene, changed, colorOf("headline"));
    },
  };
}

/** Say where everything goes: the one place that knows about scales, and about rows that are no days. */
function layOut(state, stage, columns) {
  const { rows = [], shown = [], variable, threshold, first_month: first = 1, last_month: last = 12 } = state;
  const { width, height } = stage.getBoundingClientRect();
  const { paddingTop, paddingRight, paddingBottom, paddingLeft, font } = getComputedStyle(stage);
  const [top, right, bottom, left] = [paddingTop, paddingRight, paddingBottom, paddingLeft].map(parseFloat);
  const gap = parseFloat(getComputedStyle(columns).columnGap);

  const dates = rows.map((row) => new Date(row?.date));
  const years = [...new Set(dates.map((date) => date.getUTCFullYear()))].filter(Number.isFinite).sort((a, b) => a - b);
  const panel = (width - left - right - gap * (years.length - 1)) / years.length;
  const room = panel / (STARTS[last] - STARTS[first - 1]); // for a day
  const across = (year, day) => left + years.indexOf(year) * (panel + gap) + (day - STARTS[first - 1]) * room;

  const { low, high, ticks } = niceScale(rows.map((row) => row?.[variable]).filter(Number.isFinite));
  const down = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);

  const days = [];
  for (const [at, date] of dates.entries()) {
    const [row, value] = [rows[at], shown[at]];
    if (!Number.isFinite(value) || !Number.isFinite(date.valueOf())) continue;
    const x = across(date.getUTCFullYear(), STARTS[date.getUTCMonth()] + date.getUTCDate() - 0.5);
    const sky = WEATHER.includes(row.weather) ? row.weather : "other";
    days.push({ at, row, date, sky, x, y: down(value), isAbove: value > threshold });
  }
  return { width, height, font, years, panel, room, first, last, variable, low, high, ticks, across, down, days };
}

/** Return the two ends of a scale, zero among what is between them, and the round values to write beside it. */
function niceScale(values) {
  const least = values.reduce((low, value) => Math.min(low, value), 0);
  const most = values.reduce((high, value) => Math.max(high, value), least + 1);
  const power = 10 ** Math.floor(Math.log10(most - least));
  const step = power * [0.2, 0.5, 1, 2].find((size) => (most - least) / (power * size) <= 6);
  const [low, high] = [Math.floor((2 * least) / step) * step / 2, Math.ceil((2 * most) / step) * step / 2];
  const from = Math.ceil(low / step);
  const ticks = Array.from({ length: Math.floor(high / step) - from + 1 }, (_, at) => (from + at) * step);
  return { low, high, ticks };
}

function penOf(canvas, { width, height, font }) {
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  const pen = canvas.getContext("2d");
  pen.scale(devicePixelRatio, devicePixelRatio);
  return Object.assign(pen, { font, lineWidth: 1 });
}

function drawAxes(pen, { years, panel, first, last, low, ticks, across, down }, color) {
  const rule = (strength, ...points) => {
    pen.globalAlpha = strength;
    pen.beginPath();
    for (const point of points) pen.lineTo(...point.map((place) => Math.round(place) + 0.5));
    pen.stroke();
    pen.globalAlpha = 1;
  };
  pen.fillStyle = pen.strokeStyle = color;
  const months = [1, 2, 3, 6].find((count) => (panel / (last - first + 1)) * count >= 30) ?? 6;
  for (const year of years) {
    const [start, end] = [across(year, STARTS[first - 1]), across(year, STARTS[last])];
    for (const tick of ticks) rule(tick === 0 ? 0.6 : 0.2, [start, down(tick)], [end, down(tick)]);
    rule(0.6, [start, down(low)], [end, down(low)]);
    for (let at = first; at <= last; at += months) {
      const x = across(year, STARTS[at - 1]);
      rule(0.6, [x, down(low)], [x, down(low) + 5]);
      pen.fillText(MONTHS[at - 1].slice(0, 3), x + 4, down(low) + 15);
    }
  }
  Object.assign(pen, { textAlign: "right", textBaseline: "middle" });
  for (const tick of ticks) pen.fillText(number(tick), across(years[0], STARTS[first - 1]) - 8, down(tick));
}

function drawDays(pen, { days, room, variable, down }, sky, isAbove, color) {
  const radius = Math.min(4, 1.3 + room);
  Object.assign(pen, { fillStyle: color, globalAlpha: isAbove ? 1 : 0.35 });
  pen.beginPath();
  for (const day of days) {
    if (day.isAbove !== isAbove || day.sky !== sky) continue;
    if (variable === "precipitation") pen.rect(day.x - room * 0.4, day.y, Math.max(1, room * 0.8), down(0) - day.y);
    else pen.moveTo(day.x + radius, day.y), pen.arc(day.x, day.y, radius, 0, 7);
  }
  pen.fill();
  pen.globalAlpha = 1;
}

/** Draw a ring, for a while, around each day that was just changed; return whether there is one. */
function drawRings(pen, { days }, changed, color) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const [at, since] of changed) {
    const age = (performance.now() - since) / 1600;
    if (age > 1) changed.delete(at);
    const day = days.find((candidate) => candidate.at === at);
    if (age > 1 || !day) continue;
    Object.assign(pen, { strokeStyle: color, lineWidth: 1.5, globalAlpha: isCalm ? 1 : (1 - age) ** 0.5 });
    pen.beginPath();
    pen.arc(day.x, day.y, isCalm ? 8 : 6 + 14 * age, 0, 7);
    pen.stroke();
  }
  return changed.size > 0;
}

// -- beside the canvas

/** The threshold in the picture is a range input as large as the picture, whose thumb is the line. */
function setLevel(stage, level, { low, high }, threshold) {
  if (level.min !== String(low) || level.max !== String(high)) Object.assign(level, { min: low, max: high, value: threshold });
  const share = (threshold - low) / (high - low);
  stage.style.setProperty("--level", Math.min(1, Math.max(0, share)));
  stage.classList.toggle("is-beyond", share < 0 || share > 1);
}

function showYears(list, { years }, counts) {
  const most = Math.max(1, ...Object.values(counts));
  while (list.children.length > years.length) list.lastChild.remove();
  for (const [at, year] of years.entries()) {
    const item = list.children[at] ?? list.appendChild(make("li"));
    if (!item.firstChild) item.append(make("strong"), make("span"));
    const count = counts[year] ?? 0;
    setText(item.firstChild, String(year));
    setText(item.lastChild, `${count} ${count === 1 ? "day" : "days"}`);
    item.style.setProperty("--share", count / most);
  }
}

function showDay(root, { days, variable, width }, day) {
  const [dot, tip, slider] = ["dot", "tip", "day"].map((name) => root.querySelector(`.${name}`));
  dot.hidden = tip.hidden = !day;
  if (!day) return;
  const { row, sky, x, y } = day;
  const date = day.date.toLocaleDateString("en-GB", { dateStyle: "full", timeZone: "UTC" });
  const facts = Object.entries(VARIABLES).map(([name, { label, unit }]) => [name, label, amount(row[name], unit)]);
  const [, , said] = facts.find(([name]) => name === variable);
  slider.value = days.indexOf(day);
  slider.ariaValueText = `${date}: ${said}, ${row.weather}`;

  setText(tip.children[0], date);
  setText(tip.children[1], String(row.weather));
  tip.children[1].className = `sky ${sky}`;
  tip.children[2].replaceChildren(...facts.flatMap(([name, label, text]) => {
    const className = name === variable ? "chosen" : "";
    return [make("dt", label, { className }), make("dd", text, { className })];
  }));
  dot.style.translate = `${x}px ${y}px`;
  const side = x > width / 2 ? -tip.offsetWidth - 12 : 12;
  const place = Math.min(Math.max(0, x + side), width - tip.offsetWidth);
  tip.style.translate = `${place}px ${Math.max(0, y - tip.offsetHeight / 2)}px`;
}

// -- small things

function make(name, text = "", properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text; // the same text again would be read out again
}

function number(value, digits = 0) {
  if (!Number.isFinite(value)) return "–";
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: 1 }).replace("-", "−");
}

function amount(value, unit) {
  return `${number(value, 1)}\u00a0${unit}`; // a space where no line breaks
}
