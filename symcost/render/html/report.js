const data = JSON.parse(document.getElementById("data").textContent);
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const MINUS = "−", GAP = "\u202f";

// ---- exact numbers: a fraction is [top, bottom] of BigInts, bottom > 0; `lowest` says what it was reduced by too

const fraction = (text) => {
  const found = /^\s*(-?)(\d+)(?:\.(\d+))?(?:\/(\d+))?\s*$/.exec(text.replace(/[\u202f\u00a0_, ]/g, ""));
  if (!found) return null;
  const [, sign, digits, places = "", under = "1"] = found;
  if (BigInt(under) === 0n) return null;
  const top = BigInt(digits + places) * (sign ? -1n : 1n);
  return lowest(top, 10n ** BigInt(places.length) * BigInt(under));
};
const lowest = (top, bottom) => {
  let [a, b] = [top < 0n ? -top : top, bottom];
  while (b !== 0n) [a, b] = [b, a % b];
  return [top / a, bottom / a, a];
};
const less = (a, b) => a[0] * b[1] < b[0] * a[1];
const plus = (a, b) => (a[1] === 1n && b[1] === 1n ? [a[0] + b[0], 1n] : lowest(a[0] * b[1] + b[0] * a[1], a[1] * b[1]));
const zero = [0n, 1n];

// For pictures and percentages only: a/b as a float, whatever the length of the integers.
const quotient = (a, b) => {
  const top = a[0] * b[1], bottom = a[1] * b[0];
  if (bottom === 0n) return 0;
  const scaled = (top * 10n ** 12n) / bottom;
  return Number(scaled) / 1e12;
};
const log10 = ([top, bottom]) => digitsLog(top) - digitsLog(bottom);
const digitsLog = (n) => {
  const text = n.toString();
  return text.length <= 15 ? Math.log10(Number(text)) : Math.log10(Number(text.slice(0, 15))) + text.length - 15;
};
const float = (a) => Number(a[0]) / Number(a[1]);

