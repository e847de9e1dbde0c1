/* See attention: the layer of chapter 21 on its prompt of three examples.
 *
 * Six grids show one loop, move by move: prompt, scores, masked scores, the
 * sum of the rows read, what P lets through, and the next prompt.  The
 * playhead counts moves, five a loop.                                      */
(() => {
"use strict";

const { range, diagonal, attention, loop, lastRowMask, text, svg, linear, line,
  disc, label, axes, apart, html, number, oneOf, define } = explorables;

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
const products = (a, b) => a.map((x, k) => `${k ? signed(x) : text(x)}·${signed(b[k])}`).join(" + ");

/** Where a number comes from: [formula, the cells it is made of]. */
function origin(grid, i, j, moves, eta, mask) {
  const { Z, scores, read, summed, layer, next } = moves;
  const column = m => m.map(row => row[j]);
  const name = i < ROWS - 1 ? `example ${i + 1}` : "the last row";
  const row = (g, r, n) => range(n, c => [g, r, c]);
  const value = moves[grid][i][j];
  switch (grid) {
    case "Z": return [i < ROWS - 1 ? `${j < 2 ? `feature ${j + 1}` : "label"} of example ${i + 1}: ${text(value)}`
      : j < 2 ? `q, entry ${j + 1}: ${text(value)}` : `α, the value asked for: ${text(value)}`, []];
    case "scores": return [`row ${i + 1} times row ${j + 1}: ${products(Z[i], Z[j])} = ${text(value)}`,
      [...row("Z", i, COLUMNS), ...row("Z", j, COLUMNS)]];
    case "read": return [mask[i][j] ? `row ${i + 1} reads row ${j + 1}: the score ${text(scores[i][j])} stays`
      : `row ${i + 1} does not read row ${j + 1}: 0`, [["scores", i, j]]];
    case "summed": return [`scores of ${name} times column ${j + 1} of Z: ${products(read[i], column(Z))} = ${text(value)}`,
      [...row("read", i, ROWS), ...range(ROWS, r => ["Z", r, j])]];
    case "layer": return [j < 2 ? `P writes the features: ${text(summed[i][j])} stays` : `P does not write the last column: ${text(summed[i][j])} becomes 0`,
      [["summed", i, j]]];
    default: return [`${text(Z[i][j])} − ${text(eta)}·${signed(layer[i][j])} = ${text(next[i][j])}`, [["Z", i, j], ["layer", i, j]]];
  }
}

function build(view) {
  const { state } = view;
  let picked = null, moves, M;
  view.panels.classList.add("many");
  const readout = html("p", { class: "readout" });

  const grids = GRIDS.map(([grid, title]) => {
    const columns = ["scores", "read"].includes(grid) ? ROWS : COLUMNS;
    const picture = view.panel(164, TOP + ROWS * TALL + 4, `${title}, ${ROWS} rows of ${columns}; arrow keys move`, { role: "group" });
    const cells = range(ROWS, i => range(columns, j => {
      const words = svg("text", { x: CELL * j + 22, y: TOP + TALL * i + 21, "text-anchor": "middle" });
      const cell = svg("g", { class: "cell", role: "button", tabindex: i === 0 && j === 0 ? "0" : "-1" },
        svg("rect", { x: CELL * j + 3, y: TOP + TALL * i + 1, width: CELL - 3, height: TALL - 3, rx: 3 }), words);
      const pick = () => { picked = [grid, i, j]; view.hold(); };
      cell.addEventListener("focus", pick);
      cell.addEventListener("click", () => cell.focus());
      cell.addEventListener("keydown", event => {
        const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [];
        const next = cells[i + down]?.[j + right];
        if (!next) return;
        event.preventDefault();
        cell.setAttribute("tabindex", "-1");
        next.cell.setAttribute("tabindex", "0");
        next.cell.focus();
      });
      return { cell, words };
    }));
    picture.append(label(3, 14, title, "strong"), ...cells.flat().map(c => c.cell));
    return { grid, picture, cells };
  });
  const chart = view.panel(340, 168, "The two entries of q against loops, with the values they tend to");
  chart.classList.add("across");
  view.player("▶ Play", "Next move", ["Next loop", () =>
    view.go(view.at >= LOOPS * MOVES ? 0 : MOVES * (Math.floor(view.at / MOVES) + 1))]);
  view.slider("eta", "step η =", { show: text, ticks: [[0.05, "0.05"], [0.2, "0.2"], [0.4, "0.4"]] });
  view.below();
  view.choice("mask", "Mask", [["right", "last row reads examples"], ["self", "… and itself"], ["causal", "causal"]]);
  view.note(readout);

  return function draw() {
    const { eta, mask } = state;
    const loops = run(eta, mask);
    M = maskOf(mask);
    // Move m of loop k; at the end of a loop all of it stays in sight.
    const k = Math.max(0, Math.ceil(view.at / MOVES - 1e-9) - 1);
    const at = view.at - MOVES * k, m = Math.floor(at + 1e-9), part = at - m;
    moves = loops[k];

    const used = new Set();
    let formula = "Tap a number, or walk with Tab and the arrow keys, to see where it comes from.";
    if (picked) {
      const [words, cells] = origin(...picked, moves, eta, M);
      formula = words;
      for (const cell of [...cells, picked]) used.add(cell.join());
    }
    readout.textContent = formula;

    grids.forEach(({ grid, picture, cells }, order) => {
      const shown = order <= m ? 1 : order === m + 1 ? part : 0;
      picture.style.setProperty("--shown", (0.12 + 0.88 * shown).toFixed(2));
      picture.classList.toggle("now", order === m && m > 0);
      cells.forEach((row, i) => row.forEach(({ cell, words }, j) => {
        let x = moves[grid][i][j];
        if (grid === "next" && order === m + 1) x = moves.Z[i][j] + part * (x - moves.Z[i][j]);
        const color = !["Z", "next"].includes(grid) ? (i === ROWS - 1 ? "generated" : "ink")
          : i < ROWS - 1 ? "examples" : j < 2 ? "generated" : "truth";
        words.textContent = short(x);
        cell.setAttribute("class", `cell ${color}${Math.abs(x) < 5e-3 ? " empty" : ""}${used.has([grid, i, j].join()) ? " used" : ""}`);
        if (!view.playing) cell.setAttribute("aria-label", origin(grid, i, j, moves, eta, M)[0]);
      }));
    });

    const q = [prompt()[3], ...loops.map(l => l.next[3])].map(row => row.slice(0, 2));
    const frame = { left: 30, right: 262, top: 26, bottom: 130 };
    const x = linear(0, LOOPS, frame.left, frame.right);
    const scale = linear(-8, 5, frame.bottom, frame.top);
    const y = value => Math.max(frame.top - 6, Math.min(frame.bottom + 6, scale(value)));
    const done = m === MOVES ? k + 1 : k;
    chart.replaceChildren(
      axes(frame, [0, 4, 8, 12].map(t => [x(t), String(t)]), [-6, 0, 3].map(v => [y(v), text(v)]), ["loops", "the last row, q"]),
      ...TARGET.map(v => line([[x(0), y(v)], [x(LOOPS), y(v)]], "truth dashed thin")),
      ...[0, 1].flatMap(j => [
        line(q.map((row, t) => [x(t), y(row[j])]), "generated thin faint"),
        line(q.slice(0, done + 1).map((row, t) => [x(t), y(row[j])]), "generated"),
        disc(x(done), y(q[done][j]), 5, "generated")]),
      ...apart(q[LOOPS].map(v => y(v) + 4), 16, frame.top, frame.bottom + 8).map((place, j) =>
        label(frame.right + 6, place, `${j ? "q₂" : "q₁"} → ${text(TARGET[j])}`, "truth")));

    const pair = row => `(${text(row[0])}, ${text(row[1])})`;
    const start = prompt().flat();
    const changed = moves.next.flat().filter((z, c) => z !== start[c]).length;
    const kept = M.flat().filter(Boolean).length;
    return `Loop ${k + 1}. ` + [
      "Three examples in blue, the moving row in orange-red, the asked value in green.",
      "Compare every row with every row: sixteen scores.",
      `Mask: ${kept} of 16 scores are read.`,
      "Sum the rows that were read, each times its score.",
      `Write: P keeps the features. To the last row goes ${pair(moves.layer[3])}.`,
      `Subtract ${text(eta)} of it: q = ${pair(moves.next[3])}. Changed since the start: ${changed} of 12 numbers.`][m];
  };
}

define("see-attention", {
  numbers: { prompt, maskOf, run, origin },
  state: { eta: number(0.05, 0.4, 0.01, 0.1), mask: oneOf(["right", "self", "causal"], "right") },
  span: () => [0, LOOPS * MOVES],
  rest: (state, at = MOVES) => at,
  pace: at => at < MOVES ? 1.1 : at < 2 * MOVES ? 2.5 : 9,
  build,
});
})();
