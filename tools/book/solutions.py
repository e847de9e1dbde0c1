"""In a book that is printed or read offline, solutions stand at the end and
nothing is folded."""

from bs4 import BeautifulSoup


def taken_out(articles):
    """The solutions of these articles, in their order, as an article."""
    end = BeautifulSoup(
        '<article class="bd-article" id="solutions"><h1>Solutions</h1>'
        "</article>", "html.parser").article
    for part in articles:
        moved = part.select("div.solution")
        if moved:
            head = BeautifulSoup("<h2></h2>", "html.parser").h2
            head.string = part.h1.get_text(" ", strip=True)
            end.append(head)
        for solution in moved:
            end.append(solution.extract())
    return end


def unfold(article):
    """Open every fold; where its line only says so, it goes.

    "Hide the solution" stays as "The solution", and "Hide code cell source",
    above the code of a figure, goes.
    """
    for fold in article.find_all("details"):
        fold["open"] = ""
        offer = fold.select_one("summary .expanded")
        if offer is None:
            continue
        words = offer.get_text(" ", strip=True).removeprefix("Hide ")
        if words.startswith("code cell"):
            fold.summary.decompose()
            fold.unwrap()
        else:
            fold.summary.string = words[:1].upper() + words[1:]
