/* How many examples: the spectrum of a Gaussian prompt as examples arrive.
 *
 * Row after row is drawn by a generator of our own, so that the same seed
 * gives the same prompt everywhere, and more examples are more rows of the
 * same X.  Eigenvalues: Householder to tridiagonal, then implicit QL.        */
(() => {
"use strict";

const { dot, norm, range, text, svg, linear, log, line, disc, label, axes, number,
  oneOf, define } = explorables;

const RATIOS = [0.75, 1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16];
const DIMENSIONS = [2, 4, 8, 16, 32, 64];
const EPSILON = 1e-6;

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

/* Picture ------------------------------------------------------------------ */

/** A prompt that grows: its rows, and κ at each ratio of the slider. */
function growing(d, seed) {
  const X = examples(RATIOS.at(-1) * d, d, seed);
  const spectrum = n => eigenvalues(gram(X.slice(0, n)));
  const sweep = RATIOS.map(ratio => Math.round(ratio * d))
    .map(n => [n / d, condition(spectrum(n), n)]);
  return { d, seed, spectrum, sweep };
}

/** What the panels show; the playhead walks along the list of ratios. */
function look({ d, spectrum, sweep }, at) {
  const whole = Math.min(Math.floor(at), RATIOS.length - 2);
  const [a, b] = RATIOS.slice(whole, whole + 2);
  const n = Math.max(1, Math.round(d * a * (b / a) ** (at - whole)));
  const lambda = spectrum(n).map(x => Math.max(0, x / n));
  return { d, n, ratio: n / d, lambda, kappa: condition(lambda, n),
    zeros: Math.max(0, d - n), sweep };
}

function drawLaw(law, { d, n, ratio, lambda, zeros }) {
  const frame = { left: 14, right: 330, top: 34, bottom: 236 };
  const end = 5, bins = 28, width = end / bins;
  const across = linear(0, end, frame.left, frame.right);
  const x = l => across(Math.min(l, end));
  const scale = linear(0, 1.15, frame.bottom, frame.top);
  const y = value => Math.max(frame.top - 6, scale(value));
  const seen = lambda.slice(zeros);
  const counts = Array(bins).fill(0);
  for (const l of seen) counts[Math.min(bins - 1, Math.floor(l / width))]++;
  const bar = (count, k) => svg("rect", { class: "examples soft",
    x: x(k * width) + 0.5, y: y(count / d / width), width: x(width) - x(0) - 1,
    height: frame.bottom - y(count / d / width) });
  const curve = range(240, k => (k + 1) * end / 240);
  const mark = (l, name) => [disc(x(l), frame.bottom, 5, "generated"),
    label(x(l), 283, name, "generated strong", "middle")];
  law.replaceChildren(
    ...counts.map(bar),
    line(curve.map(t => [x(t), y(density(t, ratio))]), "truth"),
    axes(frame, range(end + 1, t => [x(t), String(t)]), [],
      ["eigenvalue of S/n", `${d} eigenvalues, n = ${n}`]),
    ...seen.map(l => line([[x(l), frame.bottom - 8], [x(l), frame.bottom]], "examples thin")),
    label(frame.right, 52, "Marchenko–Pastur", "truth", "end"),
    ...(zeros ? [label(frame.right, 70, `and ${zeros} at zero`, "generated strong", "end")]
      : []),
    ...mark(lambda[0], "μ"), ...mark(lambda[d - 1], "L"));
}

function drawChart(chart, { ratio, kappa, sweep }) {
  const frame = { left: 46, right: 286, top: 34, bottom: 236 };
  const x = log(RATIOS[0], 16, frame.left, frame.right);
  const scale = log(1, 1e4, frame.bottom, frame.top);
  const y = k => Math.max(frame.top - 6, scale(Math.min(k, 1e9)));
  const known = range(121, k => 16 ** (k / 120)).filter(r => r > 1.0005);
  chart.replaceChildren(
    axes(frame, [1, 2, 4, 8, 16].map(r => [x(r), String(r)]),
      [[1, "1"], [10, "10"], [100, "100"], [1e3, "1000"], [1e4, "10⁴"]]
        .map(([k, words]) => [scale(k), words]),
      ["examples per feature, n/d", "κ = L/μ"]),
    label(338, 24, "loops", "bound", "end"),
    ...[1, 10, 100, 1000].map(k => label(338, scale(k) + 4, text(loops(k)), "bound", "end")),
    line(known.map(r => [x(r), y(limit(r))]), "truth wide"),
    label(x(1.3), frame.top + 14, "limit d → ∞", "truth"),
    label(x(4), frame.top + 60, "this prompt", "examples"),
    label(x(4), frame.top + 76, "as it grows", "examples"),
    line([[x(1), frame.top], [x(1), frame.bottom]], "ink thin dashed faint"),
    ...sweep.filter(([, k]) => Number.isFinite(k)).map(([r, k]) =>
      disc(x(r), y(k), 3.5, "examples")),
    disc(x(ratio), y(kappa), 6, "generated"));
}

function say({ d, n, ratio, kappa, zeros }) {
  const prompt = `${n} examples of ${d} features`;
  if (!Number.isFinite(kappa)) {
    return `${prompt}: ${zeros} of the eigenvalues ${zeros === 1 ? "is" : "are"} zero, `
      + "κ is infinite, and no number of loops finds θ*.";
  }
  const expected = ratio > 1 ? `the limit for large d is ${text(limit(ratio))}`
    : "at n = d the limit is infinite";
  return `${prompt}: κ = ${text(kappa)}; ${expected}. With η = 1/L, `
    + `${text(loops(kappa))} loops guarantee an error of 10⁻⁶.`;
}

function build(view) {
  const { state } = view;
  const law = view.panel(340, 290,
    "Histogram of the eigenvalues of S/n under the Marchenko–Pastur density");
  const chart = view.panel(340, 290, "Condition number against examples per feature "
    + "on logarithmic axes: this prompt and the limit");
  let prompt = {};

  view.player("▶ Add examples", "One step");
  view.slider("ratio", "examples per feature, n/d =", { show: text,
    ticks: [[1, "1"], [2, "2"], [4, "4"], [16, "16"]] });
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
    const seen = look(prompt, view.at);
    drawLaw(law, seen);
    drawChart(chart, seen);
    return say(seen);
  };
}

define("how-many-examples", {
  numbers: { examples, gram, eigenvalues, condition, limit, density, loops },
  state: {
    ratio: oneOf(RATIOS, 4),
    d: oneOf(DIMENSIONS, 32),
    seed: number(1, 99, 1, 7),
  },
  span: () => [0, RATIOS.length - 1],
  rest: ({ ratio }) => RATIOS.indexOf(ratio),
  pace: at => at < 4 ? 1.6 : 2.2,
  build,
});
})();
