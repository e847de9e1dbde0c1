/* See attention: the layer of chapter 21 on its prompt of three examples.
 *
 * Six grids show one loop, move by move: prompt, scores, masked scores, the
 * sum of the rows read, what P lets through, and the next prompt.  The
 * playhead counts moves, five a loop.                                      */
(() => {
"use strict";

const { range, diagonal, attention, loop, lastRowMask, text, html, svg, linear,
  line, disc, label, axes, within, apart, number, oneOf, define } = explorables;

const X = [[1, 0], [1, 1], [0, 2]], LABELS = [2, 1, -2], ALPHA = 3;
const ROWS = 4, COLUMNS = 3, LOOPS = 12, MOVES = 5;
const TARGET = [-6, 3];  // −αθ*, for θ* = (2, −1)

/* Numbers ------------------------------------------------------------------ */

const prompt = () => [...X.map((x, i) => [...x, LABELS[i]]), [1, -1, ALPHA]];

function maskOf(kind) {
  const mask = lastRowMask(ROWS);
  if (kind === "self") mask[ROWS - 1][ROWS - 1] = 1;
  if (kind === "causal") return range(ROWS, i => range(ROWS, j => +(j <= i)));
  return mask;
}

/** What every loop computes: {Z, scores, read, summed, layer, next}. */
function run(eta, mask, loops = LOOPS) {
  const Q = diagonal([1, 1, 1]), P = diagonal([1, 1, 0]), M = maskOf(mask);
  let Z = prompt();
  return range(loops, () => {
    const moves = { Z, ...attention(Z, Q, P, M) };
    Z = moves.next = loop(Z, eta, moves.layer);
    return moves;
  });
}

/** How many loops the picture can show: a wrong mask may burst. */
function usable(loops) {
  const large = loops.findIndex(({ next }) => next.flat().some(z => !(Math.abs(z) < 1e5)));
  return large < 0 ? loops.length : Math.max(1, large);
}

/* Picture ------------------------------------------------------------------ */

const GRIDS = [["Z", "the prompt Z"], ["scores", "1 compare: Z Q Zᵀ"],
  ["read", "2 mask"], ["summed", "3 sum rows read"], ["layer", "4 write with P"],
  ["next", "5 next prompt"]];
const CELL = 39, TALL = 33, TOP = 22;

/** At most five characters. */
function short(x) {
  const size = Math.abs(x);
  if (size >= 1e4) return x.toExponential(0).replace("e+", "e").replace("-", "−");
  return text(Number(x.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)), 4);
}
const signed = x => x < 0 ? `(${text(x)})` : text(x);
const products = (a, b) =>
  a.map((x, k) => `${k ? signed(x) : text(x)}·${signed(b[k])}`).join(" + ");

/** Where a number comes from: [formula, the cells it is made of]. */
function origin(grid, i, j, moves, eta, mask) {
  const { Z, scores, read, summed, layer, next } = moves;
  const value = text(moves[grid][i][j]);
  const last = i === ROWS - 1, name = last ? "the last row" : `example ${i + 1}`;
  const row = (of, r, count) => range(count, c => [of, r, c]);
  const meaning = () => last
    ? j < 2 ? `q, entry ${j + 1}` : "α, the value asked for"
    : `${j < 2 ? `feature ${j + 1}` : "label"} of example ${i + 1}`;
  const formulas = {
    Z: () => [`${meaning()}: ${value}`, []],
    scores: () => [
      `row ${i + 1} times row ${j + 1}: ${products(Z[i], Z[j])} = ${value}`,
      [...row("Z", i, COLUMNS), ...row("Z", j, COLUMNS)]],
    read: () => [mask[i][j]
      ? `row ${i + 1} reads row ${j + 1}: the score ${text(scores[i][j])} stays`
      : `row ${i + 1} does not read row ${j + 1}: 0`, [["scores", i, j]]],
    summed: () => [`scores of ${name} times column ${j + 1} of Z: `
      + `${products(read[i], Z.map(z => z[j]))} = ${value}`,
      [...row("read", i, ROWS), ...range(ROWS, r => ["Z", r, j])]],
    layer: () => [j < 2 ? `P writes the features: ${text(summed[i][j])} stays`
      : `P does not write the last column: ${text(summed[i][j])} becomes 0`,
      [["summed", i, j]]],
    next: () => [`${text(Z[i][j])} − ${text(eta)}·${signed(layer[i][j])}`
      + ` = ${text(next[i][j])}`, [["Z", i, j], ["layer", i, j]]],
  };
  return formulas[grid]();
}

/** The color of a cell says whose number it is. */
function color(grid, i, j) {
  const last = i === ROWS - 1;
  if (grid !== "Z" && grid !== "next") return last ? "generated" : "ink";
  return !last ? "examples" : j < 2 ? "generated" : "truth";
}

/** A grid whose cells can be tapped, or walked with the arrow keys. */
function makeGrid(view, grid, title, pick, picked) {
  const columns = grid === "scores" || grid === "read" ? ROWS : COLUMNS;
  const picture = view.panel(164, TOP + ROWS * TALL + 4,
    `${title}, ${ROWS} rows of ${columns}; arrow keys move, Escape lets go`, { role: "group" });
  const cells = range(ROWS, i => range(columns, j => {
    const x = CELL * j, y = TOP + TALL * i;
    const words = svg("text", { x: x + 22, y: y + 21, "text-anchor": "middle" });
    const cell = svg("g", { class: "cell", role: "button",
      tabindex: i || j ? "-1" : "0" },
      svg("rect", { x: x + 3, y: y + 1, width: CELL - 3, height: TALL - 3, rx: 3 }),
      words);
    // A second tap on the same number lets go of it, and so does Escape.
    let again;
    cell.addEventListener("pointerdown", () => { again = picked(grid, i, j); });
    cell.addEventListener("focus", () => pick(grid, i, j));
    cell.addEventListener("click", () => {
      cell.focus();
      if (again) pick(); else pick(grid, i, j);
      again = false;
    });
    cell.addEventListener("keydown", event => {
      if (event.key === "Escape") pick();
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        pick(grid, i, j);
      }
      const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0],
        ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [];
      const next = cells[i + down]?.[j + right]?.cell;
      if (!next) return;
      event.preventDefault();
      cell.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
    return { cell, words };
  }));
  picture.append(label(3, 14, title, "strong"), ...cells.flat().map(c => c.cell));
  return { grid, picture, cells };
}

/** Which loop and which of its moves: at a loop's end all of it is in sight. */
function locate(playhead) {
  const k = Math.max(0, Math.ceil(playhead / MOVES - 1e-9) - 1);
  const at = playhead - MOVES * k, move = Math.floor(at + 1e-9);
  return { k, move, part: at - move };
}

/** The grids up to this move stand out, the next one is on its way. */
function paint({ grid, picture, cells }, order, { moves, move, part, used, tell }) {
  const shown = order <= move ? 1 : order === move + 1 ? part : 0;
  picture.style.setProperty("--shown", (0.12 + 0.88 * shown).toFixed(2));
  picture.classList.toggle("now", order === move && move > 0);
  cells.forEach((row, i) => row.forEach(({ cell, words }, j) => {
    const value = moves[grid][i][j], from = moves.Z[i][j];
    const x = grid === "next" && order === move + 1 ? from + part * (value - from) : value;
    const kinds = ["cell", color(grid, i, j)];
    if (Math.abs(x) < 5e-3) kinds.push("empty");
    if (used.has([grid, i, j].join())) kinds.push("used");
    words.textContent = short(x);
    words.classList.toggle("long", words.textContent.length > 4);
    cell.setAttribute("class", kinds.join(" "));
    if (tell) cell.setAttribute("aria-label", tell(grid, i, j)[0]);
  }));
}

/** The two entries of q, loop by loop, each with its name where it ends. */
function drawPath(chart, q, done) {
  const frame = { left: 30, right: 262, top: 26, bottom: 130 };
  const x = linear(0, LOOPS, frame.left, frame.right);
  const scale = linear(-8, 5, frame.bottom, frame.top);
  const y = value => Math.max(frame.top - 6, Math.min(frame.bottom + 6, scale(value)));
  const free = value => Math.max(-2000, Math.min(2000, scale(value)));
  const ends = q.at(-1).slice(0, 2), left = x(q.length - 1) + 6;
  const heights = apart([...TARGET, ...ends].map(v => y(v) + 4), 15,
    frame.top, frame.bottom + 8);
  chart.replaceChildren(
    axes(frame, [0, 4, 8, 12].map(t => [x(t), String(t)]),
      [-6, 0, 3].map(v => [y(v), text(v)]), ["loops", "q in the last row; goal −αθ*"]),
    ...TARGET.flatMap((v, j) => [
      line([[x(0), y(v)], [x(LOOPS), y(v)]], "truth dashed thin"),
      label(frame.right + 6, heights[j], `goal ${text(v)}`, "truth")]),
    ...[0, 1].flatMap(j => {
      const path = q.map((row, t) => [x(t), free(row[j])]);
      return [
        within(frame, 340, line(path, "generated thin faint"),
          line(path.slice(0, done + 1), "generated")),
        disc(x(done), y(q[done][j]), 5, "generated"),
        label(left, heights[j + 2], `q${"₁₂"[j]}`, "generated strong")];
    }));
}

const WHY = {
  right: "",
  self: " The last row reads itself too: with a short step it ends at ridge regression, not at the goal.",
  causal: " Every row reads, so every row's features move; with a short step all fade to zero.",
};

/** This move in a sentence. */
function say(k, move, { layer, next }, eta, kind, mask) {
  const pair = row => `(${text(row[0])}, ${text(row[1])})`;
  const start = prompt().flat(), read = mask.flat().filter(Boolean).length;
  const changed = next.flat().filter((z, c) => z !== start[c]).length;
  return `Loop ${k + 1}. ` + [
    "Three examples in blue, the moving row in orange-red, the asked value in green.",
    "Compare every row with every row: sixteen scores.",
    `Mask: ${read} of 16 scores are read.`,
    "Sum the rows that were read, each times its score.",
    `Write: P keeps the features. To the last row goes ${pair(layer[3])}.`,
    `Subtract ${text(eta)} of it: q = ${pair(next[3])}. `
      + `Changed since the start: ${changed} of 12 numbers.${WHY[kind]}`,
  ][move];
}

function build(view) {
  const { state } = view;
  let picked = null;
  const pick = (...cell) => { picked = cell.length ? cell : null; view.hold(); };
  const isPicked = (...cell) => String(cell) === String(picked);
  view.panels.classList.add("many");
  const grids = GRIDS.map(([grid, title]) => makeGrid(view, grid, title, pick, isPicked));
  // The formula stands between the numbers and what is drawn of them.
  const readout = html("p", { class: "readout" });
  view.panels.append(readout);
  const chart = view.panel(340, 168,
    "The two entries of q against loops, with the values they tend to");
  chart.classList.add("across");

  view.player("▶ Play", "Next move",
    ["Next loop", at => MOVES * (Math.floor(at / MOVES) + 1) - at]);
  view.slider("eta", "step η =", { show: text,
    ticks: [[0.05, "0.05"], [0.2, "0.2"], [0.4, "0.4"]] });
  view.below();
  view.choice("mask", "Mask", [["right", "last row reads examples"],
    ["self", "… and itself"], ["causal", "causal"]]);

  return function draw() {
    const { eta, mask } = state, M = maskOf(mask), loops = run(eta, mask);
    const { k, move, part } = locate(view.at), moves = loops[k];
    const tell = (grid, i, j) => origin(grid, i, j, moves, eta, M);
    const [formula, sources] = picked ? tell(...picked)
      : ["Tap a number, or walk with Tab and the arrow keys, to see where it comes from.", []];
    readout.textContent = formula;
    const used = new Set([...sources, picked ?? []].map(cell => cell.join()));
    grids.forEach((one, order) => paint(one, order,
      { moves, move, part, used, tell: view.playing ? null : tell }));
    const shown = loops.slice(0, usable(loops));
    const q = [prompt(), ...shown.map(l => l.next)].map(Z => Z[3].slice(0, 2));
    drawPath(chart, q, move === MOVES ? k + 1 : k);
    const bursts = view.at === last(state) && shown.length < LOOPS;
    return say(k, move, moves, eta, mask, M)
      + (bursts ? " At this step the next loop bursts." : "");
  };
}

const last = ({ eta, mask }) => MOVES * usable(run(eta, mask));

define("see-attention", {
  numbers: { prompt, maskOf, run, origin },
  state: {
    eta: number(0.05, 0.4, 0.01, 0.1),
    mask: oneOf(["right", "self", "causal"], "right"),
  },
  span: state => [0, last(state)],
  rest: (state, at = MOVES) => Math.min(at, last(state)),
  pace: at => at < MOVES ? 1.1 : at < 2 * MOVES ? 2.5 : 9,
  build,
});
})();
