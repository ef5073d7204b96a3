// The gallery's own view: months and airlines are buttons, as long as the share of their flights that is late.
const bars = (title, rows, name, key, action) => `
  <section>
    <h3>${title}</h3>
    <template data-sync-each="${rows}" data-sync-key="./${name}">
      <button data-sync-on="click:${action}(./${key})" data-sync-style="--share:./late">
        <span data-sync-text="./${name}"></span>
        <b data-sync-text="./share"></b>
      </button>
    </template>
    <p data-sync-show="!${rows}">No flight is left: choose an airport.</p>
  </section>`;

export default {
  render({ model, el, signal }) {
    el.className = "gallery";
    el.innerHTML = `
      <header>
        <p><strong class="flights"></strong> flights, <strong class="late"></strong> of them late by</p>
        <label><input type="range" min="0" max="120" step="5" data-sync-value="/late"> <b data-sync-text="/late"></b> min or more</label>
        <button data-sync-on="click:reset()">Show everything</button>
        <p role="alert" data-sync-error="/late"></p>
      </header>
      <div class="charts">
        ${bars("Months", "/by_month", "month_name", "month", "pick_month")}
        ${bars("Airlines", "/by_airline", "airline", "airline", "pick_airline")}
      </div>`;
    model.bind(el, { signal });
    const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
    model.subscribe(
      "/total",
      ({ flights, late } = {}) => {
        el.querySelector(".flights").textContent = flights?.toLocaleString() ?? "";
        el.querySelector(".late").textContent = late == null ? "none" : percent.format(late);
      },
      { signal },
    );
  },
};
