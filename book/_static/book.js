// What the book adds to the theme's script.

// The Tab key reaches what scrolls sideways, in every browser.  To measure is
// to lay out the whole page, so only who presses that key waits for it.
addEventListener("keydown", function reach(event) {
  if (event.key !== "Tab") return;
  removeEventListener("keydown", reach, true);
  for (const box of document.querySelectorAll(
    "mjx-container[display], .pst-scrollable-table-container, "
    + ".output.text_html, article pre")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}, true);

// Paper is white.
addEventListener("beforeprint", () => {
  const { dataset } = document.documentElement, worn = dataset.theme;
  dataset.theme = "light";
  addEventListener("afterprint", () => { dataset.theme = worn; }, { once: true });
});

// A copied formula is its TeX.
document.addEventListener("copy", (event) => {
  const picked = getSelection();
  if (!picked.rangeCount || !event.clipboardData) return;
  const copy = picked.getRangeAt(0).cloneContents();
  const formulas = copy.querySelectorAll("mjx-container");
  if (!formulas.length) return;
  for (const formula of formulas) {
    const tex = formula.querySelector("math")?.getAttribute("alttext") ?? "";
    const mark = formula.hasAttribute("display") ? "$$" : "$";
    formula.replaceWith(mark + tex + mark);
  }
  const box = document.createElement("div");
  box.style.cssText = "position:fixed;left:-9999px;white-space:pre-wrap";
  box.append(copy);
  document.body.append(box);
  event.clipboardData.setData("text/plain", box.innerText);
  event.preventDefault();
  box.remove();
});

// The claims ledger, filtered; the address keeps the choice.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".claim-filter");
  if (!form) return;
  const rows = [...document.querySelectorAll(".claim-row")];
  const selects = [...form.querySelectorAll("select")];
  const count = form.querySelector("output");
  const asked = new URLSearchParams(location.search);
  for (const select of selects) {
    select.value = asked.get(select.name) ?? "";
    if (select.selectedIndex < 0) select.value = "";
  }
  const show = () => {
    const wanted = selects.map((select) => select.value).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !wanted.every((name) => row.classList.contains(name));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length} claims`;
  };
  form.addEventListener("change", () => {
    const query = new URLSearchParams(
      selects.filter((s) => s.value).map((s) => [s.name, s.value]));
    history.replaceState(null, "", `${location.pathname}${
      query.size ? `?${query}` : ""}${location.hash}`);
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  // A link to a row shows that row, whatever was chosen.
  addEventListener("hashchange", () => {
    const row = document.getElementById(location.hash.slice(1));
    if (row?.hidden) {
      for (const select of selects) select.value = "";
      show();
      row.scrollIntoView();
    }
  });
  if (asked.size) show();
});
