/* How many examples: the spectrum of a Gaussian prompt as examples arrive.
 *
 * Row after row is drawn by a generator of our own, so that the same seed
 * gives the same prompt everywhere, and more examples are more rows of the
 * same X.  Eigenvalues: Householder to tridiagonal, then implicit QL.        */
(() => {
"use strict";

const { range, text, svg, linear, log, line, disc, label, axes, apart, number,
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
    if (spare !== null) { const g = spare; spare = null; return g; }
    const radius = Math.sqrt(-2 * Math.log(uniform())), angle = 2 * Math.PI * uniform();
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
  for (const x of X) for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) S[i][j] += x[i] * x[j];
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) S[j][i] = S[i][j];
  return S;
}

/** Diagonal and off-diagonal of a tridiagonal matrix with S's eigenvalues. */
function tridiagonal(S) {
  const A = S.map(row => [...row]), d = A.length, off = [];
  for (let k = 0; k < d - 1; k++) {
    const x = range(d - k - 1, i => A[k + 1 + i][k]);
    const length = Math.hypot(...x), head = x[0] > 0 ? -length : length;
    off.push(head);
    x[0] -= head;
    const square = x.reduce((sum, v) => sum + v * v, 0);
    if (square === 0) continue;
    // A ← H A H with H = I − 2 x xᵀ / xᵀx on the rows and columns below k.
    const p = x.map((_, i) => 2 / square * x.reduce((sum, v, j) => sum + A[k + 1 + i][k + 1 + j] * v, 0));
    const half = x.reduce((sum, v, i) => sum + v * p[i], 0) / square;
    const w = p.map((v, i) => v - half * x[i]);
    for (let i = 0; i < x.length; i++) for (let j = 0; j < x.length; j++) {
      A[k + 1 + i][k + 1 + j] -= x[i] * w[j] + w[i] * x[j];
    }
  }
  return [A.map((row, i) => row[i]), off];
}

/** Eigenvalues of a symmetric matrix, ascending: implicit QL (EISPACK tql1). */
function eigenvalues(S) {
  const [a, off] = tridiagonal(S), d = a.length, b = [...off, 0];
  for (let l = 0; l < d; l++) {
    for (let sweep = 0; sweep < 60; sweep++) {
      let m = l;
      while (m < d - 1 && Math.abs(b[m]) > Number.EPSILON * (Math.abs(a[m]) + Math.abs(a[m + 1]))) m++;
      if (m === l) break;
      let g = (a[l + 1] - a[l]) / (2 * b[l]);
      g = a[m] - a[l] + b[l] / (g + (g < 0 ? -1 : 1) * Math.hypot(g, 1));
      let s = 1, c = 1, p = 0, i;
      for (i = m - 1; i >= l; i--) {
        const f = s * b[i], h = c * b[i], r = Math.hypot(f, g);
        b[i + 1] = r;
        if (r === 0) { a[i + 1] -= p; b[m] = 0; break; }
        s = f / r; c = g / r;
        g = a[i + 1] - p;
        const q = (a[i] - g) * s + 2 * c * h;
        p = s * q;
        a[i + 1] = g + p;
        g = c * q - h;
      }
      if (i >= l) continue;
      a[l] -= p; b[l] = g; b[m] = 0;
    }
  }
  return a.sort((x, y) => x - y);
}

/** κ = L/μ; with n < d, or μ lost in rounding, infinite. */
function condition(lambda, n) {
  const d = lambda.length, largest = lambda[d - 1];
  return n < d || lambda[0] <= d * Number.EPSILON * largest ? Infinity : largest / lambda[0];
}

const edges = ratio => [1, -1].map(s => (1 - s * Math.sqrt(1 / ratio)) ** 2);  // of S/n
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