const grouped = ([top, bottom]) => {
  const whole = top.toString().replace("-", MINUS).replace(/\B(?=(\d{3})+$)/g, GAP);
  return bottom === 1n ? whole : `${whole}/${bottom}`;
};
const decimal = (scaled, places) => {
  if (!places) return scaled.toString();
  const text = scaled.toString().padStart(places + 1, "0");
  return `${text.slice(0, -places)}.${text.slice(-places)}`.replace(/\.?0+$/, "");
};
// Three significant digits with a prefix, a half rounded up.
const si = ([top, bottom]) => {
  if (top < 0n) return MINUS + si([-top, bottom]);
  const rounded = (n, d) => (2n * n + d) / (2n * d);
  const prefixes = [[15, "P"], [12, "T"], [9, "G"], [6, "M"], [3, "k"]];
  if (2n * top >= 1999n * 10n ** 15n * bottom) {
    let power = (top / bottom).toString().length - 1;
    let scaled = rounded(top, bottom * 10n ** BigInt(power - 2));
    if (scaled === 1000n) [scaled, power] = [100n, power + 1];
    return `${decimal(scaled, 2)}e${power}`;
  }
  for (const [index, [power, prefix]] of prefixes.entries()) {
    const unit = bottom * 10n ** BigInt(power);
    if (top < unit) continue;
    const places = Math.max(0, 3 - (top / unit).toString().length);
    const scaled = rounded(top * 10n ** BigInt(places), unit);
    if (scaled === 1000n && places === 0 && index) return `1${GAP}${prefixes[index - 1][1]}`;
    return `${decimal(scaled, places)}${GAP}${prefix}`;
  }
  if (bottom === 1n) return top.toString();
  const places = Math.max(0, 3 - (top >= bottom ? (top / bottom).toString().length : 0));
  return decimal(rounded(top * 10n ** BigInt(places), bottom), places);
};
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 || (share > 0.9995 && share < 1) ? 2 : 1)}${GAP}%`;

// ---- values at some sizes

// What is asked at one point, each formula once; null where it has no exact value.
const point = (values) => {
  const known = new Map();
  const exists = conditions.map((holds) => {
    try { return holds(values); } catch { return false; }
  });
  return {
    exists, inside: exists.every(Boolean),
    value(number) {
      if (!known.has(number)) {
        let found = null;
        try { found = formulas[number](values); } catch (error) { if (!(error instanceof RangeError)) throw error; }
        known.set(number, found);
      }
      return known.get(number);
    },
  };
};
const passed = (symbol, value) => (symbol.integer ? value[0] : value);
const state = { values: {}, cost: 0, sort: null, direction: null };
const sizes = () => Object.fromEntries(data.symbols.map((s) => [s.name, passed(s, state.values[s.name])]));
const allowed = (symbol, value) =>
  value !== null && (!symbol.integer || value[1] === 1n) &&
  (symbol.least === null || !less(value, fraction(symbol.least))) &&
  (symbol.most === null || !less(fraction(symbol.most), value));

// ---- the page

const rowsOf = (text) => {
  const [first, last] = text.split("-").map(Number);
  return data.rows.slice(first, last + 1).map((_, index) => first + index);
};
const lines = $$("tbody tr").map((element, order) => ({
  element, order, depth: Number(element.dataset.depth), block: element.classList.contains("block"),
  rows: element.dataset.row === undefined ? rowsOf(element.dataset.rows) : [Number(element.dataset.row)],
  fold: $(".fold", element), here: $(".here", element), share: $(".share", element),
}));
const kinds = [...new Set(data.rows.map((row) => row.kind))];
const tones = new Map();

function update() {
  const now = point(sizes());
  const shown = now.inside;
  data.costs.forEach((cost, number) => {
    const value = shown ? now.value(cost.whole) : null;
    $(`[data-total="${number}"]`).textContent = value ? si(value) : "—";
    $(`[data-exact="${number}"]`).textContent = value ? grouped(value) : shown ? "no exact value here" : "";
  });
  $$("[data-condition]").forEach((item, index) => {
    item.classList.toggle("broken", !now.exists[index]);
    $(".mark", item).setAttribute("aria-label", now.exists[index] ? "holds" : "does not hold");
  });
  const outside = $("#outside");
  outside.hidden = shown;
  if (!shown) {
    const said = data.conditions.filter((_, index) => !now.exists[index]);
    outside.textContent = `The network does not exist at these sizes. It requires ${said.join(", ")}.`;
  }
  const cost = data.costs[state.cost];
  $$(".what").forEach((element) => { element.textContent = cost.label; });
  const values = data.rows.map((row) => (shown ? now.value(row.parts[state.cost]) : null));
  const whole = shown ? now.value(cost.whole) : null;
  table(values, whole);
  shares(values, whole);
  data.symbols.forEach(chart);
  for (const symbol of data.symbols.filter((s) => s.multiples.length)) {
    const range = $(`[data-slider="${CSS.escape(symbol.name)}"]`), step = stepOf(symbol);
    Object.assign(range, { step: float(step), min: float(lowOf(symbol, step)), value: float(state.values[symbol.name]) });
  }
  $("#constant").hidden = cost.of.length > 0;
  if (state.sort !== null) arrange();
  say(cost, whole);
}

let spoken;
function say(cost, whole) {
  clearTimeout(spoken);
  spoken = setTimeout(() => {
    $("#said").textContent = whole ? `${cost.label}: ${si(whole)}` : "The network does not exist at these sizes.";
  }, 700);
}

function table(values, whole) {
  for (const line of lines) {
    const parts = line.rows.map((row) => values[row]);
    line.value = parts.includes(null) ? null : parts.reduce(plus, zero);
    const some = line.value && whole && line.value[0] !== 0n;
    line.here.textContent = some ? si(line.value) : "";
    const share = some ? quotient(line.value, whole) : 0;
    line.share.innerHTML = some
      ? `<span class="percent">${percent(share)}</span><span class="track"><i style="width:${(100 * share).toFixed(2)}%"></i></span>` : "";
  }
}

function shares(values, whole) {
  const byKind = kinds.map((kind) => {
    const parts = values.filter((_, index) => data.rows[index].kind === kind);
    return { kind, value: parts.includes(null) ? zero : parts.reduce(plus, zero) };
  }).filter((each) => each.value[0] !== 0n).sort((a, b) => (less(a.value, b.value) ? 1 : -1));
  tones.clear();
  byKind.forEach((each, index) => tones.set(each.kind, `var(--k${Math.min(index, 7)})`));
  $("#kinds").innerHTML = whole ? byKind.map(({ kind, value }) => {
    const share = quotient(value, whole);
    return `<li><code>${escaped(kind)}</code><span class="track"><i style="width:${(100 * share).toFixed(2)}%;--tone:${tones.get(kind)}"></i></span>` +
      `<span class="percent">${percent(share)}</span><span class="value">${si(value)}</span></li>`;
  }).join("") : "";
  profile(values, whole);
}

const escaped = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]));

function profile(values, whole) {
  const bars = values.map((value, index) => ({ value, index, row: data.rows[index] })).filter((bar) => bar.value && bar.value[0] > 0n);
  const svg = $("#profile");
  svg.closest("figure").hidden = !whole;
  if (!whole || !bars.length) { svg.innerHTML = $("#largest").textContent = ""; return; }
  const top = bars.reduce((a, b) => (less(a.value, b.value) ? b : a));
  const step = Math.min(56, 760 / bars.length);
  svg.innerHTML = bars.map(({ value, row }, index) => {
    const height = Math.max(1, 142 * quotient(value, top.value));
    const said = `${escaped(row.layer)}: ${si(value)}, ${percent(quotient(value, whole))}`;
    return `<rect x="${(index * step + step * 0.09).toFixed(2)}" y="${(150 - height).toFixed(2)}" width="${(step * 0.82).toFixed(2)}" ` +
      `height="${height.toFixed(2)}" style="fill:${tones.get(row.kind)}"><title>${said}</title></rect>`;
  }).join("");
  const often = lines.find((line) => !line.block && line.rows[0] === top.index).element.querySelector(".times").textContent;
  $("#largest").textContent = `The largest is ${top.row.layer}${often && ` × ${often}`} with ${percent(quotient(top.value, whole))}.`;
  svg.setAttribute("aria-label", `${bars.length} layers with ${data.costs[state.cost].label}; the largest is ${top.row.layer} with ${percent(quotient(top.value, whole))}. The table of layers has them all.`);
}

// ---- plots

const SAMPLES = 220;
const FRAME = { left: 52, right: 446, top: 16, bottom: 226 };

function samples(symbol, log) {
  const step = stepOf(symbol), low = lowOf(symbol, step), high = reach(symbol);
  const count = (high[0] * low[1] - low[0] * high[1]) * step[1] / (high[1] * low[1] * step[0]);
  const at = (index) => lowest(low[0] * step[1] + BigInt(index) * step[0] * low[1], low[1] * step[1]);
  const every = Number(count);
  const chosen = new Set();
  for (let i = 0; i <= Math.min(SAMPLES, every); i += 1) {
    const part = every <= SAMPLES ? i : (i * every) / SAMPLES;
    chosen.add(Math.round(part));
    if (log && every > SAMPLES) chosen.add(Math.round(Math.expm1((i / SAMPLES) * Math.log1p(every))));
  }
  return [...chosen].sort((a, b) => a - b).map(at);
}
// The distance of two values a symbol can have, as far as the others decide it: heads divide a width.
function stepOf(symbol) {
  let step = fraction(symbol.step);
  const now = point(sizes());
  for (const number of symbol.multiples) {
    const divisor = now.value(number);
    if (divisor?.[1] === 1n && divisor[0] > 0n && step[1] === 1n) step = [step[0] * divisor[0] / lowest(divisor[0], step[0])[2], 1n];
  }
  return step;
}
const lowOf = (symbol, step) => {
  const low = fraction(symbol.min);
  const times = (low[0] * step[1] + low[1] * step[0] - 1n) / (low[1] * step[0]);
  return symbol.multiples.length ? lowest(times * step[0], step[1]) : low;
};
const reach = (symbol) => {
  const high = fraction(symbol.max), now = state.values[symbol.name];
  return less(high, now) ? now : high;
};

function chart(symbol) {
  const log = $("#log").checked;
  const svg = $(`[data-chart="${CSS.escape(symbol.name)}"]`);
  const others = sizes();
  const formula = data.costs[state.cost].whole;
  const moved = tied(symbol);
  const inside = data.costs[state.cost].of;
  svg.closest("figure").hidden = moved[0] !== symbol || !moved.some((s) => inside.includes(s.name));
  if (svg.closest("figure").hidden) return;
  $(".and", svg.closest("figure")).replaceChildren(...moved.slice(1).flatMap((s) => [" = ", mathOf(s)]));
  const valueAt = (x) => {
    const there = point({ ...others, ...Object.fromEntries(moved.map((s) => [s.name, passed(s, x)])) });
    return there.inside ? there.value(formula) : null;
  };
  const now = state.values[symbol.name], nowValue = valueAt(now);
  const drawn = [...samples(symbol, log), now].sort((a, b) => (less(a, b) ? -1 : 1))
    .map((x) => ({ x, y: valueAt(x) })).filter(({ x, y }) => y && (!log || (x[0] > 0n && y[0] > 0n)));
  doubling(symbol, now, nowValue, valueAt);
  if (drawn.length < 2) { svg.innerHTML = `<text x="230" y="130" text-anchor="middle">no other size here</text>`; return; }
  const top = drawn.reduce((a, b) => (less(a.y, b.y) ? b : a)).y;
  const scaleX = log ? (x) => log10(x) : float;
  const scaleY = log ? (y) => log10(y) : (y) => quotient(y, top);
  const xs = drawn.map((p) => scaleX(p.x)), ys = drawn.map((p) => scaleY(p.y));
  const [x0, x1] = log ? [xs[0], xs.at(-1)] : [Math.min(0, xs[0]), xs.at(-1)];
  const [y0, y1] = log ? [Math.min(...ys), Math.max(...ys)] : [Math.min(0, ...ys), 1];
  const px = (v) => FRAME.left + ((v - x0) / (x1 - x0 || 1)) * (FRAME.right - FRAME.left);
  const py = (v) => FRAME.bottom - ((v - y0) / (y1 - y0 || 1)) * (FRAME.bottom - FRAME.top);
  const parts = log ? [...logTicks(x0, x1).map((t) => tickX(px(t), label(t))), ...logTicks(y0, y1).map((t) => tickY(py(t), label(t)))]
    : [...ticks(x0, x1).map((t) => tickX(px(t), plain(t))),
      ...ticks(float([top[0] < 0n ? -1n : 0n, 1n]), magnitude(top)).map((t) => tickY(py(t / magnitude(top)), short(t, top)))];
  const path = drawn.map((_, i) => `${i ? "L" : "M"}${px(xs[i]).toFixed(1)} ${py(ys[i]).toFixed(1)}`).join("");
  parts.push(`<line class="axis" x1="${FRAME.left}" x2="${FRAME.right}" y1="${FRAME.bottom}" y2="${FRAME.bottom}"/><path class="curve" d="${path}"/>`);
  if (drawn.length <= 48) parts.push(...drawn.map((_, i) => `<circle class="dot" r="2.6" cx="${px(xs[i]).toFixed(1)}" cy="${py(ys[i]).toFixed(1)}"/>`));
  if (nowValue && (!log || (now[0] > 0n && nowValue[0] > 0n))) {
    const cx = px(scaleX(now)), cy = py(scaleY(nowValue));
    const left = cx > (FRAME.left + FRAME.right) / 2;
    parts.push(`<line class="here-line" x1="${cx}" x2="${cx}" y1="${cy}" y2="${FRAME.bottom}"/><circle class="here-dot" r="5" cx="${cx}" cy="${cy}"/>` +
      `<text class="now" x="${cx + (left ? -10 : 10)}" y="${Math.max(FRAME.top + 4, cy - 8)}" text-anchor="${left ? "end" : "start"}">${si(nowValue)}</text>`);
  }
  svg.innerHTML = parts.join("");
  const ends = [drawn[0], drawn.at(-1)].map(({ x, y }) => `${si(y)} at ${symbol.name} = ${grouped(x)}`);
  svg.setAttribute("aria-label", `${data.costs[state.cost].label} against ${symbol.name}: from ${ends.join(" to ")}${nowValue ? `; ${si(nowValue)} at ${grouped(now)}` : ""}.`);
}

const mathOf = (symbol) => $("math", $(`[data-number="${CSS.escape(symbol.name)}"]`).closest(".slider")).cloneNode(true);

function doubling(symbol, now, value, valueAt) {
  const twice = lowest(now[0] * 2n, now[1]);
  const then = allowed(symbol, twice) ? valueAt(twice) : null;
  const said = value && then && value[0] > 0n ? `Twice ${symbol.name}, ${grouped(twice)}: ${quotient(then, value).toPrecision(4).replace(/\.?0+$/, "")} times as much` : "";
  $(`[data-doubling="${CSS.escape(symbol.name)}"]`).textContent = said;
}

const tickX = (x, text) => `<line class="grid" x1="${x}" x2="${x}" y1="${FRAME.top}" y2="${FRAME.bottom}"/><text x="${x}" y="${FRAME.bottom + 17}" text-anchor="middle">${text}</text>`;
const tickY = (y, text) => `<line class="grid" x1="${FRAME.left}" x2="${FRAME.right}" y1="${y}" y2="${y}"/><text x="${FRAME.left - 7}" y="${y + 4}" text-anchor="end">${text}</text>`;
// The leading part of a large value, between 1 and 1000, for round ticks.
const magnitude = (top) => {
  const power = 3 * Math.floor(log10([top[0] < 0n ? -top[0] : top[0] || 1n, top[1]]) / 3);
  return power >= 0 ? quotient(top, [10n ** BigInt(power), 1n]) : quotient([top[0] * 10n ** BigInt(-power), top[1]], [1n, 1n]);
};
const short = (tick, top) => {
  const power = 3 * Math.floor(log10([top[0] || 1n, top[1]]) / 3);
  const prefix = { 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P" }[power];
  return tick === 0 ? "0" : prefix === undefined ? `${plain(tick)}e${power}` : `${plain(tick)}${prefix && GAP + prefix}`;
};
const plain = (value) => Number(value.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 3, useGrouping: false }).replace(/\B(?=(\d{3})+$)/g, (_, __, at, all) => (all.length > 4 && !all.includes(".") ? GAP : ""));
const ticks = (low, high) => {
  const rough = (high - low) / 4 || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough);
  return Array.from({ length: 12 }, (_, i) => (Math.ceil(low / step) + i) * step).filter((t) => t <= high * (1 + 1e-9));
};
const logTicks = (low, high) => {
  const wide = high - low > 1.4;
  const every = high - low > 6 ? Math.ceil((high - low) / 6) : 1;
  const found = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power += every) {
    for (const digit of wide ? [1] : [1, 2, 5]) found.push(power + Math.log10(digit));
  }
  return found.filter((t) => t >= low - 1e-9 && t <= high + 1e-9);
};
const label = (exponent) => {
  const power = Math.floor(exponent + 1e-9), digit = BigInt(Math.round(10 ** (exponent - power)));
  return power >= 0 ? si([digit * 10n ** BigInt(power), 1n]) : si(lowest(digit, 10n ** BigInt(-power)));
};

// ---- what a reader does

// The symbols that move with one: itself, and the other side of a square input.
function tied(symbol) {
  const box = $("#tied");
  const sides = box?.checked ? box.dataset.sides.split(" ") : [];
  return sides.includes(symbol.name) ? data.symbols.filter((s) => sides.includes(s.name)) : [symbol];
}

function setSize(symbol, text, from) {
  for (const other of tied(symbol)) setOne(other, text, other === symbol ? from : null);
}

function setOne(symbol, text, from) {
  const field = $(`[data-number="${CSS.escape(symbol.name)}"]`), range = $(`[data-slider="${CSS.escape(symbol.name)}"]`);
  const value = fraction(text);
  const fits = allowed(symbol, value);
  field.setAttribute("aria-invalid", String(!fits));
  if (!fits) return;
  state.values[symbol.name] = value;
  if (from !== field) field.value = value[1] === 1n ? value[0].toString() : text;
  if (from !== range) range.value = float(value);
  request();
}

let waiting = false;
function request() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; update(); });
}

for (const symbol of data.symbols) {
  state.values[symbol.name] = fraction(symbol.start);
  for (const which of ["number", "slider"]) {
    const input = $(`[data-${which}="${CSS.escape(symbol.name)}"]`);
    input.addEventListener("input", () => setSize(symbol, input.value, input));
  }
}
$("#reset").addEventListener("click", () => data.symbols.forEach((symbol) => setOne(symbol, symbol.start, null)));
$("#tied")?.addEventListener("change", () => {
  const [first] = data.symbols.filter((s) => tied(s).length > 1);
  if (first) setSize(first, $(`[data-number="${CSS.escape(first.name)}"]`).value, null);
  request();
});
$("#log").addEventListener("change", request);
for (const input of $$("[name=cost]")) {
  input.addEventListener("change", () => { state.cost = Number(input.value); request(); });
  if (input.checked) state.cost = Number(input.value);
}

function visible() {
  let closed = Infinity;
  for (const line of lines) {
    if (line.depth <= closed) closed = Infinity;
    line.element.hidden = state.sort === null && line.depth > closed;
    if (line.block && closed === Infinity && line.fold.getAttribute("aria-expanded") === "false") closed = line.depth;
  }
}
const fold = (line, open) => line.fold.setAttribute("aria-expanded", String(open));
const blocks = lines.filter((line) => line.block);
for (const line of blocks) {
  line.fold.addEventListener("click", () => { fold(line, line.fold.getAttribute("aria-expanded") === "false"); visible(); });
}
const foldAll = $("#fold");
foldAll.hidden = blocks.length === 0;
foldAll.addEventListener("click", () => {
  const open = foldAll.textContent.startsWith("Unfold");
  blocks.forEach((line) => fold(line, open));
  foldAll.textContent = open ? "Fold all blocks" : "Unfold all blocks";
  if (state.sort !== null) sortBy(null);
  visible();
});

const sorters = $$("[data-sort]");
for (const button of sorters) {
  button.addEventListener("click", () => {
    const first = button.dataset.sort === "layer" ? "ascending" : "descending";
    const second = first === "ascending" ? "descending" : "ascending";
    if (state.sort !== button.dataset.sort) sortBy(button.dataset.sort, first);
    else if (state.direction === first) sortBy(state.sort, second);
    else sortBy(null);
  });
}
function sortBy(column, direction = null) {
  Object.assign(state, { sort: column, direction });
  for (const button of sorters) {
    button.closest("th").setAttribute("aria-sort", button.dataset.sort === column ? direction : "none");
  }
  $("table").classList.toggle("sorted", column !== null);
  arrange();
  visible();
}
function arrange() {
  const sign = state.direction === "descending" ? -1 : 1;
  let key = () => 0;
  if (state.sort !== null && state.sort !== "layer") {
    const now = state.sort === "here" ? null : point(sizes());
    const values = new Map(lines.map((line) => [line, now ? line.block ? null : now.value(data.rows[line.rows[0]].shown[Number(state.sort)]) : line.value]));
    key = (a, b) => (less(values.get(a) ?? zero, values.get(b) ?? zero) ? -1 : less(values.get(b) ?? zero, values.get(a) ?? zero) ? 1 : 0);
  } else if (state.sort === "layer") {
    key = (a, b) => data.rows[a.rows[0]].layer.localeCompare(data.rows[b.rows[0]].layer, "en", { numeric: true });
  }
  const sorted = [...lines].sort((a, b) => sign * key(a, b) || a.order - b.order);
  $("tbody").append(...sorted.map((line) => line.element));
}

for (const button of $$("[data-copy]")) {
  const word = button.textContent;
  button.hidden = !(button.dataset.copy in data.copies);
  button.addEventListener("click", async () => {
    const done = await copied(data.copies[button.dataset.copy].map((part) => data.parts[part]).join(""));
    button.textContent = done ? "Copied" : "No access";
    button.classList.toggle("done", done);
    $("#said").textContent = done ? `${word} copied` : "The browser allows no copying here.";
    setTimeout(() => { button.textContent = word; button.classList.remove("done"); }, 1600);
  });
}
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

update();
