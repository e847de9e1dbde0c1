/* What the explorables share: arrays, drawing, controls, state, motion.
 *
 * A page with an explorable loads this script, which fetches the explorable's
 * own script when the reader comes near.  These are classic scripts: a book
 * opened from a folder (file://) may not load modules.
 *
 * Each explorable calls `explorables.define(name, kind)` with
 *   numbers   pure functions, which the tests compare with lttutor
 *   state     what a reader can set: {key: number(...) or oneOf(...)}
 *   build     (view) => draw: makes panels and controls once; draw() paints
 *             state and playhead, and returns the picture in one sentence
 *   span      (state) => [first, last] place of the playhead
 *   rest      (state, at) => its place at the start and after a change; the
 *             last one if left out
 *   pace      (at, state) => places a second                               */
(() => {
"use strict";

const HERE = document.currentScript.src.replace(/[^/]*$/, "");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/* Arrays ------------------------------------------------------------------ */

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const norm = a => Math.hypot(...a);
const range = (n, f) => Array.from({ length: n }, (_, i) => f(i));
const transpose = A => A[0].map((_, j) => A.map(row => row[j]));
const diagonal = values => values.map((x, i) => values.map((_, j) => i === j ? x : 0));

function times(A, B) {
  const columns = transpose(B);
  return A.map(row => columns.map(column => dot(row, column)));
}

/** (M ∘ (Z Q Zᵀ)) Z P, with every product on the way. */
function attention(Z, Q, P, mask) {
  const scores = times(times(Z, Q), transpose(Z));
  const read = scores.map((row, i) => row.map((s, j) => mask[i][j] ? s : 0));
  const summed = times(read, Z);
  return { scores, read, summed, layer: times(summed, P) };
}

/** Z - η · layer. */
const loop = (Z, eta, layer) =>
  Z.map((row, i) => row.map((z, j) => z - eta * layer[i][j]));

/** The mask of the book: the last of `rows` rows reads the others. */
const lastRowMask = rows =>
  range(rows, i => range(rows, j => +(i === rows - 1 && j < rows - 1)));

/* Words ------------------------------------------------------------------- */

const raised = n => String(n)
  .replace(/./g, c => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"["0123456789-".indexOf(c)]);

/** Three digits, a true minus, and powers of ten where they help. */
function text(x, digits = 3) {
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const [mantissa, power] = x.toExponential(digits - 1).split("e");
  const plain = x === 0 || (+power > -4 && +power < Math.max(6, digits));
  return (plain ? String(Number(x.toPrecision(Math.max(digits, +power + 1))))
    : `${Number(mantissa)} × 10${raised(+power)}`)
    .replace("-", "−").replace(/\d(?=(\d{3})+$)/g, digit =>
      Math.abs(x) < 1e4 ? digit : `${digit},`);
}

/* Elements and scales ------------------------------------------------------ */

const maker = space => (tag, attributes = {}, ...children) => {
  const node = space ? document.createElementNS(space, tag)
    : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    // A tenth of a pixel: the first frame is the same on every machine.
    node.setAttribute(key, typeof value === "number"
      ? Math.round(10 * value) / 10 : value === true ? "" : value);
  }
  node.append(...children);
  return node;
};
const html = maker(), svg = maker("http://www.w3.org/2000/svg");

const linear = (a, b, from, to) => x => from + (to - from) * (x - a) / (b - a);
const log = (a, b, from, to) => {
  const scale = linear(Math.log(a), Math.log(b), from, to);
  return x => scale(Math.log(x));
};

const points = list => list.map(p => p.map(x => x.toFixed(1)).join(",")).join(" ");
const line = (list, style, more) =>
  svg("polyline", { points: points(list), class: `line ${style}`, ...more });
const disc = (x, y, r, style) => svg("circle", { cx: x, cy: y, r, class: style });
const label = (x, y, words, style = "", anchor = "start") =>
  svg("text", { x, y, class: style, "text-anchor": anchor }, words);

/** What of the parts lies in a frame, or a little above or below it. */
const within = ({ top, bottom }, width, ...parts) => {
  const y = top - 8, height = bottom - top + 16;
  return svg("svg", { y, width, height, viewBox: `0 ${y} ${width} ${height}` }, ...parts);
};

/** Axes with their ticks, {x: [[place, words], …], y: …}, and titles. */
function axes({ left, right, top, bottom }, x, y, titles) {
  return svg("g", { class: "ink" },
    line([[left, top], [left, bottom], [right, bottom]], "thin"),
    ...x.map(([at, words]) => label(at, bottom + 17, words, "", "middle")),
    ...y.flatMap(([at, words]) => [
      line([[left - 4, at], [left, at]], "thin"),
      label(left - 7, at + 4, words, "", "end")]),
    label(right, bottom + 33, titles[0], "", "end"),
    label(2, top - 10, titles[1]));
}

/** Heights for labels: near the wanted ones, in order, `gap` apart. */
function apart(wanted, gap, low, high) {
  const order = wanted.map((y, i) => [y, i]).sort((a, b) => a[0] - b[0]);
  let last = low - gap;
  for (const one of order) last = one[0] = Math.max(one[0], last + gap);
  let next = high + gap;
  for (const one of order.reverse()) next = one[0] = Math.min(one[0], next - gap);
  const result = [];
  for (const [y, i] of order) result[i] = y;
  return result;
}

/* State: read from the address, where anybody may have written anything ---- */

const number = (min, max, step, start) => ({
  min, max, step, start,
  read(words) {
    if (!/^-?\d{1,9}(\.\d{1,9})?$/.test(words)) return start;
    const x = min + Math.round((+words - min) / step) * step;
    return +Math.min(max, Math.max(min, x)).toFixed(6);
  },
});
const oneOf = (values, start) => ({
  values, start,
  read: words => values.find(v => String(v) === words) ?? start,
});

function readState(name, rules) {
  // Only an address that names the explorable speaks about it.
  const asked = new URLSearchParams(location.hash === `#${name}` ? location.search : "");
  const entries = Object.entries(rules).map(([key, rule]) =>
    [key, asked.has(key) ? rule.read(asked.get(key)) : rule.start]);
  return Object.fromEntries(entries);
}

function address(name, rules, state) {
  const url = new URL(location.href);
  for (const key of Object.keys(rules)) {
    if (state[key] === rules[key].start) url.searchParams.delete(key);
    else url.searchParams.set(key, state[key]);
  }
  url.hash = name;
  return url.href;
}

/* Controls ------------------------------------------------------------------ */

/** Makes controls that write to `state` and then say `changed()`. */
function controlsOf(name, rules, state, changed) {
  const main = html("div", { class: "controls main" });
  const more = html("div", { class: "controls" });
  const shown = [];  // what to do so that the controls show the state
  let place = main;

  return {
    main, more,
    synchronize() { for (const show of shown) show(); },

    /** Controls that follow stand below the summary, or behind a fold there. */
    below() { place = more; },
    fold(words, open) {
      place = html("div", { class: "controls" });
      more.append(html("details", { open }, html("summary", {}, words), place));
    },

    /** A slider for a number or a list; ticks are [[value, words], …], and
        `then` is what else its movement sets. */
    slider(key, words, { show = String, ticks = [], then = () => {} } = {}) {
      const rule = rules[key], { values } = rule;
      const position = value => values ? values.indexOf(value) : value;
      const [min, max] = values ? [0, values.length - 1] : [rule.min, rule.max];
      const input = html("input", { type: "range", id: `${name}-${key}` });
      Object.assign(input, { min, max, step: values ? 1 : rule.step });
      input.setAttribute("value", position(rule.start));
      // Not <output>: that would be read out at every move of the thumb.
      const value = html("b", { "aria-hidden": "true" });
      const marks = ticks.map(([at, mark]) => html("span", {
        style: `--at:${((position(at) - min) / (max - min)).toFixed(4)}` }, mark));
      input.addEventListener("input", () => {
        state[key] = values ? values[+input.value] : +input.value;
        then();
        changed();
      });
      // A finger that turns out to scroll the page has moved no slider.
      let before;
      input.addEventListener("pointerdown", () => { before = { ...state }; });
      input.addEventListener("pointercancel", () => {
        Object.assign(state, before);
        changed();
      });
      shown.push(() => {
        input.value = position(state[key]);
        input.style.setProperty("--fill",
          ((position(state[key]) - min) / (max - min)).toFixed(4));
        value.textContent = show(state[key]);
        input.setAttribute("aria-valuetext", show(state[key]));
      });
      place.append(html("div", { class: "slider" },
        html("label", { for: input.id }, words, " ", value), input,
        html("span", { class: "ticks", "aria-hidden": "true" }, ...marks)));
    },

    /** One of a few, as a row of radio buttons: [[value, caption], …]. */
    choice(key, words, options, then = () => {}) {
      const labels = options.map(([value, caption]) => {
        const input = html("input", { type: "radio", name: `${name}-${key}`,
          value, checked: value === rules[key].start });
        input.addEventListener("change", () => {
          state[key] = value;
          then();
          changed();
        });
        shown.push(() => { input.checked = state[key] === value; });
        return html("label", {}, input, html("span", {}, caption));
      });
      place.append(html("fieldset", { class: "choice" },
        html("legend", {}, words), ...labels));
    },

    /** Buttons that do something: [[words, action], …]; returns them. */
    buttons(list) {
      const made = list.map(([words, action]) => {
        const button = html("button", { type: "button" }, words);
        button.addEventListener("click", action);
        return button;
      });
      place.append(html("div", { class: "buttons" }, ...made));
      return made;
    },
  };
}

/* Motion -------------------------------------------------------------------- */

/** Moves the playhead from where it is to the end, or only until some place;
    `paint(at, done)`. */
function motionOf(span, pace, paint) {
  let frame;
  const stop = () => cancelAnimationFrame(frame);
  const start = (at, until = Infinity) => {
    stop();
    const [first, end] = span(), last = Math.min(end, until);
    let clock = at >= last ? first : at, before;
    const tick = now => {
      const passed = before === undefined ? 0 : Math.min(now - before, 100) / 1000;
      before = now;
      clock = Math.min(last, clock + passed * pace(clock));
      if (clock < last) frame = requestAnimationFrame(tick);
      // Who asked for less motion sees whole steps, and only on request.
      paint(calm.matches && clock < last ? Math.floor(clock) : clock, clock >= last);
    };
    frame = requestAnimationFrame(tick);
  };
  return { start, stop };
}

/* A view: one explorable on one page ---------------------------------------- */

function mount(root, name, kind) {
  const state = readState(name, kind.state);
  const panels = html("div", { class: "panels" });
  const notes = html("div", { class: "notes" });
  const summary = html("p", { class: "summary" });
  const live = html("div", { class: "aloud", role: "status" });
  const span = () => kind.span(state);
  const rest = at => kind.rest ? kind.rest(state, at) : span()[1];
  let touched = false, timer, draw, play, steps, words;

  const controls = controlsOf(name, kind.state, state, changed);
  const motion = motionOf(span, at => kind.pace(at, state), (at, done) => {
    Object.assign(view, { at, playing: !done });
    refresh();
    if (done) speak();
  });

  const view = {
    ...controls, panels, state, changed, playing: false,

    /** Stop; move the playhead by hand. */
    hold() { pause(); refresh(); },
    go(at) { pause(); view.at = at; refresh(); speak(); },

    panel(width, height, words, attributes = {}) {
      const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
        "aria-label": words, ...attributes });
      panels.append(picture);
      return picture;
    },

    /** A line of the explorable's own, above the summary. */
    note(node) { notes.append(node); },

    /** Play, one step, and longer steps [words, how far from here], where a
        step has parts: every explorable has them. */
    player(playWords, step, ...longer) {
      words = [playWords, step];
      const on = far => () => {
        const [first, last] = span();
        if (view.at < last) view.go(Math.min(last, view.at + far(view.at)));
        else if (far === one) view.go(first);
      };
      const one = at => Math.floor(at + 1e-9) + 1 - at;
      [play, ...steps] = controls.buttons([
        [playWords, () => view.playing ? view.hold() : (pause(), motion.start(view.at))],
        [step, on(one)], ...longer.map(([name, far]) => [name, on(far)])]);
    },
  };

  function refresh() {
    summary.textContent = draw();
    controls.synchronize();
    const [first, last] = span(), ended = view.at >= last && !view.playing;
    play.textContent = view.playing ? "❚❚ Pause" : words[0];
    // At the end there is no next step, and the button says where it leads.
    steps[0].textContent = ended && first < last ? "↺ To the start" : words[1];
    steps.forEach((button, i) =>
      button.setAttribute("aria-disabled", ended && (i > 0 || first === last)));
    root.dataset.playing = view.playing;
  }

  function pause() {
    touched = true;
    view.playing = false;
    motion.stop();
  }

  /** After the reader changed something; once they rest, the address and the
      numbers aloud. */
  function changed() {
    pause();
    view.at = rest(view.at);
    refresh();
    clearTimeout(timer);
    timer = setTimeout(() => { keep(); speak(); }, 600);
  }
  function speak() { live.textContent = summary.textContent; }
  function keep() {
    try {
      history.replaceState(history.state, "", address(name, kind.state, state));
    } catch { /* Some browsers refuse for a page from a folder. */ }
  }

  function reset() {
    for (const key of Object.keys(state)) state[key] = kind.state[key].start;
    view.at = undefined;
    changed();
  }
  async function copyLink({ currentTarget: button }) {
    keep();
    let told = "Link copied";
    try {
      await navigator.clipboard.writeText(address(name, kind.state, state));
    } catch {
      told = "See the address";  // no clipboard here; the address bar has it
    }
    live.textContent = button.textContent = told;
    setTimeout(() => { button.textContent = "Copy link"; }, 2000);
  }

  draw = kind.build(view);
  controls.below();
  controls.buttons([["Reset", reset], ["Copy link", copyLink]]);
  view.at = rest();
  refresh();
  // On paper nothing is on its way.
  window.addEventListener("beforeprint", () => {
    if (!view.playing) return;
    pause();
    view.at = rest();
    refresh();
  });
  const body = root.querySelector(".explorable-body");
  body.replaceChildren(panels, controls.main, notes, summary, controls.more, live);
  body.removeAttribute("inert");
  root.dataset.ready = "";
  // The theme's button floats over the page: not over these controls.
  new IntersectionObserver(([entry]) =>
    root.toggleAttribute("data-seen", entry.isIntersecting)).observe(root);

  // A picture that somebody shared stays as it was shared.
  const shared = Object.keys(state).some(key => state[key] !== kind.state[key].start);
  if (calm.matches || shared) return;
  const seen = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    setTimeout(() => { if (!touched) motion.start(span()[1], kind.until); }, 1200);
  }, { threshold: 0.6 });
  seen.observe(panels.firstChild);
}

/* Loading ------------------------------------------------------------------ */

const defined = {};
window.explorables = {
  dot, norm, range, transpose, diagonal, times, attention, loop, lastRowMask,
  text, raised, html, svg, linear, log, points, line, disc, label, axes, within,
  apart, number, oneOf, kinds: defined,
  define(name, kind) {
    defined[name] = kind;
    for (const root of document.querySelectorAll(`[data-explorable="${name}"]`)) {
      mount(root, name, kind);
    }
  },
};

const near = new IntersectionObserver(entries => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    const script = html("script", { src: `${HERE}${target.dataset.explorable}.js` });
    document.head.append(script);
  }
}, { rootMargin: "800px" });
for (const root of document.querySelectorAll("[data-explorable]")) near.observe(root);
})();
