/* Turn the loop: a prompt of eight examples in the plane.
 *
 * The examples lie evenly on an ellipse, so that XᵀX has the eigenvalues
 * L = 4 and μ = L/κ along two fixed axes; θ* has length 1 and α = 1.  The
 * machine is the literal loop: attention on the whole 9 × 3 prompt.         */
(() => {
"use strict";

const { dot, norm, range, transpose, diagonal, times, attention, loop,
  lastRowMask, text, raised, svg, linear, log, line, disc, label, axes, within,
  apart, number, oneOf, define } = explorables;

const N = 8, L = 4;  // examples, largest eigenvalue of XᵀX
const TILT = 25;     // of the flat axis, in degrees
const RULES = ["constant", "optimal", "chebyshev", "hand"];
const KAPPAS = [1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100];

/* Numbers ------------------------------------------------------------------ */

function problem(kappa, angle) {
  const turn = d => [Math.cos(d * Math.PI / 180), Math.sin(d * Math.PI / 180)];
  const flat = turn(TILT), steep = turn(TILT + 90), theta = turn(TILT + angle);
  const mu = L / kappa;
  const X = range(N, k => {
    const [a, b] = turn(360 * k / N).map(x => x * Math.sqrt(2 / N));
    return range(2, j => a * Math.sqrt(mu) * flat[j] + b * Math.sqrt(L) * steep[j]);
  });
  const y = X.map(x => dot(x, theta));
  return { X, y, theta, vectors: [flat, steep], lambda: [mu, L] };
}

/** Indices of Chebyshev nodes: Lebedev and Finogenov's order for a power of
    two, Leja's for any other number (as lttutor.chebyshev_steps does). */
function order(T) {
  let list = [1];
  while (list.length < T) {
    const twice = 2 * list.length + 1;
    list = list.flatMap(k => [k, twice - k]);
  }
  if (list.length === T) return list.map(k => k - 1);
  const nodes = range(T, k => Math.cos((2 * k + 1) * Math.PI / (2 * T)));
  const far = Array(T).fill(0), taken = [T - 1];
  while (taken.length < T) {
    const last = taken[taken.length - 1];
    for (let i = 0; i < T; i++) {
      far[i] += Math.log(i === last ? 1 : Math.abs(nodes[i] - nodes[last]));
    }
    // Rounded, so that ties fall to the same node everywhere.
    const free = range(T, i => i).filter(i => !taken.includes(i));
    const distance = i => Math.round(far[i] * 1e9);
    taken.push(free.reduce((best, i) => distance(i) > distance(best) ? i : best));
  }
  return taken;
}

function steps(rule, kappa, T, etaL = 1) {
  const mu = L / kappa;
  if (rule !== "chebyshev") {
    const eta = { constant: 1 / L, optimal: 2 / (L + mu), hand: etaL / L }[rule];
    return Array(T).fill(eta);
  }
  return T === 0 ? [] : order(T).map(k =>
    1 / ((L + mu) / 2 - (L - mu) / 2 * Math.cos((2 * k + 1) * Math.PI / (2 * T))));
}

const RIGHT = { mask: "right", sign: "minus", p: "features" };
const isBroken = state => Object.keys(RIGHT).some(key => state[key] !== RIGHT[key]);

/** Outputs v and examples X after 0, 1, … loops; cut off when they burst. */
function run({ X, y }, schedule, changes) {
  const { mask, sign, p } = { ...RIGHT, ...changes };
  let Z = [...X.map((x, i) => [...x, y[i]]), [0, 0, 1]];
  let M = lastRowMask(N + 1);
  if (mask === "self") M[N][N] = 1;
  if (mask === "all") M = M.map(() => [...Array(N).fill(1), 0]);
  if (mask === "transposed") M = transpose(M);
  const Q = diagonal([1, 1, 1]), P = diagonal([1, 1, p === "all" ? 1 : 0]);
  const turned = sign === "minus" ? -1 : 1;
  const states = [];
  for (let t = 0; ; t++) {
    states.push({ v: Z[N].slice(0, 2).map(q => turned * q + 0),
      X: Z.slice(0, N).map(z => z.slice(0, 2)) });
    if (t === schedule.length || !(norm(Z[N]) < 1e9)) return states;
    Z = loop(Z, schedule[t], attention(Z, Q, P, M).layer);
  }
}

/** ‖v(t) − θ*‖ of the right machine by its residual polynomial: no loop. */
function exact({ theta, vectors, lambda }, schedule) {
  const p = [1, 1], c = vectors.map(v => dot(v, theta));
  const error = () => Math.hypot(c[0] * p[0], c[1] * p[1]);
  return [error(), ...schedule.map(eta => {
    lambda.forEach((l, i) => { p[i] *= 1 - eta * l; });
    return error();
  })];
}

/** The largest error after T loops that κ and the rule allow. */
function tight(kappa, T, rule, etaL = 1) {
  if (rule === "chebyshev") {
    const power = ((Math.sqrt(kappa) - 1) / (Math.sqrt(kappa) + 1)) ** T;
    return 2 * power / (1 + power * power);
  }
  const rate = { constant: 1 - 1 / kappa, optimal: (kappa - 1) / (kappa + 1),
    hand: Math.max(Math.abs(1 - etaL), Math.abs(1 - etaL / kappa)) }[rule];
  return rate ** T;
}
const published = (kappa, T) => Math.exp(-T / (2 * kappa));

/** Whether the published theorem is about this step, or order of steps. */
const isCovered = (kappa, T, rule, etaL) =>
  tight(kappa, T, rule, etaL) <= published(kappa, T);

/** Where a wrong machine ends, in closed form; null if nowhere known. */
function limit({ theta, vectors, lambda }, changes) {
  const { mask, sign, p } = { ...RIGHT, ...changes };
  const turned = sign === "minus" ? 1 : -1;
  const scaled = s => theta.map(x => turned * s * x + 0);
  if (mask === "transposed") return scaled(0);
  if (mask === "all") return null;
  if (mask === "right") return scaled(p === "all" ? 1 / 2 : 1);
  if (p === "all") return scaled(0);
  // Ridge with λ = ‖q‖² + 1 of its own (chapter 22): one root, by halving.
  const c = vectors.map(v => dot(v, theta));
  const kept = ridge => lambda.map((l, i) => c[i] * l / (l + ridge));
  let low = 1, high = 3;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (dot(kept(middle), kept(middle)) + 1 > middle) low = middle;
    else high = middle;
  }
  return range(2, j => turned * dot(kept(low), vectors.map(v => v[j])));
}

/* Picture ------------------------------------------------------------------ */

/** All that the panels show of a state, with the playhead at a place. */
function look(state, playhead) {
  const { kappa, angle, T, rule, eta, mask, sign, p } = state;
  const changes = { mask, sign, p };
  const broken = isBroken(state);
  const task = problem(kappa, angle), schedule = steps(rule, kappa, T, eta);
  const states = run(task, schedule, changes);
  const away = v => norm(v.map((x, j) => x - task.theta[j]));
  const errors = states.map(({ v }) => away(v));
  // Between two loops everything is on its way.
  const at = Math.min(playhead, states.length - 1), whole = Math.floor(at);
  const next = Math.min(whole + 1, states.length - 1);
  const between = (a, b) => a.map((x, i) => x + (at - whole) * (b[i] - x));
  return {
    ...state, task, schedule, states, errors, broken, at, whole, away,
    end: broken ? limit(task, changes) : null,
    v: between(states[whole].v, states[next].v),
    X: states[whole].X.map((x, i) => between(x, states[next].X[i])),
    error: between([errors[whole]], [errors[next]])[0],
  };
}

// The plane, and below it a strip for its legend.
const WIDTH = 340, PLANE = 300, LEGEND = 314;
const px = linear(-1.6, 1.6, 0, WIDTH);
const py = linear(-1.6, 1.6, (PLANE + WIDTH) / 2, (PLANE - WIDTH) / 2);

function drawBowl(bowl, { task, kappa, states, whole, v, X, end }) {
  const { theta, vectors: [flat] } = task;
  // What bursts is cut far outside of the panel.
  const place = u => [px(u[0]), py(u[1])].map(x => Math.max(-400, Math.min(740, x)));
  const star = place(theta), path = states.map(s => place(s.v));
  const left = theta[0] < 0, low = theta[1] < 0;
  const done = path.slice(0, whole + 1);
  const contours = range(7, k => svg("ellipse", {
    class: "line ink thin faint pool",
    rx: 40 * (7 - k), ry: 40 * (7 - k) / Math.sqrt(kappa),
    transform: `translate(${star.map(x => x.toFixed(1))}) rotate(${-TILT})`,
  }));
  bowl.replaceChildren(
    svg("svg", { width: WIDTH, height: PLANE },  // cuts off what bursts
      ...contours,
      svg("circle", { cx: px(0), cy: py(0), r: px(1) - px(0),
        class: "line ink thin dashed faint" }),
      ...X.map(x => disc(...place(x), 3.5, "examples")),
      line(path, "generated thin faint"),
      // Sixty narrow zigzags would be one slab.
      line([...done, place(v)], whole > 30 ? "generated thin" : "generated"),
      ...done.map(u => disc(...u, 2.4, "generated")),
      ...(end ? [disc(...place(end), 9, "line ink")] : []),
      disc(...place(v), 6, "generated"),
      disc(...star, 24, "grip"),
      label(star[0], star[1] + 8, "★", "truth star", "middle"),
      label(star[0] + (left ? -12 : 12), star[1] + (low ? 20 : -8), "θ*",
        "truth strong", left ? "end" : "start")),
    label(8, LEGEND, "flat axis", "ink"),
    line([[66, LEGEND], [66 + 26 * flat[0], LEGEND - 26 * flat[1]]], "ink thin"),
    label(WIDTH - 92, LEGEND, "examples", "examples", "end"),
    label(WIDTH - 6, LEGEND, "output v(t)", "generated", "end"));
}

/** The lines of the chart: [points, style, name, color of the name]. */
function curves({ task, schedule, errors, broken, end, away, kappa, T, rule, eta }, x, y) {
  const over = list => list.map((e, t) => [x(t), y(e)]);
  const bound = f => over(range(T + 1, f));
  const level = (e, from) => [[from, y(e)], [x(T), y(e)]];
  return [
    ...(isCovered(kappa, T, rule, eta)
      ? [[bound(t => published(kappa, t)), "bound dashed", "published", "bound"]] : []),
    rule === "chebyshev"  // promises nothing before T
      ? [level(tight(kappa, T, rule), x(T) - 9), "bound", "tight, at T", "bound"]
      : [bound(t => tight(kappa, t, rule, eta)), "bound dotted", "tight", "bound"],
    ...(broken ? [] : [[over(exact(task, schedule)), "truth wide", "exact", "truth"]]),
    [over(errors), "generated faint thin", "machine", "generated"],
    ...(end ? [[level(away(end), x(0)), "ink dashed", "", "ink"]] : []),
  ];
}

function drawChart(chart, seen) {
  const { T, errors, at, whole, error, kappa, rule, eta } = seen;
  const frame = { left: 42, right: 264, top: 30, bottom: 238 };
  const shown = [errors.at(-1), tight(kappa, T, rule, eta)].filter(e => e > 0);
  const floor = [-3, -6, -12].find(p => shown.every(e => e > 10 ** p)) ?? -12;
  const x = linear(0, T, frame.left, frame.right);
  const scale = log(10 ** floor, 10, frame.bottom, frame.top);
  // Lines leave the frame; labels and dots stay at its edge.
  const free = e => Math.max(-2000, Math.min(2000, scale(Math.max(e, 1e-300))));
  const y = e => Math.max(frame.top - 8, Math.min(frame.bottom + 4, free(e)));
  const every = Math.max(1, Math.floor(-floor / 3));
  const powers = range(Math.floor((1 - floor) / every) + 1, k => 1 - k * every);
  const lines = curves(seen, x, free), named = lines.filter(([, , name]) => name);
  const heights = apart(named.map(([list]) => list.at(-1)[1] + 4), 15,
    frame.top, frame.bottom);
  const done = errors.slice(0, whole + 1).map((e, t) => [x(t), free(e)]);
  chart.replaceChildren(
    axes(frame,
      [0, T / 2, T].filter(Number.isInteger).map(t => [x(t), String(t)]),
      powers.map(p => [scale(10 ** p), p < -2 ? `10${raised(p)}` : String(10 ** p)]),
      ["loops", "error ‖v − θ*‖"]),
    within(frame, 340,
      ...lines.map(([list, style]) => line(list, style)),
      line(done, "generated"),
      ...done.map(point => disc(...point, 2.2, "generated"))),
    disc(x(at), y(error), 6, "generated"),
    ...named.map(([, , name, color], i) =>
      label(frame.right + 8, heights[i], name, color)));
}

/** The picture in a sentence or two. */
function say(seen) {
  const { task, schedule, errors, broken, end, whole } = seen;
  const { kappa, T, rule, eta, mask, sign, p } = seen;
  const loops = whole === 1 ? "1 loop" : `${whole} loops`;
  const now = `After ${loops} the error is ${text(errors[whole], 2)}`;
  const step = rule === "chebyshev" ? "Chebyshev steps" : `η = ${text(schedule[0] * L)}/L`;
  const pair = u => `(${u.map(x => text(x, 2)).join(",\u00a0")})`;
  if (mask === "transposed") {
    return `${now}. The last row reads nothing and does not move: the answer stays ${pair([0, 0])}.`;
  }
  if (broken && !(errors.at(-1) < 4)) {
    return `${now}: with ${step} this machine bursts. A shorter step would bring it to rest.`;
  }
  if (rule !== "chebyshev" && schedule[0] * L >= 2) {
    const part = kappa === 1 || Math.abs(dot(task.vectors[1], task.theta)) > 1e-9;
    return `${now}. With ${step} its part along ${kappa > 1 ? "the steep axis" : "any axis"} `
      + (schedule[0] * L === 2 ? "never shrinks" : part ? "grows"
        : "is zero here; any other θ* would burst")
      + ". Only below 2/L does the loop converge for all.";
  }
  if (mask === "all") {
    return `${now}. Every row reads, so the examples move: they fade to zero, `
      + "before the answer is found.";
  }
  if (!broken) {
    const most = tight(kappa, T, rule, eta);
    return `${now}. For κ = ${text(kappa)} and ${step} no θ* can give more than `
      + `${text(most, 2)} after ${T}${most < 1e-15 ? ", but for rounding" : ""}; `
      + (isCovered(kappa, T, rule, eta) ? `published: ${text(published(kappa, T), 2)}.`
        : "the published bound is not for this step.");
  }
  const why = [
    mask === "self" && (p === "all" ? "nothing but zero" : "ridge"),
    mask === "right" && p === "all" && "half the answer",
    sign === "plus" && "the wrong sign",
  ].filter(Boolean).join(", ");
  return `${now}. This machine heads for the small ring: ${why}, `
    + `${pair(end)} instead of ${pair(task.theta)}.`;
}

/** Let the star be dragged around its circle. */
function dragStar(bowl, view) {
  const drag = ({ clientX, clientY }) => {
    const box = bowl.getBoundingClientRect();
    const scale = box.width / WIDTH;
    const x = clientX - box.left - px(0) * scale;
    const y = box.top + py(0) * scale - clientY;
    const angle = Math.round(Math.atan2(y, x) * 180 / Math.PI) - TILT;
    view.state.angle = (angle + 540) % 360 - 180;
    view.changed();
  };
  bowl.addEventListener("pointerdown", event => {
    if (!event.target.matches(".grip")) return;
    event.preventDefault();
    bowl.setPointerCapture(event.pointerId);
    bowl.addEventListener("pointermove", drag);
  });
  // Else a finger scrolls the page: `touch-action` is not heard inside an SVG.
  bowl.addEventListener("touchstart", event => {
    if (event.target.matches(".grip")) event.preventDefault();
  }, { passive: false });
  bowl.addEventListener("lostpointercapture", () =>
    bowl.removeEventListener("pointermove", drag));
}

function build(view) {
  const { state } = view;
  const bowl = view.panel(WIDTH, 326, "The plane of v: contours of the loss around "
    + "the star θ*, the eight examples, and the path of the output");
  const chart = view.panel(340, 280, "Error against loops on a logarithmic axis: "
    + "the machine, its exact formula, and two bounds");
  dragStar(bowl, view);

  view.player("▶ Turn the loop", "One loop");
  view.slider("eta", "step η =", {
    show: x => state.rule === "chebyshev" ? "another one in each loop" : `${text(x)}/L`,
    ticks: [[0, "0"], [1, "1/L"], [2, "2/L"]],
    then: () => { state.rule = "hand"; } });

  view.below();
  view.choice("rule", "or a rule for η", [["constant", "1/L"], ["optimal", "2/(L+μ)"],
    ["chebyshev", "Chebyshev"], ["hand", "by hand"]]);
  view.slider("kappa", "condition number κ =", { show: text,
    ticks: [[1, "1"], [10, "10"], [100, "100"]] });
  view.slider("T", "loops T =", { ticks: [[1, "1"], [30, "30"], [60, "60"]] });
  view.slider("angle", "θ* from the flat axis:", { show: x => `${text(x)}°`,
    ticks: [[-180, "flat"], [-90, "steep"], [0, "flat"], [90, "steep"], [180, "flat"]] });

  view.fold("Break the machine: mask, sign, P", isBroken(state));
  // A broken machine needs a shorter step to come to rest: 1/L, as in chapter
  // 22.  The machine mended, the reader's own step comes back, unless they
  // have chosen another one meanwhile.
  let own = null;
  const shorten = () => {
    const { rule, eta } = state;
    if (!isBroken(state)) {
      if (own && rule === "constant") Object.assign(state, own);
    } else if (eta > 1 || rule === "chebyshev") {
      own ??= { rule, eta };
      state.rule = "constant";
    }
  };
  view.choice("mask", "Mask", [["right", "right"], ["self", "last row reads itself"],
    ["all", "all rows read"], ["transposed", "transposed"]], shorten);
  view.choice("sign", "Output", [["minus", "−q"], ["plus", "+q"]], shorten);
  view.choice("p", "P", [["features", "diag(I, 0)"], ["all", "I"]], shorten);

  return function draw() {
    // The slider follows the rule.
    const etas = { constant: 1, optimal: 2 / (1 + 1 / state.kappa) };
    const followed = etas[state.rule];
    if (followed) state.eta = kind.state.eta.read(followed.toFixed(6));
    const seen = look(state, view.at);
    drawBowl(bowl, seen);
    drawChart(chart, seen);
    if (!seen.broken) own = null;
    return say(seen) + (own && seen.rule === "constant"
      ? " Mended, it takes your step again." : "");
  };
}

const kind = {
  numbers: { problem, order, steps, run, exact, tight, published, limit },
  state: {
    rule: oneOf(RULES, "hand"),
    eta: number(0, 2.2, 0.02, 1.5),
    kappa: oneOf(KAPPAS, 10),
    T: number(1, 60, 1, 24),
    angle: number(-180, 180, 1, 110),
    mask: oneOf(["right", "self", "all", "transposed"], "right"),
    sign: oneOf(["minus", "plus"], "minus"),
    p: oneOf(["features", "all"], "features"),
  },
  span: ({ T }) => [0, T],
  pace: (at, { T }) => Math.max(2.5, T / 7),
  build,
};
define("turn-the-loop", kind);
})();
