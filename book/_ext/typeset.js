// Typeset formulas with MathJax, one a line: JSON {tex, display} comes in on
// stdin, JSON {html, mathml} or {error} goes out on stdout.  The first answer
// is {css}: every rule that MathJax's output may need.
//
//   node typeset.js MATHJAX_FOLDER MACROS_AS_JSON
const readline = require("readline");

const [folder, macros] = process.argv.slice(2);

// What a formula may not contain is an error, not red text.
const throwing = (jax, error) => { throw error; };

// Glyphs of a formula that is never broken, of one that only a phone's table
// breaks and of one that any narrow column breaks (book.css); of a piece that
// must be, and of the least piece.
const [SHORT, CELL, NEAR, LONG, LEAST] = [12, 20, 30, 28, 6];

// Between the rows of a display: fractions above one another stay apart.
const ROWS = "0.6em";

// MathJax's attribute `space`, as widths.
const SPACES = [, "0.111em", "0.167em", "0.222em", "0.278em", "0.333em"];

async function main() {
  const mathjax = await require(`${folder}/node-main.js`).init({
    loader: {
      paths: { mathjax: folder },
      load: ["adaptors/liteDOM", "input/tex", "output/chtml", "[tex]/color"],
      versionWarnings: false,
    },
    tex: {
      packages: { "[+]": ["color"], "[-]": ["noundefined", "noerrors"] },
      macros: JSON.parse(macros),
      formatError: throwing,
    },
    chtml: { fontURL: "mathfonts", adaptiveCSS: false },
  });
  const dom = mathjax.startup.adaptor;
  mathjax.startup.document.inputJax[0].postFilters.add(({ data }) => {
    data.root.walkTree((node) => {
      if (node.isKind("mtable") && node.attributes.getExplicit("displaystyle")) {
        node.attributes.set("rowspacing", ROWS);
      }
    });
  });

  const glyphs = (node) => dom.tags(node, "mjx-c").length;

  const isMo = (part) => part && dom.kind(part) === "mjx-mo";
  const space = (part) => part && dom.getAttribute(part, "space");

  // The operator of a part; that of a power is its base, and a bar is wrapped.
  function operator(part) {
    let mo = part;
    while (mo && /^mjx-(ms(ub|up|ubsup)|TeXAtom)$/.test(dom.kind(mo))) {
      mo = dom.firstChild(mo);
    }
    return isMo(mo) ? mo : null;
  }

  // Is the operator one of these characters?  (An empty one is none.)
  const shows = (mo, list) => dom.firstChild(mo) && list.some(
    (code) => dom.hasClass(dom.firstChild(mo), `mjx-c${code}`));
  const OPEN = ["28", "5B", "7B", "27E8"];
  const CLOSE = ["29", "5D", "7D", "27E9"];
  const BARS = ["7C", "2016", "2225"];
  const COMMA = ["2C"];
  const SUMS = ["2211", "220F", "222B"];

  // Can what follows this part only be a sign, or the like?
  const expectsMore = (part) =>
    isMo(part) && !shows(part, [...CLOSE, ...BARS]);

  // How deep in brackets each part ends.  Bars, which look alike on both
  // sides, open and close in turn; "given that" stands apart on its own.
  function depths(parts) {
    let depth = 0, bar = false;
    return parts.map((part, i) => {
      const mo = operator(part);
      if (!mo) return depth;
      if (shows(mo, OPEN)) depth += 1;
      if (shows(mo, CLOSE)) depth -= 1;
      const apart = space(mo) && !expectsMore(parts[i - 1]);
      if (shows(mo, BARS) && !apart) {
        depth += bar ? -1 : 1;
        bar = !bar;
      }
      return depth;
    });
  }

  // A long inline formula may break after a relation or an operator (MathJax
  // puts space before these) and after a comma, but not after a sign or a sum,
  // and in brackets only where a phone could not hold what lies between two breaks.
  function allowBreaks(container) {
    const math = dom.firstChild(container);
    const parts = dom.childNodes(math);
    const all = glyphs(math);
    if (all <= SHORT) return;
    const name = all <= CELL ? { class: "cell" }
      : all <= NEAR ? { class: "near" } : {};
    const deep = depths(parts);
    const places = [];
    let before = 0;
    parts.forEach((mo, i) => {
      before += glyphs(mo);
      if (i === parts.length - 1 || !isMo(mo) || expectsMore(parts[i - 1])) {
        return;
      }
      if (before < LEAST || all - before < LEAST) return;
      if (shows(mo, COMMA) || (space(mo) && !shows(mo, [...OPEN, ...SUMS]))) {
        places.push({ mo, depth: deep[i], before, name });
      }
    });
    let from = 0;
    const outer = places.filter((place) => place.depth <= 0);
    for (const end of [...outer, { before }]) {
      const inner = places.filter((place) => place.depth > 0
        && place.before > from && place.before < end.before);
      if (end.before - from > LONG) inner.forEach(allowBreak);
      if (end.mo) allowBreak(end);
      from = end.before;
    }
  }

  // The space goes with what stays, so that no line begins with it.
  function allowBreak({ mo, name }) {
    const next = dom.next(mo);
    if (space(next)) {
      dom.setStyle(mo, "margin-right", SPACES[space(next)]);
      dom.removeAttribute(next, "space");
    }
    dom.insert(dom.node("wbr", name), next);
  }

  function answer({ tex, display }) {
    const container = mathjax.tex2chtml(tex, { display });
    const html = dom.outerHTML(container);
    if (html.includes("<mjx-utext")) {
      return { error: "a character that MathJax's fonts do not have" };
    }
    if (!display) allowBreaks(container);
    return {
      html: dom.outerHTML(container),
      mathml: mathjax.tex2mml(tex, { display }).replace(/>\s+</g, "><"),
    };
  }

  const say = (object) => process.stdout.write(JSON.stringify(object) + "\n");
  say({ css: dom.textContent(mathjax.chtmlStylesheet()) });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    try {
      say(answer(JSON.parse(line)));
    } catch (error) {
      say({ error: error.message });
    }
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