function build(view) {
  const { state } = view;
  const law = view.panel(340, 290, "Histogram of the eigenvalues of S/n under the Marchenko–Pastur density");
  const chart = view.panel(340, 290, "Condition number against examples per feature on logarithmic axes: this prompt and the limit");
  let cache = "", X, sweep;

  view.player("▶ Add examples", "One step");
  view.slider("ratio", "examples per feature, n/d =", { show: text, ticks: [[1, "1"], [2, "2"], [4, "4"], [16, "16"]] });
  view.below();
  view.slider("d", "features d =", { ticks: [[2, "2"], [16, "16"], [64, "64"]] });
  view.buttons([["Draw another prompt", () => { state.seed = state.seed % 99 + 1; view.changed(); }]]);

  return function draw() {
    const { d, seed } = state;
    const key = `${d} ${seed}`;
    if (key !== cache) {
      cache = key;
      X = examples(16 * d, d, seed);
      sweep = RATIOS.map(r => Math.round(r * d)).map(n =>
        [n / d, condition(eigenvalues(gram(X.slice(0, n))), n)]);
    }
    // The playhead walks along the list of ratios; between two it is on its way.
    const { at } = view;
    state.ratio = RATIOS[Math.floor(at + 1e-9)];
    const whole = Math.min(Math.floor(at), RATIOS.length - 2), part = at - whole;
    const wanted = RATIOS[whole] * (RATIOS[whole + 1] / RATIOS[whole]) ** part;
    const n = Math.max(1, Math.round(wanted * d)), ratio = n / d;
    const lambda = eigenvalues(gram(X.slice(0, n))).map(x => Math.max(0, x / n));
    const kappa = condition(lambda, n), expected = limit(ratio);
    const zeros = Math.max(0, d - n);

    const frame = { left: 14, right: 330, top: 34, bottom: 236 };
    const top = 5;
    const x = linear(0, top, frame.left, frame.right), y = linear(0, 1.15, frame.bottom, frame.top);
    const height = value => Math.max(frame.top - 6, y(value));
    const bins = 28, width = top / bins;
    const counts = Array(bins).fill(0);
    for (const l of lambda.slice(zeros)) counts[Math.min(bins - 1, Math.floor(l / width))]++;
    const curve = range(241, k => k * top / 240).filter(t => t > 0).map(t => [x(t), height(density(t, ratio))]);
    law.replaceChildren(
      ...counts.map((count, k) => svg("rect", { class: "examples soft", x: x(k * width) + 0.5, y: height(count / d / width),
        width: x(width) - x(0) - 1, height: frame.bottom - height(count / d / width) })),
      line(curve, "truth"),
      axes(frame, [0, 1, 2, 3, 4, 5].map(t => [x(t), String(t)]), [], ["eigenvalue of S/n", `${d} eigenvalues, n = ${n}`]),
      ...lambda.slice(zeros).map(l => line([[x(Math.min(l, top)), frame.bottom - 8], [x(Math.min(l, top)), frame.bottom]], "examples thin")),
      label(frame.right, 52, "Marchenko–Pastur", "truth", "end"),
      ...(zeros ? [disc(x(0), frame.bottom - 4, 6, "generated"), label(frame.right, 70, `and ${zeros} at zero`, "generated strong", "end")]
        : [disc(x(lambda[0]), frame.bottom, 5, "generated"), label(x(lambda[0]) - 4, 283, "μ", "generated strong", "middle")]),
      disc(x(Math.min(top, lambda[d - 1])), frame.bottom, 5, "generated"),
      label(x(Math.min(top, lambda[d - 1])), 283, "L", "generated strong", "middle"));

    const box = { left: 46, right: 286, top: 34, bottom: 236 };
    const across = log(0.75, 16, box.left, box.right), up = log(1, 1e4, box.bottom, box.top);
    const place = value => Math.max(box.top - 6, up(Math.min(value, 1e9)));
    const known = range(121, k => 16 ** (k / 120)).filter(r => r > 1.0005).map(r => [across(r), place(limit(r))]);
    chart.replaceChildren(
      axes(box, [[1, "1"], [2, "2"], [4, "4"], [8, "8"], [16, "16"]].map(([r, words]) => [across(r), words]),
        [1, 10, 100, 1e3, 1e4].map(k => [up(k), k > 1000 ? "10⁴" : text(k)]), ["examples per feature, n/d", "κ = L/μ"]),
      svg("g", { class: "bound" }, label(338, 24, "loops", "bound", "end"),
        ...[1, 10, 100, 1000].map(k => label(338, up(k) + 4, text(loops(k)), "bound", "end"))),
      line(known, "truth wide"),
      label(across(1.3), box.top + 14, "limit d → ∞", "truth"),
      label(across(4), box.top + 60, "this prompt", "examples"), label(across(4), box.top + 76, "as it grows", "examples"),
      line([[across(1), box.top], [across(1), box.bottom]], "ink thin dashed faint"),
      ...sweep.filter(([, k]) => Number.isFinite(k)).map(([r, k]) => disc(across(r), place(k), 3.5, "examples")),
      disc(across(ratio), Number.isFinite(kappa) ? place(kappa) : box.top - 6, 6, "generated"));

    const prompts = `${n} examples of ${d} features`;
    if (!Number.isFinite(kappa)) return `${prompts}: ${zeros || "some"} of the eigenvalues ${zeros === 1 ? "is" : "are"} zero, κ is infinite, and no number of loops finds θ*.`;
    const theory = Number.isFinite(expected) ? `the limit for large d is ${text(expected)}` : "at n = d the limit is infinite";
    return `${prompts}: κ = ${text(kappa)}; ${theory}. With η = 1/L, ${text(loops(kappa))} loops guarantee an error of 10⁻⁶.`;
  };
}

define("how-many-examples", {
  numbers: { examples, gram, eigenvalues, condition, limit, density, loops },
  state: { ratio: oneOf(RATIOS, 4), d: oneOf(DIMENSIONS, 32), seed: number(1, 99, 1, 7) },
  span: () => [0, RATIOS.length - 1],
  rest: ({ ratio }) => RATIOS.indexOf(ratio),
  pace: at => at < 4 ? 1.6 : 2.2,
  build,
});
})();
