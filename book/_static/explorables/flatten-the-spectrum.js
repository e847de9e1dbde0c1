/* Flatten the spectrum: the machine of chapter 42, whose examples move.
 *
 * Each loop takes a singular value s of the examples to s (1 − η s²/3) and
 * what is left of the error along it to p (1 − η s²), which is the slope of
 * the map from first to last singular values.  The largest s is 1 at first,
 * the smallest 1/√κ.                                                        */
(() => {
"use strict";

const { range, text, raised, html, svg, linear, log, line, disc, label, axes,
  apart, number, oneOf, define } = explorables;

const KAPPAS = [4, 10, 100, 1e3, 1e4, 1e5, 1e6], EPSILON = 1e-6, MOST = 24;

/* Numbers ------------------------------------------------------------------ */

/** Of the steps that lose no singular value, those that bring them closest
    together (chapter 42). */
function flattest(kappa, T) {
  let low = 1 / Math.sqrt(kappa), high = 1;
  return range(T, () => {
    const third = (low * low + low * high + high * high) / 3;
    [low, high] = [
      low * high * (low + high) / (3 * third), 2 / 3 * Math.sqrt(third)];
    return 1 / third;
  });
}

/** Newton and Schulz: always the step for a value at the top, (9/4)ᵗ. */
const newton = T => range(T, t => (9 / 4) ** t);

/** Steps η = 3c/u² for shares c by hand; u is the largest value by then. */
function byHand(kappa, shares) {
  let low = 1 / Math.sqrt(kappa), high = 1;
  return shares.map(c => {
    const eta = 3 * c / high ** 2;
    const sent = s => Math.abs(s * (1 - eta / 3 * s * s));
    const top = 1 / Math.sqrt(eta), zero = Math.sqrt(3 / eta);
    const extremes = [sent(low), sent(high)];
    if (low < top && top < high) extremes.push(sent(top));
    const lost = low <= zero && zero <= high;
    [low, high] = [lost ? 0 : Math.min(...extremes), Math.max(...extremes)];
    return eta;
  });
}

/** σ(s) and its slope p(s) after all steps. */
function map(s, steps) {
  let value = s, slope = 1;
  for (const eta of steps) {
    const bite = eta * value * value;
    slope *= 1 - bite;
    value *= 1 - bite / 3;
  }
  return [value, slope];
}

const grid = (low, count) => range(count, k => low ** (1 - k / (count - 1)));

/** The largest error over all singular values in [1/√κ, 1]. */
function worst(kappa, steps) {
  const S = grid(1 / Math.sqrt(kappa), 2000);
  const error = s => Math.abs(map(s, steps)[1]);
  const E = S.map(error), most = Math.max(...E);
  // Between the points of the grid: each near-largest top, by thirds.
  const tops = E.flatMap((e, k) => {
    if (!(e > 0.99 * most && e >= E[k - 1] && e >= E[k + 1])) return [];
    let [a, b] = [S[k - 1], S[k + 1]];
    for (let i = 0; i < 60; i++) {
      const left = a + (b - a) / 3, right = b - (b - a) / 3;
      if (error(left) < error(right)) a = left; else b = right;
    }
    return [error(a)];
  });
  return Math.max(most, ...tops);
}

/** The first T for which the steps of a rule bring the error to ε. */
function loops(kappa, rule, epsilon = EPSILON) {
  return range(60, T => T).find(T => worst(kappa, rule(T)) <= epsilon);
}

/** The same with frozen examples: constant step 1/L, and Chebyshev's. */
function frozen(kappa, epsilon = EPSILON) {
  const rho = (Math.sqrt(kappa) + 1) / (Math.sqrt(kappa) - 1);
  const chebyshev = Math.log(1 / epsilon + Math.sqrt(1 / epsilon ** 2 - 1));
  return [Math.ceil(Math.log(epsilon) / Math.log1p(-1 / kappa)),
    Math.ceil(chebyshev / Math.log(rho))];
}

/* Picture ------------------------------------------------------------------ */

/** The slider's 0.33 is Newton and Schulz's third. */
const exactly = share => Number(share) === 0.33 ? 1 / 3 : Number(share);

/** Shares by hand, written 0.90-0.50-0.33 in the address. */
const shares = {
  start: "",
  read: words => /^[01]\.\d\d(-[01]\.\d\d){0,23}$/.test(words) ? words : "",
};
const parse = words => words ? words.split("-").map(exactly) : [];
const length = ({ rule, T, c }) => rule === "hand" ? parse(c).length : T;
const power = kappa => kappa < 1e3 ? String(kappa)
  : `10${raised(Math.round(Math.log10(kappa)))}`;

/** All that the panels show of a state, with the playhead at a place. */
function look(state, playhead) {
  const { kappa, rule, T, c, next } = state, chosen = parse(c);
  const all = { flattest: () => flattest(kappa, T), newton: () => newton(T),
    hand: () => byHand(kappa, chosen) }[rule]();
  // Between two loops the step grows from nothing to what it is.
  const at = Math.min(playhead, all.length), whole = Math.floor(at + 1e-9);
  const done = all.slice(0, whole), steps = [...done];
  if (at - whole > 1e-9) steps.push((at - whole) * all[whole]);
  const low = 1 / Math.sqrt(kappa), S = grid(low / 2.5, 321);
  const asks = rule === "hand" && at === all.length && all.length < MOST;
  const error = worst(kappa, steps);
  return { kappa, at, done, steps, low, S, beads: grid(low, 9), error,
    // Said are the loops that are done, drawn those on their way.
    settled: steps.length === whole ? error : undefined,
    frozen: S.map(s => [s, (1 - s * s) ** at]),
    preview: asks ? byHand(kappa, [...chosen, exactly(next)]) : null };
}

/** |σ| over the largest |σ| in the spectrum's interval. */
function relative(S, low, steps) {
  const values = S.map(s => Math.abs(map(s, steps)[0]));
  const top = Math.max(...values.filter((_, k) => S[k] >= low));
  return [values.map(v => v / top), top];
}

const spectrum = (frame, x, low) => svg("rect", { class: "pool ink", x: x(low),
  y: frame.top, width: x(1) - x(low), height: frame.bottom - frame.top });
const places = (x, low) => (low > 0.2 ? [0.2, 0.5, 1] : [1e-3, 1e-2, 0.1, 1])
  .filter(s => s > low / 2.4).map(s => [x(s), text(s)]);
const FIRST = "singular value s, first; shaded: 1/√κ to 1";

function drawMap(panel, { S, low, steps, beads, preview }) {
  const frame = { left: 34, right: 300, top: 34, bottom: 236 };
  const x = log(S[0], 1, frame.left, frame.right);
  const scale = linear(0, 1, frame.bottom, frame.top + 6);
  const y = value => Math.max(frame.top - 4, scale(value));
  const [values, top] = relative(S, low, steps);
  const path = list => list.map((v, k) => [x(S[k]), y(v)]);
  panel.replaceChildren(
    spectrum(frame, x, low),
    axes(frame, places(x, low), [[y(0), "0"], [y(1), "1"]],
      [FIRST, "last: |σ(s)| / largest"]),
    ...(preview ? [line(path(relative(S, low, preview)[0]), "ink dashed")] : []),
    line(path(values), "generated"),
    ...beads.flatMap(s => {
      const now = y(Math.abs(map(s, steps)[0]) / top);
      return [
        line([[x(s), frame.bottom], [x(s), now], [frame.right + 14, now]],
          "examples thin faint"),
        disc(x(s), frame.bottom, 4, "examples"),
        disc(frame.right + 18, now, 5, "examples")];
    }),
    ...(preview ? [label(x(low) + 6, 218, "dashed: next, if you add it", "ink halo")]
      : []),
    label(338, 22, "last", "examples", "end"));
}

function drawError(panel, { S, low, steps, frozen: still, error }) {
  const frame = { left: 42, right: 300, top: 34, bottom: 236 };
  const x = log(S[0], 1, frame.left, frame.right);
  const scale = log(1e-9, 1, frame.bottom, frame.top);
  const y = e => Math.max(frame.top - 4,
    Math.min(frame.bottom, scale(Math.max(Math.abs(e), 1e-30))));
  const level = e => [[x(low), y(e)], [x(1), y(e)]];
  const [worstAt, goalAt] = apart([y(error) + 4, y(EPSILON) + 4], 15,
    frame.top + 4, frame.bottom);
  panel.replaceChildren(
    spectrum(frame, x, low),
    axes(frame, places(x, low),
      [0, -3, -6, -9].map(e => [scale(10 ** e), e ? `10${raised(e)}` : "1"]),
      [FIRST, "error = |slope|"]),
    line(level(EPSILON), "truth thin dashed"),
    line(still.map(([s, e]) => [x(s), y(e)]), "ink dashed"),
    line(S.map(s => [x(s), y(map(s, steps)[1])]), "generated"),
    line(level(error), "bound dotted"),
    label(frame.right + 3, worstAt, "worst", "bound"),
    label(frame.right + 3, goalAt, "goal", "truth"),
    label(338, 24, "dashed: examples frozen", "ink", "end"));
}

/** Everybody's loops to the goal. */
function scores(kappa, mine) {
  const [constant, chebyshev] = frozen(kappa), error = worst(kappa, mine);
  const needed = range(mine.length + 1, T => T)
    .find(T => worst(kappa, mine.slice(0, T)) <= EPSILON);
  const yours = !mine.length ? "try it" : needed ? `${needed}, done`
    : `${mine.length} so far, error ${text(error, 2)}`;
  return `Loops to 10⁻⁶ for every singular value. Examples frozen: ${text(constant, 9)} `
    + `with step 1/L, ${text(chebyshev, 9)} with Chebyshev’s. Moving: Newton–Schulz `
    + `${loops(kappa, newton)}, flattest ${loops(kappa, T => flattest(kappa, T))}, `
    + `yours: ${yours}.`;
}

/** Of the loops that are done; the picture may be on its way to the next. */
function say({ kappa, done, low, S }, error) {
  const values = [low, ...S.filter(s => s >= low)].map(s => map(s, done)[0]);
  const least = Math.min(...values) / Math.max(...values.map(Math.abs));
  const whole = done.length;
  const size = least < 1e-9 ? "a singular value went to 0 and is lost: "
      + "no later loop brings back what stands there"
    : `the smallest singular value is ${least > 0.9995 ? "as large as" : `${text(least)} of`}`
      + " the largest";
  return `κ = ${power(kappa)}, after ${whole === 1 ? "1 loop" : `${whole} loops`}: `
    + `${size}; the worst error is ${text(error, 2)}.`;
}

function build(view) {
  const { state } = view;
  const flat = view.panel(340, 290, "Last singular value against first one: the map "
    + "that the loops make, and nine singular values before and after");
  const chart = view.panel(340, 290, "Error against singular value on logarithmic "
    + "axes: the slope of the map, and the error with frozen examples");
  const score = html("p", { class: "readout" });
  let scored, settled;

  const hand = change => () => {
    state.rule = "hand";
    state.c = change(state.c ? state.c.split("-") : []).slice(0, MOST).join("-");
    view.changed();
  };
  view.player("▶ Flatten", "One loop");
  view.slider("next", "your next step η = 3c/u² (u: the largest "
    + "singular value by then), c =", { show: c => c === 0.33 ? "1/3" : text(c),
    ticks: [[0.33, "1/3"], [1, "1: loses u"]],
    then: () => { state.rule = "hand"; } });
  view.buttons([["Add this loop", hand(c => [...c, state.next.toFixed(2)])],
    ["Take one back", hand(c => c.slice(0, -1))]]);
  view.note(score);

  view.below();
  view.choice("rule", "Steps", [["flattest", "flattest"], ["newton", "Newton–Schulz"],
    ["hand", "by hand"]]);
  view.slider("T", "loops T =", { show: () => String(length(state)),
    ticks: [[0, "0"], [8, "8"], [16, "16"], [24, "24"]],
    // By hand loops are taken back here, and added above.
    then: () => {
      if (state.rule !== "hand") return;
      if (state.c) state.c = state.c.split("-").slice(0, state.T).join("-");
      else state.rule = "flattest";
    } });
  view.slider("kappa", "condition number κ =", { show: power,
    ticks: [[4, "4"], [100, "100"], [1e4, "10⁴"], [1e6, "10⁶"]] });

  return function draw() {
    // By hand the loops are counted, not chosen.
    if (state.rule === "hand") state.T = parse(state.c).length;
    const seen = look(state, view.at);
    drawMap(flat, seen);
    drawError(chart, seen);
    const game = `${state.kappa} ${state.c}`;
    if (scored !== game) {
      scored = game;
      score.textContent = scores(state.kappa, byHand(state.kappa, parse(state.c)));
    }
    // While the picture moves, what is said changes only loop by loop.
    const told = `${state.kappa} ${seen.done}`;
    if (settled?.told !== told) {
      settled = { told, words: say(seen, seen.settled ?? worst(state.kappa, seen.done)) };
    }
    return settled.words;
  };
}

define("flatten-the-spectrum", {
  numbers: {
    flattest, newton, byHand, map, worst, frozen,
    loops: (kappa, rule) =>
      loops(kappa, rule === "newton" ? newton : T => flattest(kappa, T)),
  },
  state: {
    kappa: oneOf(KAPPAS, 100),
    rule: oneOf(["flattest", "newton", "hand"], "flattest"),
    T: number(0, MOST, 1, 6),
    next: number(0.02, 1.2, 0.01, 0.9),
    c: shares,
  },
  span: state => [0, length(state)],
  // At first in the middle of its way, where the map has slopes and tops.
  rest: (state, at) => at === undefined && state.rule === "flattest"
    && state.T === 6 && state.kappa === 100
    ? 3 : length(state),
  pace: () => 1.3,
  build,
});
})();
