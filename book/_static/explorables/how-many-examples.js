/* How many examples: the spectrum of a Gaussian prompt as examples arrive.
 *
 * Row after row is drawn by a generator of our own, so that the same seed
 * gives the same prompt everywhere, and more examples are more rows of the
 * same X.  Eigenvalues: Householder to tridiagonal, then implicit QL.        */
(() => {
"use strict";

const { dot, norm, range, text, raised, svg, linear, log, line, disc, label, axes,
  number, oneOf, define } = explorables;

const RATIOS = [0.75, 1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16];
const DIMENSIONS = [2, 4, 8, 16, 32, 64];
const EPSILON = 1e-6, MOST = 1e5;

/* Numbers ------------------------------------------------------------------ */

/** Standard Gaussians: mulberry32 and Box–Muller. */
function gaussians(seed) {
  let state = seed >>> 0, spare = null;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => {
    if (spare !== null) {
      const second = spare;
      spare = null;
      return second;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

function examples(n, d, seed) {
  const next = gaussians(1000 * seed + d);
  return range(n, () => range(d, next));
}

function gram(X) {
  const d = X[0].length, S = range(d, () => Array(d).fill(0));
  for (const x of X) {
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) S[i][j] += x[i] * x[j];
    }
  }
  return S.map((row, i) => row.map((_, j) => j <= i ? S[i][j] : S[j][i]));
}

/** Diagonal and off-diagonal of a tridiagonal matrix with S's eigenvalues. */
function tridiagonal(S) {
  const A = S.map(row => [...row]), d = A.length, beside = [];
  for (let k = 0; k < d - 1; k++) {
    // A ← H A H, with the reflection H = I − 2xxᵀ/xᵀx of what stands below k.
    const m = d - k - 1, at = (i, j) => A[k + 1 + i][k + 1 + j];
    const x = range(m, i => A[k + 1 + i][k]);
    const length = norm(x), head = x[0] > 0 ? -length : length;
    beside.push(head);
    x[0] -= head;
    const square = dot(x, x);
    if (square === 0) continue;
    const p = range(m, i => 2 / square * x.reduce((sum, v, j) => sum + at(i, j) * v, 0));
    const half = dot(x, p) / square;
    const w = p.map((v, i) => v - half * x[i]);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) A[k + 1 + i][k + 1 + j] -= x[i] * w[j] + w[i] * x[j];
    }
  }
  return [A.map((row, i) => row[i]), beside];
}

/** Eigenvalues of a symmetric matrix, ascending: implicit QL (EISPACK tql1). */
function eigenvalues(S) {
  const [a, beside] = tridiagonal(S), d = a.length, b = [...beside, 0];
  const lost = m => Math.abs(b[m])
    <= Number.EPSILON * (Math.abs(a[m]) + Math.abs(a[m + 1]));
  for (let l = 0; l < d; l++) {
    for (let sweep = 0; sweep < 60; sweep++) {
      let m = l;
      while (m < d - 1 && !lost(m)) m++;
      if (m === l) break;
      let g = (a[l + 1] - a[l]) / (2 * b[l]);
      g = a[m] - a[l] + b[l] / (g + (g < 0 ? -1 : 1) * Math.hypot(g, 1));
      let s = 1, c = 1, p = 0, i;
      for (i = m - 1; i >= l; i--) {
        const f = s * b[i], h = c * b[i], r = Math.hypot(f, g);
        b[i + 1] = r;
        if (r === 0) {
          a[i + 1] -= p;
          b[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = a[i + 1] - p;
        const q = (a[i] - g) * s + 2 * c * h;
        p = s * q;
        a[i + 1] = g + p;
        g = c * q - h;
      }
      if (i >= l) continue;
      a[l] -= p;
      b[l] = g;
      b[m] = 0;
    }
  }
  return a.sort((x, y) => x - y);
}

/** κ = L/μ; with n < d, or μ lost in rounding, infinite. */
function condition(lambda, n) {
  const d = lambda.length, largest = lambda[d - 1];
  const singular = n < d || lambda[0] <= d * Number.EPSILON * largest;
  return singular ? Infinity : largest / lambda[0];
}

/** Where the eigenvalues of S/n begin and end in the limit. */
const edges = ratio => [1, -1].map(sign => (1 - sign * Math.sqrt(1 / ratio)) ** 2);
const limit = ratio => ratio <= 1 ? Infinity : edges(ratio)[1] / edges(ratio)[0];

/** The Marchenko–Pastur density of the eigenvalues of S/n, without its atom. */
function density(x, ratio) {
  const [low, high] = edges(ratio);
  return x <= low || x >= high ? 0
    : ratio * Math.sqrt((high - x) * (x - low)) / (2 * Math.PI * x);
}

/** Loops with η = 1/L that guarantee a relative error ε. */
function loops(kappa, epsilon = EPSILON) {
  if (!Number.isFinite(kappa)) return Infinity;
  return kappa === 1 ? 1 : Math.ceil(Math.log(epsilon) / Math.log1p(-1 / kappa));
}

/** The largest κ for which so many loops are enough. */
const enough = (count, epsilon = EPSILON) => 1 / (1 - epsilon ** (1 / count));

/** Examples at a ratio; below 1 fewer than features, above 1 more. */
const count = (ratio, d) =>
  ratio < 1 ? Math.floor(ratio * d) : Math.ceil(ratio * d - 1e-9);

/* Picture ------------------------------------------------------------------ */

const END = 5;

/** Heights of a histogram on [0, END]: a density, without the zeros. */
function bars(lambda, zeros) {
  const d = lambda.length, bins = d < 8 ? 7 : d < 16 ? 14 : 28;
  const heights = Array(bins).fill(0);
  for (const l of lambda.slice(zeros)) {
    heights[Math.min(bins - 1, Math.floor(l * bins / END))] += bins / END / d;
  }
  return heights;
}

/** A prompt that grows: its rows, and κ at each ratio of the slider. */
function growing(d, seed) {
  const X = examples(RATIOS.at(-1) * d, d, seed);
  const spectrum = n => eigenvalues(gram(X.slice(0, n)));
  const stops = RATIOS.map(ratio => count(ratio, d)).map(n => [n, spectrum(n)]);
  return { d, seed, spectrum,
    sweep: stops.map(([n, lambda]) => [n / d, condition(lambda, n)]),
    // Room for the highest bar, and for the law where it has a top.
    top: Math.max(1.5, ...stops.flatMap(([n, lambda]) =>
      bars(lambda.map(x => Math.max(0, x / n)), Math.max(0, d - n)))) };
}

/** What the panels show; the playhead walks along the list of ratios. */
function look({ d, spectrum, sweep, top }, at) {
  const whole = Math.min(Math.floor(at), RATIOS.length - 2);
  const [a, b] = RATIOS.slice(whole, whole + 2).map(ratio => count(ratio, d));
  const n = Math.round(a * (b / a) ** (at - whole));
  const lambda = spectrum(n).map(x => Math.max(0, x / n));
  return { d, n, ratio: n / d, lambda, kappa: condition(lambda, n),
    zeros: Math.max(0, d - n), sweep, top };
}

function drawLaw(law, { d, n, ratio, lambda, zeros, top }) {
  const frame = { left: 14, right: 330, top: 34, bottom: 236 };
  const across = linear(0, END, frame.left, frame.right);
  const x = l => across(Math.min(l, END));
  const heights = bars(lambda, zeros), width = END / heights.length;
  const y = linear(0, Math.max(top, ...heights), frame.bottom, frame.top);
  const seen = lambda.slice(zeros);
  const bar = (height, k) => svg("rect", { class: "examples soft",
    x: x(k * width) + 0.5, y: y(height), width: x(width) - x(0) - 1,
    height: frame.bottom - y(height) });
  // Near n = d the law has no top at 0: there it leaves the picture.
  const curve = range(480, k => (k + 1) * END / 480)
    .map(t => [x(t), y(density(t, ratio))]).filter(([, y]) => y > frame.top - 8);
  const mark = (l, name) => [disc(x(l), frame.bottom, 5, "generated"),
    label(x(l), 283, name, "generated strong", "middle")];
  law.replaceChildren(
    ...heights.map(bar),
    line(curve, "truth"),
    axes(frame, range(END + 1, t => [x(t), String(t)]), [],
      ["eigenvalue of S/n", `${d} eigenvalues, n = ${n}`]),
    ...seen.map(l => line([[x(l), frame.bottom - 8], [x(l), frame.bottom]], "examples thin")),
    label(frame.right, 52, "Marchenko–Pastur", "truth", "end"),
    ...(zeros ? [label(frame.right, 70, `and ${zeros} at zero`, "generated strong", "end")]
      : []),
    ...mark(lambda[0], "μ"), ...mark(lambda[d - 1], "L"));
}

function drawChart(chart, { ratio, kappa, sweep }) {
  const frame = { left: 46, right: 286, top: 84, bottom: 236 };
  const x = log(RATIOS[0] / 1.5, 16, frame.left, frame.right);
  // An axis from 1 to MOST; above it a row for what is larger, one for ∞.
  const scale = log(1, MOST, frame.bottom, frame.top), larger = 59, infinite = 34;
  const y = k => k <= MOST ? scale(k) : k < Infinity ? larger : infinite;
  const known = range(121, k => 16 ** (k / 120)).filter(r => limit(r) < MOST);
  const power = p => p < 4 ? text(10 ** p) : `10${raised(p)}`;
  const right = (at, words) => label(338, at + 4, words, "bound", "end");
  chart.replaceChildren(
    axes(frame, [1, 2, 4, 8, 16].map(r => [x(r), String(r)]),
      [...range(6, p => [scale(10 ** p), power(p)]),
        [larger, `> ${power(5)}`], [infinite, "∞"]],
      ["examples per feature, n/d", ""]),
    label(2, 16, "κ = L/μ", "ink"), label(338, 16, "loops", "bound", "end"),
    ...range(5, p => right(scale(enough(10 ** (p + 1))), power(p + 1))),
    right(infinite, "∞"),
    ...[larger, infinite].map(at =>
      line([[frame.left, at], [frame.right, at]], "ink thin dotted faint")),
    line([[x(1), infinite], [x(1), frame.bottom]], "ink thin dashed faint"),
    line(known.map(r => [x(r), y(limit(r))]), "truth wide"),
    label(x(1.3), 100, "limit d → ∞", "truth"),
    label(x(4), 138, "this prompt", "examples"),
    label(x(4), 154, "as it grows", "examples"),
    ...sweep.map(([r, k]) => disc(x(r), y(k), 3.5, "examples")),
    disc(x(ratio), y(kappa), 6, "generated"));
}

function say({ d, n, ratio, kappa, zeros }) {
  const prompt = `${n} example${n === 1 ? "" : "s"} of ${d} features`;
  if (!Number.isFinite(kappa)) {
    return `${prompt}: ${zeros} of the eigenvalues ${zeros === 1 ? "is" : "are"} zero, `
      + "κ is infinite, and no number of loops finds θ*.";
  }
  const expected = ratio > 1 ? `the limit for large d is ${text(limit(ratio))}`
    : "at n = d the limit is infinite";
  return `${prompt}: κ = ${text(kappa)}; ${expected}. With η = 1/L, `
    + `${text(loops(kappa))} loops guarantee an error of 10⁻⁶.`;
}

const multiple = ratio => Number(ratio.toPrecision(3)) === ratio
  ? `= ${text(ratio)}` : `≈ ${text(ratio, 2)}`;

function build(view) {
  const { state } = view;
  const law = view.panel(340, 290,
    "Histogram of the eigenvalues of S/n under the Marchenko–Pastur density");
  const chart = view.panel(340, 290, "Condition number against examples per feature "
    + "on logarithmic axes: this prompt and the limit");
  let prompt = {}, seen;

  view.player("▶ Add examples", "One step");
  view.slider("ratio", "examples n =", {
    show: () => `${seen.n} ${multiple(seen.ratio)} d`,
    ticks: [[1, "d"], [2, "2d"], [4, "4d"], [16, "16d"]] });
  view.below();
  view.slider("d", "features d =", { ticks: [[2, "2"], [16, "16"], [64, "64"]] });
  view.buttons([["Draw another prompt", () => {
    state.seed = state.seed % 99 + 1;
    view.changed();
  }]]);

  return function draw() {
    const { d, seed } = state;
    if (prompt.d !== d || prompt.seed !== seed) prompt = growing(d, seed);
    state.ratio = RATIOS[Math.floor(view.at + 1e-9)];
    seen = look(prompt, view.at);
    drawLaw(law, seen);
    drawChart(chart, seen);
    return say(seen);
  };
}

define("how-many-examples", {
  numbers: { examples, gram, eigenvalues, condition, limit, density, loops, enough,
    count },
  state: {
    ratio: oneOf(RATIOS, 4),
    d: oneOf(DIMENSIONS, 32),
    seed: number(1, 99, 1, 7),
  },
  span: () => [0, RATIOS.length - 1],
  rest: ({ ratio }) => RATIOS.indexOf(ratio),
  until: RATIOS.indexOf(4),  // by itself it goes back to where it stood
  pace: at => at < 4 ? 1.6 : 2.2,
  build,
});
})();
