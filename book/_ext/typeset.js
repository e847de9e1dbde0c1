// Typeset formulas with MathJax, one a line: JSON {tex, display} comes in on
// stdin, JSON {html, mathml} or {error} goes out on stdout.  The first answer
// is {css}: every rule that MathJax's output may need.
//
//   node typeset.js MATHJAX_FOLDER MACROS_AS_JSON
const readline = require("readline");

const [folder, macros] = process.argv.slice(2);

// What a formula may not contain is an error, not red text.
const throwing = (jax, error) => { throw error; };

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

  // An inline formula may break after a relation or an operator (MathJax puts
  // space before these) and after a comma, but not after a sign.
  function allowBreaks(container) {
    const parts = dom.childNodes(dom.firstChild(container));
    const isMo = (part) => part && dom.kind(part) === "mjx-mo";
    const breaks = parts.slice(0, -1).filter((mo, i) => {
      if (!isMo(mo) || isMo(parts[i - 1])) return false;
      const glyph = dom.firstChild(mo);
      const isComma = glyph && dom.hasClass(glyph, "mjx-c2C");
      return isComma || dom.getAttribute(mo, "space");
    });
    for (const mo of breaks) dom.insert(dom.node("wbr"), dom.next(mo));
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
