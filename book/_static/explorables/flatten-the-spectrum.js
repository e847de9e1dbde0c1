/* Flatten the spectrum: the machine of chapter 42, whose examples move.
 *
 * Each loop takes a singular value s of the examples to s (1 − η s²/3) and
 * what is left of the error along it to p (1 − η s²), which is the slope of
 * the map from first to last singular values.  The largest s is 1 at first,
 * the smallest 1/√κ.                                                        */
(() => {
"use strict";

const { range, text, raised, html, svg, linear, log, line, disc, label, axes, apart,
  number, oneOf, define } = explorables;

const KAPPAS = [4, 10, 100, 1e3, 1e4, 1e5, 1e6], EPSILON = 1e-6, MOST = 24;

/* Numbers ------------------------------------------------------------------ */

/** Each step brings smallest and largest singular value closest together. */
function greedy(kappa, T) {
  let low = 1 / Math.sqrt(kappa), high = 1;
  return range(T, () => {
    const third = (low * low + low * high + high * high) / 3;
    [low, high] = [low * high * (low + high) / (3 * third), 2 / 3 * Math.sqrt(third)];
    return 1 / third;
  });
}

/** Newton and Schulz: always the step for a value at the top, (9/4)ᵗ. */
const newton = T => range(T, t => (9 / 4) ** t);

/** Steps η = 3c/u² for shares c by hand; u is the largest value by then. */
function byHand(kappa, shares) {
  let low = 1 / Math.sqrt(kappa), high = 1;
  return shares.map(c => {
    const eta = 3 * c / high ** 2, f = s => Math.abs(s * (1 - eta / 3 * s * s));
    const ends = [f(low), f(high)], top = 1 / Math.sqrt(eta), zero = Math.sqrt(3 / eta);
    if (low < top && top < high) ends.push(f(top));
    [low, high] = [low <= zero && zero <= high ? 0 : Math.min(...ends), Math.max(...ends)];
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
  const S = grid(1 / Math.sqrt(kappa), 2000), error = s => Math.abs(map(s, steps)[1]);
  const E = S.map(error), most = Math.max(...E);
  // Between the points of the grid: each near-largest top, by thirds.
  const tops = E.flatMap((e, k) => {
    if (k === 0 || k === E.length - 1 || e < 0.99 * most || e < E[k - 1] || e < E[k + 1]) return [];
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
  return [Math.ceil(Math.log(epsilon) / Math.log1p(-1 / kappa)),
    Math.ceil(Math.log(1 / epsilon + Math.sqrt(1 / epsilon ** 2 - 1)) / Math.log(rho))];
}

/* Picture ------------------------------------------------------------------ */

/** Shares by hand, written 0.90-0.50-0.33 in the address. */
const shares = {
  start: "",
  read: words => /^[01]\.\d\d(-[01]\.\d\d){0,23}$/.test(words) ? words : "",
};
const parse = words => words ? words.split("-").map(Number) : [];
const length = ({ rule, T, c }) => rule === "hand" ? parse(c).length : T;

function build(view) {
  const { state } = view;
  const flat = view.panel(340, 290, "Last singular value against first one: the map that the loops make, and nine singular values before and after");
  const chart = view.panel(340, 290, "Error against singular value on logarithmic axes: the slope of the map, and the error with frozen examples");
  const score = html("p", { class: "readout" });
  let scored = "";

  const hand = change => () => {
    state.rule = "hand";
    state.c = change(state.c ? state.c.split("-") : []).join("-");
    view.changed();
  };
  view.player("▶ Flatten", "One loop");
  const next = view.slider("next", "your next step η, times u²/3:", { show: text, ticks: [[0.33, "⅓"], [1, "1"]] });
  next.addEventListener("input", () => { state.rule = "hand"; view.changed(); });
  view.buttons([["Add this loop", hand(c => c.length < MOST ? [...c, state.next.toFixed(2)] : c)],
    ["Take one back", hand(c => c.slice(0, -1))]]);
  view.note(score);
  view.below();
  view.choice("rule", "Steps", [["greedy", "greedy"], ["newton", "Newton–Schulz"], ["hand", "by hand"]]);
  const many = view.slider("T", "loops T =", { show: T => state.rule === "hand" ? String(parse(state.c).length) : String(T),
    ticks: [[0, "0"], [8, "8"], [16, "16"], [24, "24"]] });
  many.addEventListener("input", () => { if (state.rule === "hand") { state.rule = "greedy"; view.changed(); } });
  view.slider("kappa", "condition number κ =", { show: words, ticks: [[4, "4"], [100, "100"], [1e4, "10⁴"], [1e6, "10⁶"]] });

  function words(kappa) { return kappa < 1e3 ? String(kappa) : `10${raised(Math.round(Math.log10(kappa)))}`; }

  return function draw() {
    const { kappa, rule, T } = state, mine = byHand(kappa, parse(state.c));
    const all = { greedy: greedy(kappa, T), newton: newton(T), hand: mine }[rule];
    // Between two loops the step grows from nothing to what it is.
    const at = Math.min(view.at, all.length), whole = Math.floor(at + 1e-9);
    const steps = all.slice(0, whole);
    if (at - whole > 1e-9) steps.push((at - whole) * all[whole]);

    const low = 1 / Math.sqrt(kappa), left = low / 2.5;
    const S = grid(left, 321), values = S.map(s => map(s, steps));
    const inside = values.filter((_, k) => S[k] >= low).map(([v]) => Math.abs(v));
    const top = Math.max(...inside, map(low, steps)[0]);
    const beads = grid(low, 9);

    const frame = { left: 34, right: 300, top: 34, bottom: 236 };
    const x = log(left, 1, frame.left, frame.right), y = linear(0, 1, frame.bottom, frame.top + 6);
    const height = v => Math.max(frame.top - 4, y(Math.abs(v) / top));
    const places = [low, Math.sqrt(low), 1].map(s => [x(s), text(s, 2)]);
    const room = svg("rect", { class: "pool ink", x: x(low), y: frame.top, width: x(1) - x(low), height: frame.bottom - frame.top });
    const preview = [];
    if (rule === "hand" && !view.playing && at >= all.length && mine.length < MOST) {
      const trial = byHand(kappa, [...parse(state.c), state.next]), then = S.map(s => Math.abs(map(s, trial)[0]));
      const peak = Math.max(...then.filter((_, k) => S[k] >= low));
      preview.push(line(S.map((s, k) => [x(s), Math.max(frame.top - 4, y(then[k] / peak))]), "ink dashed"), label(x(low) + 6, 230, "next, if you add it", "ink"));
    }
    flat.replaceChildren(room, axes(frame, places, [[y(0), "0"], [y(1), "1"]], ["singular value s, first", "last: σ(s) / largest"]),
      ...preview,
      line(S.map((s, k) => [x(s), height(values[k][0])]), "generated"),
      ...beads.flatMap(s => {
        const now = height(map(s, steps)[0]);
        return [line([[x(s), frame.bottom], [x(s), now], [frame.right + 14, now]], "examples thin faint"),
          disc(x(s), frame.bottom, 4, "examples"), disc(frame.right + 18, now, 5, "examples")];
      }),
      label(338, 22, "last", "examples", "end"));

    const box = { left: 42, right: 300, top: 34, bottom: 236 };
    const across = log(left, 1, box.left, box.right), up = log(1e-9, 1, box.bottom, box.top);
    const place = e => Math.max(box.top - 4, Math.min(box.bottom, up(Math.max(Math.abs(e), 1e-30))));
    const error = worst(kappa, steps);
    const still = S.map(s => [across(s), place((1 - s * s) ** at)]);
    chart.replaceChildren(
      svg("rect", { class: "pool ink", x: across(low), y: box.top, width: across(1) - across(low), height: box.bottom - box.top }),
      axes(box, [low, Math.sqrt(low), 1].map(s => [across(s), text(s, 2)]), [0, -3, -6, -9].map(e => [up(10 ** e), e ? `10${raised(e)}` : "1"]),
        ["singular value s, first", "error = |slope|"]),
      line([[across(low), up(EPSILON)], [across(1), up(EPSILON)]], "truth thin dashed"),
      line(still, "ink dashed"),
      line(S.map((s, k) => [across(s), place(values[k][1])]), "generated"),
      line([[across(low), place(error)], [across(1), place(error)]], "bound dotted"),
      ...apart([place(error) + 4, up(EPSILON) + 4], 15, box.top + 4, box.bottom).map((where, k) =>
        label(box.right + 3, where, k ? "goal" : "worst", k ? "truth" : "bound")),
      label(338, 24, "dashed: examples frozen", "ink", "end"));

    if (scored !== `${kappa} ${state.c}`) {
      scored = `${kappa} ${state.c}`;
      const [constant, chebyshev] = frozen(kappa);
      const yours = !mine.length ? "try it" : worst(kappa, mine) <= EPSILON ? `${mine.length}, done` : `${mine.length} so far, error ${text(worst(kappa, mine), 2)}`;
      score.textContent = `Loops to 10⁻⁶ for every singular value: 1/L ${text(constant, 9)}, Chebyshev ${text(chebyshev, 9)}, Newton–Schulz ${loops(kappa, newton)}, greedy ${loops(kappa, t => greedy(kappa, t))}, yours: ${yours}.`;
    }
    const spread = Math.min(...beads.map(s => Math.abs(map(s, steps)[0]))) / top;
    return `κ = ${words(kappa)}, after ${whole} ${whole === 1 ? "loop" : "loops"}: the smallest singular value is ${spread > 0.9995 ? "as large as" : `${text(spread)} of`} the largest; the worst error is ${text(error, 2)}.`;
  };
}

define("flatten-the-spectrum", {
  numbers: { greedy, newton, byHand, map, worst, frozen,
    loops: (kappa, rule) => loops(kappa, rule === "newton" ? newton : T => greedy(kappa, T)) },
  state: {
    kappa: oneOf(KAPPAS, 100), rule: oneOf(["greedy", "newton", "hand"], "greedy"),
    T: number(0, MOST, 1, 6), next: number(0.02, 1.2, 0.01, 0.9), c: shares,
  },
  span: state => [0, length(state)],
  // At first in the middle of its way, where the map has slopes and tops.
  rest: (state, at) => at === undefined && state.c === "" && state.rule === "greedy" && state.T === 6 ? 3 : length(state),
  pace: () => 1.3,
  build,
});
})();
